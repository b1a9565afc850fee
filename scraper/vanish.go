package scraper

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"metabench/corpus"
)

// compareListing finds the repositories that have vanished from the Hub's listing and those
// that are listed again. A repository vanishes only by a complete listing: not by a crawl of
// some models, and not where a namespace that had repositories lists none at all, which is
// more likely an error of the listing.
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
			c.Log.Warn("the Hub lists no repository of a namespace that had some: treated as an error of the listing", "namespace", namespace, "known", len(missing))
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

// recordVanished records since when vanished repositories are gone, and clears that time
// of those that are listed again. The rest of their state stays as it is.
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
