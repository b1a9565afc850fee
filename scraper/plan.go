package scraper

import (
	"context"
	"time"

	"metabench/corpus"
	"metabench/scraper/hub"
)

// job is a repository with something to do.
type job struct {
	source
	attempts int
	known    []corpus.FileState // what was recorded of its files, at any commit
}

// plan compares what was discovered with what is remembered.
func (c *Crawl) plan(ctx context.Context, sources []source, ix *index) ([]job, error) {
	var jobs []job
	for _, s := range c.choose(sources, ix) {
		state, known := c.states[s.Repo]
		j := job{source: s, attempts: state.Attempts}
		unchanged := known && s.SHA != "" && state.Commit == s.SHA
		if unchanged && c.finished(state.Status) {
			c.count(&c.progress.Unchanged, 1)
			continue
		}
		if known {
			var err error
			if j.known, err = c.store.Files(ctx, s.Repo); err != nil {
				return nil, err
			}
		}
		nothing := len(c.outstanding(j.known, s.SHA)) == 0
		if unchanged && nothing && (state.Status == corpus.StatusPending || state.Status == corpus.StatusDone) {
			c.count(&c.progress.Unchanged, 1)
			continue
		}
		jobs = append(jobs, j)
	}
	if c.Limit > 0 && len(jobs) > c.Limit {
		jobs = jobs[:c.Limit]
	}
	return jobs, nil
}

// choose names the models, leaves out those that aren't wanted and, of several
// repositories of one model, all but the one that was modified last.
func (c *Crawl) choose(sources []source, ix *index) []source {
	var chosen []source
	kept := map[string]int{}
	for _, s := range sources {
		s.model = c.states[s.Repo].Model
		if s.model == "" {
			s.model = ix.model(s.Repo)
		}
		name := s.model
		if name == "" {
			name, _ = guess(s.Repo)
		}
		if !c.wants(name) {
			continue
		}
		c.count(&c.progress.Listed, 1)
		if at, twice := kept[s.model]; twice && s.model != "" {
			c.count(&c.progress.Duplicates, 1)
			if s.Modified.After(chosen[at].Modified) {
				chosen[at] = s
			}
			continue
		}
		kept[s.model] = len(chosen)
		chosen = append(chosen, s)
	}
	return chosen
}

// finished reports whether a repository in this state has nothing to do while it
// stays at its commit.
func (c *Crawl) finished(s corpus.Status) bool {
	switch s {
	case corpus.StatusDone:
		return len(c.Only) == 0 // an added benchmark is asked for by name
	case corpus.StatusPermanent, corpus.StatusPolicy:
		return !c.RetryFailed
	}
	return false
}

// taskOf is a task with its benchmark.
type taskOf struct {
	corpus.Benchmark
	corpus.Task
}

// key identifies a task in maps.
func (t taskOf) key() [2]string { return [2]string{t.Benchmark.Name, t.Task.Name} }

// outstanding are the selected tasks about which nothing final is known at a commit.
func (c *Crawl) outstanding(known []corpus.FileState, commit string) []taskOf {
	var open []taskOf
	for _, b := range c.selected() {
		for _, t := range b.Tasks {
			task := taskOf{b, t}
			if s := settled(known, task, commit); s == corpus.StatusPending || s == corpus.StatusTransient || c.RetryFailed && failed(s) {
				open = append(open, task)
			}
		}
	}
	return open
}

func failed(s corpus.Status) bool { return s == corpus.StatusPermanent || s == corpus.StatusPolicy }

// settled sums up the states of a task's files at a commit: done if one was read,
// else the most hopeful of its failures; pending if nothing is known.
func settled(known []corpus.FileState, t taskOf, commit string) corpus.Status {
	sum := corpus.StatusPending
	for _, f := range known {
		if f.Commit != commit || f.Benchmark != t.Benchmark.Name || f.Task != t.Task.Name {
			continue
		}
		if sum == corpus.StatusPending || hope[f.Status] > hope[sum] {
			sum = f.Status
		}
	}
	return sum
}

var hope = map[corpus.Status]int{
	corpus.StatusPending: 0, corpus.StatusPermanent: 1, corpus.StatusPolicy: 2, corpus.StatusMissing: 3,
	corpus.StatusTransient: 4, corpus.StatusDone: 5,
}

// Plan is what a crawl would do. Files and requests are upper bounds: which files a
// repository has is known only after asking for its tree. Of the bytes a part is
// known, and the rest is estimated from a sample of the repositories.
type Plan struct {
	Repositories int           `json:"repositories"` // with something to do
	Unchanged    int           `json:"unchanged"`    // with nothing
	Duplicates   int           `json:"duplicates"`   // other repositories of the same models
	Vanished     int           `json:"vanished"`     // known, and not on the Hub any more
	Files        int           `json:"files"`
	Requests     Requests      `json:"requests"`
	Bytes        Bytes         `json:"bytes"`
	Sampled      Sampled       `json:"sampled"`
	Seconds      float64       `json:"seconds"` // under the quota in force
	Anonymous    bool          `json:"anonymous"`
	Quota        []QuotaInUse  `json:"quota"`
	Duration     time.Duration `json:"-"`
}

// Bytes is what a crawl transfers, by how it is known.
type Bytes struct {
	Total     int64 `json:"total"`
	Known     int64 `json:"known"`     // listings, as read for the plan, and published scores, as declared
	Models    int64 `json:"models"`    // estimated: trees, descriptions, footers and answers, which grow with the models
	Questions int64 `json:"questions"` // estimated: questions, read once for every kind of file, to know the order of rows
}

// Sampled is what a plan looked into to estimate bytes. Nothing of it is kept.
type Sampled struct {
	Repositories int   `json:"repositories"`
	Files        int   `json:"files"`
	Bytes        int64 `json:"bytes"` // that it transferred itself
}

// Requests counts requests by quota.
type Requests struct {
	API       int `json:"api"`
	Resolvers int `json:"resolvers"`
}

// QuotaInUse is a quota as the Hub last stated it, or as it is documented.
type QuotaInUse struct {
	Bucket    string `json:"bucket"`
	Quota     int    `json:"quota"`
	Remaining int    `json:"remaining"`
	Window    int    `json:"window_seconds"`
	Stated    bool   `json:"stated"` // false: documented, not yet seen
}

// estimate sums up what jobs will ask for.
func (c *Crawl) estimate(jobs []job, resultFiles int) Plan {
	p := Plan{Repositories: len(jobs), Unchanged: c.progress.Unchanged, Duplicates: c.progress.Duplicates, Vanished: len(c.vanished), Anonymous: c.Hub.Anonymous()}
	for _, j := range jobs {
		p.Files += len(c.outstanding(j.known, j.SHA))
		p.Requests.API++ // tree
		if !c.NoModels {
			p.Requests.API++ // model
			if c.Requests != "" {
				p.Requests.Resolvers += 2 // request for evaluation
			}
		}
		if j.model == "" {
			p.Requests.Resolvers += 2 // card
		}
	}
	p.Requests.Resolvers += p.Files + 2*resultFiles
	need := map[string]int{hub.BucketAPI: p.Requests.API, hub.BucketResolvers: p.Requests.Resolvers}
	for _, bucket := range []string{hub.BucketAPI, hub.BucketResolvers} {
		q, limit := c.quota(bucket)
		p.Quota = append(p.Quota, q)
		p.Duration = max(p.Duration, quotaTime(need[bucket], limit))
	}
	p.Seconds = p.Duration.Seconds()
	return p
}
