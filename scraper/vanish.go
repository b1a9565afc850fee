package scraper

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"metabench/corpus"
)

// compareListing finds the repositories that the Hub lists no more and those that it
// lists again. That one is missing counts only in a listing of everything: not in a
// crawl of some models, and not where a namespace that had repositories lists none at
// all, which is more likely a fault of the listing.
func (c *Crawl) compareListing() {
	var vanished, returned []corpus.RepoState
	for _, namespace := range c.Namespaces {
		var missing []corpus.RepoState
		present := 0
		for _, name := range slices.Sorted(maps.Keys(c.states)) {
			state := c.states[name]
			owner, base, _ := strings.Cut(name, "/")
			switch {
			case owner != namespace || !strings.HasPrefix(base, detailsPrefix):
			case c.listed[name]:
				present++
				if !state.Gone.IsZero() {
					returned = append(returned, state)
				}
			case state.Gone.IsZero():
				missing = append(missing, state)
			}
		}
		switch {
		case len(missing) == 0 || c.restricted():
		case present == 0 && !c.listsAny(namespace):
			c.Log.Warn("the Hub lists no repository where it had some: taken for a fault of the listing", "namespace", namespace, "known", len(missing))
		default:
			vanished = append(vanished, missing...)
		}
	}
	c.vanished, c.returned = vanished, returned
}

// listsAny reports whether a namespace lists an evaluation repository.
func (c *Crawl) listsAny(namespace string) bool {
	for name := range c.listed {
		if strings.HasPrefix(name, namespace+"/"+detailsPrefix) {
			return true
		}
	}
	return false
}

// recordVanished keeps since when repositories are gone, and forgets it of those that
// are back. Nothing else that is known of them changes.
func (c *Crawl) recordVanished(ctx context.Context) error {
	record := func(states []corpus.RepoState, since time.Time) error {
		for _, s := range states {
			s.Gone, s.Updated = since, c.Now()
			if err := c.store.Record(ctx, corpus.Delivery{Repo: s}); err != nil {
				return err
			}
			c.states[s.Repo] = s
		}
		return nil
	}
	if err := record(c.vanished, c.Now()); err != nil {
		return err
	}
	return record(c.returned, time.Time{})
}
