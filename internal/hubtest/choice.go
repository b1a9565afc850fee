package hubtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"metabench/corpus"
)

// choice is which run's file counts for a task, and what becomes of the task.
type choice struct {
	run       int // -1: none
	status    corpus.Status
	realigned bool
}

// choices remembers the choices made, by model and number of runs.
type choices struct {
	mu sync.Mutex
	m  map[[2]int][]choice
}

// choose applies the rule "newest run with the full row count; for a benchmark of several
// tasks rather one run that holds all of them" (§2.6) to what the runs hold. The
// result is indexed by task.
func (c *Corpus) choose(e *entry, runs []plan) []choice {
	k := [2]int{e.index, len(runs)}
	c.choices.mu.Lock()
	out := c.choices.m[k]
	c.choices.mu.Unlock()
	if out != nil {
		return out
	}
	out = make([]choice, len(c.tasks))
	newest := make([]int, len(runs))
	for k := range newest {
		newest[k] = k
	}
	slices.SortStableFunc(newest, func(a, b int) int { return runs[b].at.Compare(runs[a].at) })
	for i := 0; i < len(c.tasks); {
		group := c.tasks[i : i+len(c.tasks[i].bench.Tasks)]
		i += len(group)
		whole := slices.IndexFunc(newest, func(k int) bool {
			return !slices.ContainsFunc(group, func(t *task) bool { return !c.sound(e, runs[k], t) })
		})
		candidates := newest
		if whole >= 0 {
			candidates = newest[whole : whole+1]
		}
		for _, t := range group {
			out[t.n] = c.chooseTask(e, runs, candidates, t)
		}
	}
	c.choices.mu.Lock()
	defer c.choices.mu.Unlock()
	if c.choices.m == nil {
		c.choices.m = map[[2]int][]choice{}
	}
	c.choices.m[k] = out
	return out
}

// chooseFaithfully applies the original scraper's rule: one file a task, no other is
// tried after it.
func (c *Corpus) chooseFaithfully(e *entry, runs []plan) []choice {
	latest := map[string]string{} // base name of a config's first path in the split "latest"
	if card := c.cardOf(e, len(runs)); card != nil {
		for _, config := range card.Configs {
			for _, s := range config.Files {
				if s.Split == "latest" {
					latest[config.Name] = strings.TrimPrefix(s.Path[0], "**/")
				}
			}
		}
	}
	byBase := map[string]*file{}
	oldest := map[*task]*file{}
	for _, f := range c.files(e, len(runs)) {
		base := f.path[strings.LastIndex(f.path, "/")+1:]
		if f.kind != detailsFile || !strings.HasPrefix(base, harnessPrefix(f.task)) {
			continue
		}
		byBase[base] = f
		if oldest[f.task] == nil {
			oldest[f.task] = f
		}
	}
	out := make([]choice, len(c.tasks))
	for _, t := range c.tasks {
		f := byBase[latest[nonWord.ReplaceAllString(strings.TrimPrefix(harnessPrefix(t), "details_"), "_")]]
		if f == nil {
			f = oldest[t]
		}
		candidates := []int{}
		if f != nil {
			candidates = append(candidates, f.run)
		}
		out[t.n] = c.chooseTask(e, runs, candidates, t)
	}
	return out
}

// harnessPrefix begins the base names of a task's files, up to the timestamp.
func harnessPrefix(t *task) string {
	return fmt.Sprintf("details_harness|%s|%d", t.Harness, t.bench.Shots)
}

func (c *Corpus) chooseTask(e *entry, runs []plan, candidates []int, t *task) choice {
	switch e.kase {
	case CaseGated, CaseDisabled:
		return choice{run: -1, status: corpus.StatusPolicy}
	case CaseDeleted, CasePrivate:
		return choice{run: -1, status: corpus.StatusPermanent}
	}
	pick := choice{run: -1, status: corpus.StatusMissing}
	for _, k := range candidates {
		if !runs[k].covers(t) {
			continue
		}
		if c.sound(e, runs[k], t) {
			lay, _ := c.layout(e, runs[k], t)
			return choice{run: k, status: corpus.StatusDone, realigned: lay.rows != nil}
		}
		pick.status = corpus.StatusPermanent
	}
	return pick
}

// sound reports whether a run has a file that gives every answer to a task.
func (c *Corpus) sound(e *entry, p plan, t *task) bool {
	if !p.covers(t) {
		return false
	}
	lay, hurt := c.layout(e, p, t)
	return hurt == unhurt && lay.poison == PoisonNone && lay.shape != MetricAbsent && lay.declaredRows < 0 &&
		(lay.rows == nil || len(lay.rows) == t.Items)
}

// salt is what distinguishes the answers of a run from the population's: nothing, in
// the run that counts among the scheduled ones.
func (c *Corpus) salt(e *entry, run int, t *task) uint64 {
	if c.choose(e, c.schedule(e))[t.n].run == run {
		return 0
	}
	return key(c.options.Seed, "run", e.model, fmt.Sprint(run)) | 1
}
