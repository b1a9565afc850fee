package hubtest

import (
	"fmt"
	"slices"
	"sync"

	"metabench/corpus"
)

// Choice is which run's file counts for a task, and what becomes of the task.
type Choice struct {
	Run       int // -1: none
	Status    corpus.Status
	Realigned bool // the rows are in another order than the task's questions
}

// choices keeps the choices made, by model and number of runs.
type choices struct {
	mu sync.Mutex
	m  map[[2]int][]Choice
}

// Choose applies the rule "newest run with the full row count; for a benchmark of several
// tasks rather one run that holds all of them" (§2.6) to what the runs hold. The
// result is indexed by task.
func (c *Corpus) Choose(e *Entry, runs []Run) []Choice {
	k := [2]int{e.index, len(runs)}
	c.choices.mu.Lock()
	out := c.choices.m[k]
	c.choices.mu.Unlock()
	if out != nil {
		return out
	}
	out = make([]Choice, len(c.tasks))
	newest := make([]int, len(runs))
	for k := range newest {
		newest[k] = k
	}
	slices.SortStableFunc(newest, func(a, b int) int { return runs[b].At.Compare(runs[a].At) })
	for i := 0; i < len(c.tasks); {
		group := c.tasks[i : i+len(c.tasks[i].Bench.Tasks)]
		i += len(group)
		whole := slices.IndexFunc(newest, func(k int) bool {
			return !slices.ContainsFunc(group, func(t *Task) bool { return !c.sound(e, runs[k], t) })
		})
		candidates := newest
		if whole >= 0 {
			candidates = newest[whole : whole+1]
		}
		for _, t := range group {
			out[t.Index] = c.ChooseTask(e, runs, candidates, t)
		}
	}
	c.choices.mu.Lock()
	defer c.choices.mu.Unlock()
	if c.choices.m == nil {
		c.choices.m = map[[2]int][]Choice{}
	}
	c.choices.m[k] = out
	return out
}

// ChooseTask applies the rule to one task, given which runs may count, in order of preference.
func (c *Corpus) ChooseTask(e *Entry, runs []Run, candidates []int, t *Task) Choice {
	switch e.Case {
	case CaseGated, CaseDisabled:
		return Choice{Run: -1, Status: corpus.StatusPolicy}
	case CaseDeleted, CasePrivate:
		return Choice{Run: -1, Status: corpus.StatusPermanent}
	}
	pick := Choice{Run: -1, Status: corpus.StatusMissing}
	for _, k := range candidates {
		if !runs[k].covers(t) {
			continue
		}
		if c.sound(e, runs[k], t) {
			lay, _ := c.layout(e, runs[k], t)
			return Choice{Run: k, Status: corpus.StatusDone, Realigned: lay.rows != nil}
		}
		pick.Status = corpus.StatusPermanent
	}
	return pick
}

// sound reports whether a run has a file that gives every answer to a task.
func (c *Corpus) sound(e *Entry, p Run, t *Task) bool {
	if !p.covers(t) {
		return false
	}
	lay, hurt := c.layout(e, p, t)
	return hurt == unhurt && lay.poison == PoisonNone && lay.shape != MetricAbsent && lay.declaredRows < 0 &&
		(lay.rows == nil || len(lay.rows) == t.Items)
}

// Salt is what distinguishes the answers of a run from the population's: nothing, in
// the run that counts among the scheduled ones.
func (c *Corpus) Salt(e *Entry, run int, t *Task) uint64 {
	if c.Choose(e, c.schedule(e))[t.Index].Run == run {
		return 0
	}
	return key(c.options.Seed, "run", e.Model, fmt.Sprint(run)) | 1
}
