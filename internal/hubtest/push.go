package hubtest

import (
	"fmt"
	"time"
)

// Runs lists a repository's runs: the scheduled ones and those pushed since.
func (c *Corpus) Runs(e *Entry) []Run {
	runs := c.schedule(e)
	c.mu.RLock()
	n := c.pushed[e.Repo]
	c.mu.RUnlock()
	for k := range n {
		at := time.Date(2024, 6, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(k)*time.Hour +
			time.Duration(key(c.options.Seed, "push", e.Repo, fmt.Sprint(k))%1_000_000)*time.Microsecond)
		runs = append(runs, Run{At: at, generation: GenerationB, covers: everything})
	}
	return runs
}

// Push adds a complete run to a model's repository, as a new commit. From then on
// it is the newest run, with other answers than before. It reports whether there is
// such a model.
func (c *Corpus) Push(model string) bool {
	e := c.byModel[model]
	if e == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushed[e.Repo]++
	return true
}

// modified is the time of the repository's last commit.
func (c *Corpus) modified(e *Entry) time.Time {
	runs := c.Runs(e)
	last := e.created
	for _, p := range runs {
		if t := p.At.Add(2 * time.Hour); t.After(last) && t.Year() < 2090 {
			last = t
		}
	}
	return last.Truncate(time.Second)
}
