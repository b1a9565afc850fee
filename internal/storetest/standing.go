package storetest

import (
	"cmp"
	"context"
	"slices"

	"metabench/corpus"
)

// StandingFailures implements scraper.Store.
func (m *Memory) StandingFailures(ctx context.Context) (corpus.Standing, error) {
	if err := ctx.Err(); err != nil {
		return corpus.Standing{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var s corpus.Standing
	benchmarks := map[string]*corpus.StandingBenchmark{}
	of := func(benchmark string) *corpus.StandingBenchmark {
		if benchmarks[benchmark] == nil {
			benchmarks[benchmark] = &corpus.StandingBenchmark{Benchmark: benchmark}
		}
		return benchmarks[benchmark]
	}
	for _, r := range m.repos {
		if !r.Gone.IsZero() {
			s.Vanished++
			continue
		}
		tasks, explained := m.tasksOf(r)
		for t, status := range tasks {
			switch {
			case status == corpus.StatusDone && t.benchmark != "":
				s.Read++
			case failed(status):
				count(&s.Files, status)
			}
		}
		if failed(r.Status) && !explained[r.Status] {
			count(&s.Repositories, r.Status)
		}
		m.countModel(r, tasks, of)
	}
	m.countVanished(of)
	for _, b := range benchmarks {
		s.Benchmarks = append(s.Benchmarks, *b)
	}
	slices.SortFunc(s.Benchmarks, func(a, b corpus.StandingBenchmark) int { return cmp.Compare(a.Benchmark, b.Benchmark) })
	return s, nil
}

func failed(s corpus.Status) bool {
	return s == corpus.StatusTransient || s == corpus.StatusPermanent || s == corpus.StatusPolicy
}

func count(f *corpus.Failing, s corpus.Status) {
	switch s {
	case corpus.StatusTransient:
		f.Transient++
	case corpus.StatusPermanent:
		f.Permanent++
	case corpus.StatusPolicy:
		f.Policy++
	}
}

// fileOf identifies a task, or a file without answers.
type fileOf struct{ benchmark, task, path string }

// retryability ranks statuses: the highest of a task's files is the task's.
var retryability = map[corpus.Status]int{corpus.StatusPermanent: 1, corpus.StatusPolicy: 2, corpus.StatusMissing: 3, corpus.StatusTransient: 4, corpus.StatusDone: 5}

// tasksOf returns the statuses of a repository's tasks and other files, and which statuses of
// the repository they explain.
func (m *Memory) tasksOf(r corpus.RepoState) (tasks map[fileOf]corpus.Status, explained map[corpus.Status]bool) {
	tasks, explained = map[fileOf]corpus.Status{}, map[corpus.Status]bool{}
	done := map[fileOf]bool{}
	for _, f := range m.files {
		key := fileOf{f.Benchmark, f.Task, ""}
		if f.Benchmark == "" {
			key.path = f.Path
		}
		if f.Repo != r.Repo || f.Commit != r.Commit && (f.Benchmark != "" || f.Path == "") {
			continue
		}
		if retryability[f.Status] > retryability[tasks[key]] {
			tasks[key] = f.Status
		}
		done[key] = done[key] || f.Benchmark != "" && f.Status == corpus.StatusDone
	}
	for _, f := range m.files {
		key := fileOf{f.Benchmark, f.Task, ""}
		if f.Benchmark == "" {
			key.path = f.Path
		}
		if _, current := tasks[key]; current && f.Repo == r.Repo && failed(f.Status) && !done[key] {
			explained[f.Status] = true
		}
	}
	return tasks, explained
}

// countModel adds a repository to the counts by benchmark.
func (m *Memory) countModel(r corpus.RepoState, tasks map[fileOf]corpus.Status, of func(string) *corpus.StandingBenchmark) {
	statuses := map[string]map[corpus.Status]bool{}
	for t, status := range tasks {
		if t.benchmark == "" || retryability[status] == 0 {
			continue
		}
		if statuses[t.benchmark] == nil {
			statuses[t.benchmark] = map[corpus.Status]bool{}
		}
		statuses[t.benchmark][status] = true
	}
	if len(statuses) == 0 && failed(r.Status) {
		for _, f := range m.files { // every benchmark of any repository
			if f.Benchmark != "" {
				statuses[f.Benchmark] = map[corpus.Status]bool{r.Status: true}
			}
		}
	}
	for benchmark, all := range statuses {
		b := of(benchmark)
		b.Models++
		for status, n := range map[corpus.Status]*int{corpus.StatusDone: &b.Answered, corpus.StatusTransient: &b.Transient,
			corpus.StatusPermanent: &b.Permanent, corpus.StatusPolicy: &b.Policy} {
			if all[status] {
				*n++
			}
		}
		if all[corpus.StatusMissing] && len(all) == 1 {
			b.Missing++
		}
	}
}

// countVanished counts models with answers of which every repository is gone.
func (m *Memory) countVanished(of func(string) *corpus.StandingBenchmark) {
	gone := map[string]bool{}
	for _, r := range m.repos {
		was, known := gone[r.Model]
		gone[r.Model] = !r.Gone.IsZero() && (was || !known)
	}
	seen := map[[2]string]bool{}
	for key := range m.blocks {
		if pair := [2]string{key.model, key.benchmark}; gone[key.model] && !seen[pair] {
			seen[pair] = true
			of(key.benchmark).Vanished++
		}
	}
}
