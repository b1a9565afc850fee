package scraper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sourcegraph/conc/panics"
	"golang.org/x/sync/singleflight"

	"metabench/corpus"
	"metabench/scraper/hub"
)

// Crawl is one run of the crawler. It is used once.
type Crawl struct {
	Options
	store   *serialStore
	orders  *aligner
	started time.Time

	states map[string]corpus.RepoState // by repository, at the start
	listed map[string]bool             // repositories that the Hub has, by the name it lists them under
	index  *index
	jobs   []job
	scores []scoreJob

	vanished, returned []corpus.RepoState // no longer on the Hub, and there again, since the last crawl

	listing singleflight.Group // of the requests repository

	mu       sync.Mutex
	requests *requestList // nil until asked for
	progress Progress
	failures []Failure
	failed   int // consecutive repositories with a transient failure
	noReply  int // consecutive requests without response
}

// New prepares a crawl.
func New(o Options) (*Crawl, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	store := &serialStore{store: o.Store}
	return &Crawl{Options: o, store: store, orders: newAligner(store), states: map[string]corpus.RepoState{}}, nil
}

// serialStore makes one call to the store at a time, as its contract says.
type serialStore struct {
	mu    sync.Mutex
	store Store
}

func (s *serialStore) Repos(ctx context.Context) ([]corpus.RepoState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.Repos(ctx)
}

func (s *serialStore) Files(ctx context.Context, repo string) ([]corpus.FileState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.Files(ctx, repo)
}

func (s *serialStore) Items(ctx context.Context, benchmark, task string) ([]corpus.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.Items(ctx, benchmark, task)
}

func (s *serialStore) StandingFailures(ctx context.Context) (corpus.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.StandingFailures(ctx)
}

func (s *serialStore) Record(ctx context.Context, d corpus.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.Record(ctx, d); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &storeError{repo: d.Repo.Repo, err: err}
	}
	return nil
}

// storeError is a delivery that the store can't keep. It ends the crawl, because the store
// would refuse the next one too.
type storeError struct {
	repo string
	err  error
}

func (e *storeError) Error() string { return fmt.Sprintf("record %s: %v", e.repo, e.err) }
func (e *storeError) Unwrap() error { return e.err }

// Plan discovers what there is and says what a crawl would do, without doing it: the
// store is only read. To estimate the bytes, it reads the footers of some files of
// a few repositories.
func (c *Crawl) Plan(ctx context.Context) (Plan, error) {
	if err := c.prepare(ctx); err != nil {
		return Plan{}, err
	}
	p := c.estimate(c.jobs, len(c.scores))
	c.phase("sampling")
	if err := c.forecast(ctx, &p); err != nil {
		return Plan{}, err
	}
	return p, nil
}

// prepare discovers and plans.
func (c *Crawl) prepare(ctx context.Context) error {
	c.started = c.Now()
	c.phase("discovering")
	states, err := c.store.Repos(ctx)
	if err != nil {
		return fmt.Errorf("read the state of the last crawl: %w", err)
	}
	for _, s := range states {
		c.states[s.Repo] = s
	}
	sources, err := c.discover(ctx)
	if err != nil {
		return err
	}
	c.compareListing()
	if c.index, err = c.nameIndex(ctx); err != nil {
		return err
	}
	c.phase("planning")
	if c.jobs, err = c.plan(ctx, sources, c.index); err != nil {
		return err
	}
	if c.scores, err = c.planScores(ctx); err != nil {
		return err
	}
	files := 0
	for _, j := range c.jobs {
		files += len(c.outstanding(j.known, j.SHA))
	}
	c.mu.Lock()
	c.progress.Models, c.progress.FilesPlanned = len(c.jobs), files
	c.mu.Unlock()
	return nil
}

// sequentialJobs bounds how many repositories are read one after another until the order
// of every task's items is known; see aligner.
const sequentialJobs = 20

// Run crawls: it discovers, plans, fetches and records, until everything is done or
// an error ends the crawl: wrong credentials, a quota that allows nothing for longer than
// permitted, a store that fails, a cancelled context. Failures of single repositories and
// files are not errors; the summary lists them. The summary is also valid when an error is
// returned: it then says what was done before.
func (c *Crawl) Run(ctx context.Context) (*Summary, error) {
	if err := c.prepare(ctx); err != nil {
		return c.summarise(ctx, err)
	}
	if err := c.recordVanished(ctx); err != nil {
		return c.summarise(ctx, err)
	}
	if c.Hub.Anonymous() && len(c.jobs) > 10 {
		p := c.estimate(c.jobs, len(c.scores))
		c.Log.Warn("no token: the Hub's smallest quota holds; HF_TOKEN raises it", "estimated", p.Duration.Round(time.Minute))
	}
	c.phase("fetching")
	err := c.fetchAll(ctx)
	if err == nil {
		c.phase("scores")
		err = c.fetchScores(ctx)
	}
	c.phase("done")
	return c.summarise(ctx, err)
}

// summarise adds the standing failures to what the crawl did, also after an error.
func (c *Crawl) summarise(ctx context.Context, err error) (*Summary, error) {
	s := c.summary()
	standing, standingErr := c.store.StandingFailures(context.WithoutCancel(ctx))
	s.Standing = standing
	return s, cmp.Or(err, standingErr)
}

func (c *Crawl) fetchAll(ctx context.Context) error {
	jobs := c.jobs
	for n := 0; n < sequentialJobs && len(jobs) > 0; n++ {
		known, err := c.orders.known(ctx, c.selected())
		if err != nil {
			return err
		}
		if known {
			break
		}
		if err := c.fetch(ctx, jobs[0]); err != nil {
			return err
		}
		jobs = jobs[1:]
	}
	return inParallel(ctx, c.Parallel, jobs, c.fetch)
}

// inParallel calls work for each element by at most n goroutines, in order of the
// elements. The first error ends it; a panic in work is one.
func inParallel[T any](ctx context.Context, n int, all []T, work func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	feed := make(chan T)
	var workers sync.WaitGroup
	for range min(n, len(all)) {
		workers.Go(func() {
			for one := range feed {
				var err error
				if fault := panics.Try(func() { err = work(ctx, one) }); fault != nil {
					err = fault.AsError()
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
feeding:
	for _, one := range all {
		select {
		case feed <- one:
		case <-ctx.Done():
			break feeding
		}
	}
	close(feed)
	workers.Wait()
	return context.Cause(ctx)
}

// fatal reports errors that end the crawl: the credentials are wrong, the wait for the
// quota is longer than permitted, the disk is full, the store fails, the user
// interrupts.
func fatal(err error) bool {
	var s *storeError
	if errors.As(err, &s) || errors.Is(err, ErrUnreachable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	switch hub.KindOf(err) {
	case hub.KindCredentials, hub.KindQuota, hub.KindOffline, hub.KindLocalStorage:
		return true
	}
	return false
}

// After so many consecutive transient failures of repositories, or requests without response
// after all retries, the Hub is unreachable.
const (
	maxFailed  = 20
	maxNoReply = 10
)

// countReplies counts consecutive requests without response. It is an error when they are
// too many.
func (c *Crawl) countReplies(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hub.KindOf(err) != hub.KindNetwork {
		c.noReply = 0
		return nil
	}
	if c.noReply++; c.noReply >= maxNoReply {
		return &unreachable{what: fmt.Sprintf("%d consecutive requests without response", c.noReply), err: err}
	}
	return nil
}

// unreachable is the error of a crawl that gave up.
type unreachable struct {
	what string
	err  error
}

func (e *unreachable) Error() string {
	return fmt.Sprintf("%s: %v: %v", e.what, ErrUnreachable, e.err)
}
func (e *unreachable) Unwrap() []error { return []error{ErrUnreachable, e.err} }

// ErrUnreachable is wrapped by the error of a crawl that gave up, because the Hub did not
// respond or every repository failed.
var ErrUnreachable = errors.New("the Hub is out of reach; run again later, what was done is kept")

// countFailures counts consecutive repositories with a transient failure. It is an error
// when they are too many.
func (c *Crawl) countFailures(status corpus.Status, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status != corpus.StatusTransient {
		c.failed = 0
		return nil
	}
	if c.failed++; c.failed >= maxFailed {
		return &unreachable{what: fmt.Sprintf("%d consecutive repositories failed", c.failed), err: err}
	}
	return nil
}
