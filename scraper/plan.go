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

// plan compares the repositories on the Hub with the store's states.
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

// choose finds the models' names and leaves out repositories that are not selected and, of
// several repositories of one model, all but the one that was modified last.
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
			name, _ = modelFromName(s.Repo)
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

// outstanding returns the selected tasks that are neither done nor failed for good at a commit.
func (c *Crawl) outstanding(known []corpus.FileState, commit string) []taskOf {
	var open []taskOf
	for _, b := range c.selected() {
		for _, t := range b.Tasks {
			task := taskOf{b, t}
			if s := taskStatus(known, task, commit); s == corpus.StatusPending || s == corpus.StatusTransient || c.RetryFailed && failed(s) {
				open = append(open, task)
			}
		}
	}
	return open
}

func failed(s corpus.Status) bool { return s == corpus.StatusPermanent || s == corpus.StatusPolicy }

// taskStatus is a task's status by the states of its files at a commit: done if one was read,
// else that of the most retryable error; pending if nothing is known.
func taskStatus(known []corpus.FileState, t taskOf, commit string) corpus.Status {
	sum := corpus.StatusPending
	for _, f := range known {
		if f.Commit != commit || f.Benchmark != t.Benchmark.Name || f.Task != t.Task.Name {
			continue
		}
		if sum == corpus.StatusPending || retryability[f.Status] > retryability[sum] {
			sum = f.Status
		}
	}
	return sum
}

var retryability = map[corpus.Status]int{
	corpus.StatusPending: 0, corpus.StatusPermanent: 1, corpus.StatusPolicy: 2, corpus.StatusMissing: 3,
	corpus.StatusTransient: 4, corpus.StatusDone: 5,
}

// Plan is what a crawl would do. Files and requests are upper bounds, because a plan does not
// read every repository's tree. The bytes are partly known, and partly estimated from a
// sample of the repositories.
type Plan struct {
	Repositories int           `json:"repositories"` // with something to do
	Unchanged    int           `json:"unchanged"`    // with nothing to do
	Duplicates   int           `json:"duplicates"`   // other repositories of the same models
	Vanished     int           `json:"vanished"`     // in the store, and no longer on the Hub
	Files        int           `json:"files"`
	Requests     Requests      `json:"requests"`
	Bytes        Bytes         `json:"bytes"`
	Sampled      Sampled       `json:"sampled"`
	Seconds      float64       `json:"seconds"` // under the quota in force
	Anonymous    bool          `json:"anonymous"`
	Quota        []QuotaInUse  `json:"quota"`
	Duration     time.Duration `json:"-"`
}

// Bytes is what a crawl transfers, known and estimated.
type Bytes struct {
	Total     int64 `json:"total"`
	Known     int64 `json:"known"`     // listings, as read for the plan, and published scores, as declared
	Models    int64 `json:"models"`    // estimated: trees, descriptions, footers and answers, which grow with the models
	Questions int64 `json:"questions"` // estimated: questions, read once for every kind of file, to know the order of rows
}

// Sampled is what a plan read to estimate bytes. Nothing of it is stored.
type Sampled struct {
	Repositories int   `json:"repositories"`
	Files        int   `json:"files"`
	Bytes        int64 `json:"bytes"` // that the plan itself transferred
}

// Requests counts requests by quota.
type Requests struct {
	API       int `json:"api"`
	Resolvers int `json:"resolvers"`
}

// QuotaInUse is a quota as the Hub stated it last, or as documented.
type QuotaInUse struct {
	Bucket    string `json:"bucket"`
	Quota     int    `json:"quota"`
	Remaining int    `json:"remaining"`
	Window    int    `json:"window_seconds"`
	Stated    bool   `json:"stated"` // false: documented, not yet seen
}

// estimate adds up the requests of jobs.
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
