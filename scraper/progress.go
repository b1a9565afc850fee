package scraper

import (
	"cmp"
	"slices"
	"time"

	"metabench/corpus"
	"metabench/scraper/hub"
)

// Progress is the state of a running crawl.
type Progress struct {
	Phase        string
	Listed       int // repositories found that match the selection
	Unchanged    int
	Duplicates   int // further repositories of models that have one
	Refused      int // names and paths that CheckRepo or CheckPath refuse
	Models       int // repositories to fetch
	ModelsDone   int
	FilesPlanned int // upper bound
	FilesDone    int
	Scores       int
	Outcome      map[corpus.Status]int // tasks by status
	Realigned    int                   // files whose rows were in another order
	Assumed      int                   // files whose order of rows could not be checked

	Stats   hub.Stats
	Quota   []QuotaInUse
	Elapsed time.Duration
	ETA     time.Duration
}

// Progress returns the present state. It may be called at any time, from any
// goroutine.
func (c *Crawl) Progress() Progress {
	c.mu.Lock()
	p := c.progress
	p.Outcome = make(map[corpus.Status]int, len(c.progress.Outcome))
	for k, v := range c.progress.Outcome {
		p.Outcome[k] = v
	}
	started := c.started
	c.mu.Unlock()
	p.Stats = c.Hub.Stats()
	for _, bucket := range []string{hub.BucketAPI, hub.BucketResolvers} {
		q, _ := c.quota(bucket)
		p.Quota = append(p.Quota, q)
	}
	if !started.IsZero() {
		p.Elapsed = c.Now().Sub(started)
	}
	p.ETA = c.eta(p)
	return p
}

func (c *Crawl) phase(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Phase = name
	c.Log.Debug("phase", "name", name)
}

func (c *Crawl) count(what *int, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*what += n
}

// outcome counts a task by its status.
func (c *Crawl) outcome(s corpus.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.progress.Outcome == nil {
		c.progress.Outcome = map[corpus.Status]int{}
	}
	c.progress.Outcome[s]++
	c.progress.FilesDone++
}

// Failure is a repository or file that could not be read.
type Failure struct {
	Repo   string        `json:"repository"`
	Path   string        `json:"path,omitempty"`
	Status corpus.Status `json:"status"`
	Error  string        `json:"error"`
}

// maxFailures bounds the list in a summary; the store has them all.
const maxFailures = 100

func (c *Crawl) fail(f Failure) {
	c.Log.Debug("failed", "repository", f.Repo, "path", f.Path, "status", f.Status, "error", f.Error)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, f)
}

// Summary is what a crawl did.
type Summary struct {
	Listed      int                   `json:"listed"`
	Unchanged   int                   `json:"unchanged"`
	Duplicates  int                   `json:"duplicates"`
	Fetched     int                   `json:"fetched"`
	Tasks       map[corpus.Status]int `json:"tasks"` // of fetched repositories, by outcome
	Realigned   int                   `json:"realigned"`
	Assumed     int                   `json:"order_assumed"`
	Refused     int                   `json:"refused"`
	Scores      int                   `json:"scores"`
	HubRequests int64                 `json:"hub_requests"`
	Stats       hub.Stats             `json:"traffic"`
	Seconds     float64               `json:"seconds"`
	Failed      int                   `json:"failed"` // repositories and files that this crawl tried and could not read, policy excepted
	Failures    []Failure             `json:"failures,omitempty"`
	Vanished    int                   `json:"vanished"` // repositories that the Hub no longer lists since the last crawl
	Returned    int                   `json:"returned"` // and those that it lists again
	Standing    corpus.Standing       `json:"standing"` // failures that stand after this crawl, tried again or not
}

func (c *Crawl) summary() *Summary {
	p := c.Progress()
	c.mu.Lock()
	defer c.mu.Unlock()
	failures := slices.Clone(c.failures)
	slices.SortFunc(failures, func(a, b Failure) int { return cmp.Or(cmp.Compare(a.Repo, b.Repo), cmp.Compare(a.Path, b.Path)) })
	s := &Summary{
		Listed: p.Listed, Unchanged: p.Unchanged, Duplicates: p.Duplicates, Fetched: p.ModelsDone, Tasks: p.Outcome,
		Realigned: p.Realigned, Assumed: p.Assumed, Refused: p.Refused, Scores: p.Scores,
		Vanished: len(c.vanished), Returned: len(c.returned),
		HubRequests: p.Stats.HubRequests(), Stats: p.Stats, Seconds: p.Elapsed.Seconds(),
	}
	for _, f := range failures {
		if f.Status != corpus.StatusPolicy {
			s.Failed++
		}
	}
	s.Failures = failures[:min(len(failures), maxFailures)]
	return s
}
