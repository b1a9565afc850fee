package hubtest

import "fmt"

// Remove takes models off the Hub: from then on neither they nor their evaluation
// repositories are listed or found. What the leaderboard published of them stays. It
// panics for a model that the corpus doesn't have, which is a mistake of the
// programmer's.
func (c *Corpus) Remove(models ...string) { c.setRemoved(true, models) }

// Restore brings models back that Remove has taken off, at the commit that they had.
func (c *Corpus) Restore(models ...string) { c.setRemoved(false, models) }

func (c *Corpus) setRemoved(removed bool, models []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, model := range models {
		e := c.byModel[model]
		if e == nil {
			panic(fmt.Sprintf("hubtest: there is no model %q", model))
		}
		c.removed[e.repo] = removed
	}
}

// isRemoved reports whether a model is off the Hub.
func (c *Corpus) isRemoved(e *entry) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.removed[e.repo]
}
