package hubtest

import (
	"slices"

	"metabench/corpus"
)

// choice is which run's file counts for a task, and what becomes of the task.
type choice struct {
	run       int // -1: none
	status    corpus.Status
	realigned bool
}

// choose applies the rule "newest run with the full row count; for a benchmark of several
// tasks rather one run that holds all of them" (§2.6) to what the runs hold.
func (c *Corpus) choose(e *entry, runs []plan) map[*task]choice {
	out := map[*task]choice{}
	newest := make([]int, len(runs))
	for k := range newest {
		newest[k] = k
	}
	slices.SortStableFunc(newest, func(a, b int) int { return runs[b].at.Compare(runs[a].at) })
	for i := 0; i < len(c.tasks); {
		group := c.tasks[i : i+len(c.tasks[i].bench.Tasks)]
		i += len(group)
		whole := -1
		for _, k := range newest {
			if !slices.ContainsFunc(group, func(t *task) bool { return !c.sound(e, runs, k, t) }) {
				whole = k
				break
			}
		}
		for _, t := range group {
			out[t] = c.chooseTask(e, runs, newest, whole, t)
		}
	}
	return out
}

func (c *Corpus) chooseTask(e *entry, runs []plan, newest []int, whole int, t *task) choice {
	pick := choice{run: -1, status: corpus.StatusMissing}
	candidates := newest
	if whole >= 0 {
		candidates = []int{whole}
	}
	for _, k := range candidates {
		if !runs[k].covers(t) {
			continue
		}
		if c.sound(e, runs, k, t) {
			f := c.taskFile(e, k, runs[k], t, "", nil)
			pick = choice{run: k, status: corpus.StatusDone, realigned: f.lay.rows != nil}
			break
		}
		pick.status = corpus.StatusPermanent
	}
	switch e.kase {
	case CaseGated, CaseDisabled:
		pick = choice{run: -1, status: corpus.StatusPolicy}
	case CaseDeleted, CasePrivate:
		pick = choice{run: -1, status: corpus.StatusPermanent}
	}
	return pick
}

func (c *Corpus) sound(e *entry, runs []plan, k int, t *task) bool {
	return runs[k].covers(t) && c.taskFile(e, k, runs[k], t, "", nil).sound()
}
