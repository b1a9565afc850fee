package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"metabench/corpus"
)

// Memory is a scraper.Store in memory. It is safe for concurrent use. The zero value is an
// empty store.
type Memory struct {
	mu     sync.Mutex
	repos  map[string]corpus.RepoState
	files  map[fileKey]corpus.FileState
	items  map[taskKey][]corpus.Item
	blocks map[blockKey]corpus.Block
	models map[string]corpus.Model
	scores map[scoreKey]corpus.Score
}

type (
	taskKey  struct{ benchmark, task string }
	fileKey  struct{ repo, benchmark, task, path string }
	blockKey struct{ model, benchmark, task string }
	scoreKey struct{ model, benchmark, metric string }
)

// Repos implements scraper.Store.
func (m *Memory) Repos(ctx context.Context) ([]corpus.RepoState, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return sorted(m.repos, func(a, b corpus.RepoState) int { return cmp.Compare(a.Repo, b.Repo) }), nil
}

// Files implements scraper.Store.
func (m *Memory) Files(ctx context.Context, repo string) ([]corpus.FileState, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	all := sorted(m.files, func(a, b corpus.FileState) int {
		return cmp.Or(cmp.Compare(a.Benchmark, b.Benchmark), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Path, b.Path))
	})
	return slices.DeleteFunc(all, func(f corpus.FileState) bool { return f.Repo != repo }), nil
}

// Items implements scraper.Store.
func (m *Memory) Items(ctx context.Context, benchmark, task string) ([]corpus.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.items[taskKey{benchmark, task}]), nil
}

// Record implements scraper.Store.
func (m *Memory) Record(ctx context.Context, d corpus.Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, b := range d.Blocks {
		for k, v := range b.Correct {
			if v > 1 && v != corpus.Missing {
				return fmt.Errorf("record %s: block %s/%s of %s: answer %d is %d, want 0, 1 or missing",
					d.Repo.Repo, b.Benchmark, b.Task, b.Model, k, v)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.init()
	if err := m.checkLengths(d); err != nil {
		return fmt.Errorf("record %s: %w", d.Repo.Repo, err)
	}
	if d.Repo.Repo != "" {
		m.repos[d.Repo.Repo] = d.Repo
	}
	for _, f := range d.Files {
		m.files[fileKey{f.Repo, f.Benchmark, f.Task, f.Path}] = f
	}
	for _, b := range d.Blocks {
		m.blocks[blockKey{b.Model, b.Benchmark, b.Task}] = b
	}
	for _, it := range d.Items {
		m.addItem(it)
	}
	if d.Model != nil {
		m.models[d.Model.Name] = merge(m.models[d.Model.Name], *d.Model)
	}
	for _, s := range d.Scores {
		m.scores[scoreKey{s.Model, s.Benchmark, s.Metric}] = s
	}
	return nil
}

// checkLengths refuses blocks that are longer than their task.
func (m *Memory) checkLengths(d corpus.Delivery) error {
	for _, b := range d.Blocks {
		positions := map[int]bool{}
		for _, it := range slices.Concat(m.items[taskKey{b.Benchmark, b.Task}], d.Items) {
			if it.Benchmark == b.Benchmark && it.Task == b.Task {
				positions[it.Position] = true
			}
		}
		if len(b.Correct) > len(positions) {
			return fmt.Errorf("block %s/%s of %s: %d answers to %d items", b.Benchmark, b.Task, b.Model, len(b.Correct), len(positions))
		}
	}
	return nil
}

func (m *Memory) init() {
	if m.repos != nil {
		return
	}
	m.repos = map[string]corpus.RepoState{}
	m.files = map[fileKey]corpus.FileState{}
	m.items = map[taskKey][]corpus.Item{}
	m.blocks = map[blockKey]corpus.Block{}
	m.models = map[string]corpus.Model{}
	m.scores = map[scoreKey]corpus.Score{}
}

func (m *Memory) addItem(it corpus.Item) {
	key := taskKey{it.Benchmark, it.Task}
	items := m.items[key]
	at, found := slices.BinarySearchFunc(items, it.Position, func(x corpus.Item, pos int) int {
		return cmp.Compare(x.Position, pos)
	})
	if !found {
		m.items[key] = slices.Insert(items, at, it)
		return
	}
	items[at].Hash = cmp.Or(items[at].Hash, it.Hash)
	items[at].Prompt = cmp.Or(items[at].Prompt, it.Prompt)
}

func merge(old, new corpus.Model) corpus.Model {
	return corpus.Model{
		Name:         new.Name,
		Parameters:   cmp.Or(new.Parameters, old.Parameters),
		ParamsSource: cmp.Or(new.ParamsSource, old.ParamsSource),
		Architecture: cmp.Or(new.Architecture, old.Architecture),
		Precision:    cmp.Or(new.Precision, old.Precision),
		BaseModel:    cmp.Or(new.BaseModel, old.BaseModel),
		License:      cmp.Or(new.License, old.License),
		Flagged:      cmp.Or(new.Flagged, old.Flagged),
		Merged:       cmp.Or(new.Merged, old.Merged),
		MoE:          cmp.Or(new.MoE, old.MoE),
		Available:    cmp.Or(new.Available, old.Available),
		Revision:     cmp.Or(new.Revision, old.Revision),
	}
}

// Blocks returns every block, ordered by model, benchmark and task.
func (m *Memory) Blocks() []corpus.Block {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sorted(m.blocks, func(a, b corpus.Block) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Benchmark, b.Benchmark), cmp.Compare(a.Task, b.Task))
	})
}

// Models returns every model, ordered by name.
func (m *Memory) Models() []corpus.Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sorted(m.models, func(a, b corpus.Model) int { return cmp.Compare(a.Name, b.Name) })
}

// Scores returns every score, ordered by model, benchmark and metric.
func (m *Memory) Scores() []corpus.Score {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sorted(m.scores, func(a, b corpus.Score) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Benchmark, b.Benchmark), cmp.Compare(a.Metric, b.Metric))
	})
}

func sorted[K comparable, V any](m map[K]V, order func(a, b V) int) []V {
	all := make([]V, 0, len(m))
	for _, v := range m {
		all = append(all, v)
	}
	slices.SortFunc(all, order)
	return all
}
