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
	orders  *orders
	started time.Time

	states map[string]corpus.RepoState // by repository, at the start
	listed map[string]bool             // repositories that the Hub has, by the name it lists them under
	index  *index
	jobs   []job
	scores []scoreJob

	vanished, returned []corpus.RepoState // since the last crawl

	listing singleflight.Group // of the requests repository

	mu       sync.Mutex
	requests *requestList // once asked for
	progress Progress
	failures []Failure
	streak   int // repositories in a row that failed for transient reasons
	silent   int // files in a row that got no answer at all
}

// New prepares a crawl.
func New(o Options) (*Crawl, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	store := &serialStore{store: o.Store}
	return &Crawl{Options: o, store: store, orders: newOrders(store), states: map[string]corpus.RepoState{}}, nil
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

// storeError is a store that can't keep a delivery: nothing else can be kept
// either, so the crawl ends.
type storeError struct {
	repo string
	err  error
}

func (e *storeError) Error() string { return fmt.Sprintf("record %s: %v", e.repo, e.err) }
func (e *storeError) Unwrap() error { return e.err }

// Plan discovers what there is and says what a crawl would do, without doing it: the
// store is only asked. To tell how many bytes it takes, the footers of some files of
// a few repositories are read.
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

// seedJobs bounds how many repositories are read one after another until the order
// of every task's items is known; see orders.
const seedJobs = 20

// Run crawls: it discovers, plans, fetches and records, until everything is done or
// an error makes going on pointless. Failures of single repositories and files
// are not errors; the summary lists them. The summary is valid, for what was done,
// also when an error is returned.
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

// summarise adds to what the crawl did how things stand after it. That is asked for
// also after an error, unless nothing can be asked any more.
func (c *Crawl) summarise(ctx context.Context, err error) (*Summary, error) {
	s := c.summary()
	standing, standingErr := c.store.StandingFailures(context.WithoutCancel(ctx))
	s.Standing = standing
	return s, cmp.Or(err, standingErr)
}

func (c *Crawl) fetchAll(ctx context.Context) error {
	jobs := c.jobs
	for n := 0; n < seedJobs && len(jobs) > 0; n++ {
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

// fatal reports errors after which going on makes no sense: the credentials are
// wrong, the quota's wait is longer than allowed, the disk is full, the store fails,
// somebody pressed Ctrl-C.
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

// maxStreak is how many repositories in a row may fail for transient reasons
// before the Hub is taken to be out of reach.
const maxStreak = 20

// maxSilent is how many files in a row may get no answer at all, after all retries.
const maxSilent = 10

// heard notes whether a file got an answer, and gives up if none has for long.
func (c *Crawl) heard(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hub.KindOf(err) != hub.KindNetwork {
		c.silent = 0
		return nil
	}
	if c.silent++; c.silent >= maxSilent {
		return &unreachable{what: fmt.Sprintf("%d files in a row got no answer", c.silent), err: err}
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

// ErrUnreachable is wrapped by the error of a crawl that gave up because nothing
// worked any more.
var ErrUnreachable = errors.New("the Hub is out of reach; run again later, what was done is kept")

// judge notes how a repository ended and gives up after too many in a row.
func (c *Crawl) judge(status corpus.Status, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status != corpus.StatusTransient {
		c.streak = 0
		return nil
	}
	if c.streak++; c.streak >= maxStreak {
		return &unreachable{what: fmt.Sprintf("%d repositories in a row failed", c.streak), err: err}
	}
	return nil
}
