package scraper

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"metabench/scraper/hub"
	"metabench/scraper/leaderboard"
)

// source is an evaluation repository as discovered.
type source struct {
	hub.Dataset
	model string // empty where it takes the card to know
}

const (
	detailsPrefix = "details_"
	maxSources    = 100_000
)

// discover lists the evaluation repositories of all namespaces, ordered by name, and
// keeps in c.listed all names that are listed.
func (c *Crawl) discover(ctx context.Context) ([]source, error) {
	var found []source
	c.listed = map[string]bool{}
	seen := map[string]bool{}
	for _, namespace := range c.Namespaces {
		err := c.Hub.Datasets(ctx, namespace, detailsPrefix, func(d hub.Dataset) error {
			c.listed[d.Repo] = true
			_, name, ok := strings.Cut(d.Repo, "/")
			if !ok || !strings.HasPrefix(name, detailsPrefix) || len(name) == len(detailsPrefix) || d.Key != "" && seen[d.Key] {
				return nil
			}
			if err := hub.CheckRepo(d.Repo); err != nil {
				c.count(&c.progress.Refused, 1)
				c.Log.Warn("repository refused", "error", err)
				return nil
			}
			seen[d.Key] = true
			if len(found) >= maxSources {
				return fmt.Errorf("list datasets %s: more than %d repositories", namespace, maxSources)
			}
			found = append(found, source{Dataset: d})
			return nil
		})
		if err != nil {
			return nil, err
		}
		c.Log.Debug("listed", "namespace", namespace, "repositories", len(found))
	}
	slices.SortFunc(found, func(a, b source) int { return cmp.Compare(a.Repo, b.Repo) })
	return found, nil
}

// index has the names of the models that the results repository knows.
type index struct {
	head    hub.Dataset
	changed bool
	files   []hub.Entry         // of the results repository, when changed
	models  map[string][]string // name of an evaluation repository → models that it may belong to
}

// nameIndex reads from the results repository which models there are. If nothing has
// changed since the last crawl, that takes one request, and the paths are those recorded.
func (c *Crawl) nameIndex(ctx context.Context) (*index, error) {
	ix := &index{models: map[string][]string{}}
	if c.Results == "" {
		return ix, nil
	}
	head, err := c.Hub.Dataset(ctx, c.Results)
	if err != nil {
		if fatal(err) {
			return nil, err
		}
		c.Log.Warn("no published results", "repository", c.Results, "error", err)
		return ix, nil
	}
	ix.head = head
	ix.changed = c.states[c.Results].Commit != head.SHA || c.RetryFailed
	if ix.changed {
		files, refused, err := c.Hub.Tree(ctx, c.Results, head.SHA)
		if err != nil {
			return nil, err
		}
		c.count(&c.progress.Refused, refused)
		ix.files = files
		for _, f := range files {
			ix.add(f.Path)
		}
		return ix, nil
	}
	known, err := c.store.Files(ctx, c.Results)
	if err != nil {
		return nil, err
	}
	for _, f := range known {
		ix.add(f.Path)
	}
	return ix, nil
}

func (ix *index) add(path string) {
	model, _, ok := leaderboard.ParseResultsPath(path)
	if !ok {
		return
	}
	name := detailsPrefix + strings.ReplaceAll(model, "/", "__")
	if !slices.Contains(ix.models[name], model) {
		ix.models[name] = append(ix.models[name], model)
	}
}

// model finds the model of an evaluation repository by the repository's name; empty if the
// name may belong to several models, or to none that the leaderboard knows.
func (ix *index) model(repo string) string {
	_, name, _ := strings.Cut(repo, "/")
	for _, n := range []string{name, strings.TrimSuffix(name, "_public"), strings.TrimSuffix(name, "_private")} {
		if models := ix.models[n]; len(models) == 1 {
			return models[0]
		}
	}
	return ""
}

// modelFromName decodes a repository's name, where "__" stands for the slash. ok is false
// when the name has several, so that one of them may stand for itself.
func modelFromName(repo string) (model string, ok bool) {
	_, name, _ := strings.Cut(repo, "/")
	name = strings.TrimPrefix(name, detailsPrefix)
	if strings.Count(name, "__") > 1 {
		return strings.Replace(name, "__", "/", 1), false
	}
	return strings.Replace(name, "__", "/", 1), true
}
