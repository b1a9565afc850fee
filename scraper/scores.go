package scraper

import (
	"cmp"
	"context"
	"slices"
	"time"

	"metabench/corpus"
	"metabench/scraper/hub"
	"metabench/scraper/leaderboard"
)

// scoreJob is a model's published results, newest first.
type scoreJob struct {
	model string
	files []scoreFile
}

type scoreFile struct {
	hub.Entry
	run   time.Time
	state corpus.FileState // what was recorded of it
}

// planScores finds the models whose newest results file is not yet read. Models
// without an evaluation repository are left out: their scores have no answers to go with.
func (c *Crawl) planScores(ctx context.Context) ([]scoreJob, error) {
	if c.index == nil || !c.index.changed || c.index.head.SHA == "" {
		return nil, nil
	}
	wanted := c.models()
	known, err := c.store.Files(ctx, c.Results)
	if err != nil {
		return nil, err
	}
	states := make(map[string]corpus.FileState, len(known))
	for _, f := range known {
		states[f.Path] = f
	}
	at := map[string]int{}
	var jobs []scoreJob
	for _, e := range c.index.files {
		model, run, ok := leaderboard.ParseResultsPath(e.Path)
		if !ok || !wanted[model] {
			continue
		}
		k, there := at[model]
		if !there {
			k = len(jobs)
			at[model] = k
			jobs = append(jobs, scoreJob{model: model})
		}
		jobs[k].files = append(jobs[k].files, scoreFile{Entry: e, run: run, state: states[e.Path]})
	}
	open := jobs[:0]
	for _, j := range jobs {
		slices.SortFunc(j.files, func(a, b scoreFile) int { return cmp.Or(-a.run.Compare(b.run), cmp.Compare(b.Path, a.Path)) })
		if !c.scored(j) {
			open = append(open, j)
		}
	}
	return open, nil
}

// models returns the models of this crawl, and unless it has a limit also the selected ones
// that the store has.
func (c *Crawl) models() map[string]bool {
	all := map[string]bool{}
	for _, j := range c.jobs {
		all[j.model] = true
	}
	if c.Limit == 0 {
		for _, s := range c.states {
			if s.Model != "" && c.wants(s.Model) {
				all[s.Model] = true
			}
		}
	}
	return all
}

// scored reports whether the newest usable file of a model has been read already.
func (c *Crawl) scored(j scoreJob) bool {
	for _, f := range j.files {
		same := f.state.Path != "" && f.state.SHA256 == content(f.Entry)
		switch {
		case same && f.state.Status == corpus.StatusDone:
			return true
		case same && failed(f.state.Status) && !c.RetryFailed:
			continue // the one before counts
		}
		return false
	}
	return true
}

// fetchScores reads the published results.
func (c *Crawl) fetchScores(ctx context.Context) error {
	if c.index == nil || !c.index.changed {
		return nil
	}
	if err := inParallel(ctx, c.Parallel, c.scores, c.fetchScore); err != nil {
		return err
	}
	state := corpus.RepoState{Repo: c.Results, Commit: c.index.head.SHA, Status: corpus.StatusDone,
		Attempts: c.states[c.Results].Attempts + 1, Updated: c.Now()}
	if c.restricted() || c.scoresFailed() {
		// Not all of it was read: the next crawl looks at it again.
		state.Commit, state.Status = "", corpus.StatusPending
	}
	return c.store.Record(ctx, corpus.Delivery{Repo: state})
}

func (c *Crawl) scoresFailed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.failures, func(f Failure) bool { return f.Repo == c.Results && f.Status == corpus.StatusTransient })
}

// fetchScore reads the newest results file of a model that can be parsed.
func (c *Crawl) fetchScore(ctx context.Context, j scoreJob) error {
	var d corpus.Delivery
	for _, f := range j.files {
		same := f.state.Path != "" && f.state.SHA256 == content(f.Entry)
		if same && failed(f.state.Status) && !c.RetryFailed {
			continue
		}
		state := corpus.FileState{Repo: c.Results, Commit: c.index.head.SHA, Path: f.Path, Size: f.Size, SHA256: content(f.Entry),
			Status: corpus.StatusDone, Attempts: f.state.Attempts + 1, Updated: c.Now()}
		results, err := c.results(ctx, f.Entry)
		if err != nil && fatal(err) {
			return err
		}
		if err != nil {
			state.Status, state.Error = hub.KindOf(err).Status(), err.Error()
			if hub.KindOf(err) == "" {
				state.Status = corpus.StatusPermanent
			}
			c.fail(Failure{Repo: c.Results, Path: f.Path, Status: state.Status, Error: state.Error})
			d.Files = append(d.Files, state)
			if state.Status == corpus.StatusTransient {
				break
			}
			continue
		}
		file := corpus.File{Repo: c.Results, Commit: c.index.head.SHA, Path: f.Path, Size: f.Size, SHA256: f.SHA256,
			Verified: corpus.VerifiedHash, Run: f.run, ReadAt: c.Now()}
		d.Files = append(d.Files, state)
		d.Scores = results.Scores(j.model, c.Benchmarks, file)
		d.Model = &corpus.Model{Name: j.model, Precision: results.Precision, Revision: results.Revision}
		if results.Precision == "?" {
			d.Model.Precision = ""
		}
		c.count(&c.progress.Scores, len(d.Scores))
		break
	}
	return c.store.Record(ctx, d)
}

func (c *Crawl) results(ctx context.Context, e hub.Entry) (*leaderboard.Results, error) {
	body, err := c.Hub.Small(ctx, c.Results, c.index.head.SHA, e, leaderboard.MaxResults)
	if err != nil {
		return nil, err
	}
	return leaderboard.ParseResults(body)
}

// request reads a model's request for evaluation: of several, the first by name with status
// FINISHED, else the last. Nil when there is none.
func (c *Crawl) request(ctx context.Context, model string) (*leaderboard.Request, error) {
	list, err := c.requestFiles(ctx)
	if err != nil || list == nil {
		return nil, err
	}
	var found *leaderboard.Request
	for _, e := range list.files[model] {
		body, err := c.Hub.Small(ctx, c.Requests, list.commit, e, leaderboard.MaxRequest)
		if err != nil {
			if hub.KindOf(err).Status() == corpus.StatusTransient {
				return nil, err
			}
			continue
		}
		r, err := leaderboard.ParseRequest(body)
		if err != nil {
			c.Log.Debug("request not readable", "path", e.Path, "error", err)
			continue
		}
		if found = r; r.Status == "FINISHED" {
			break
		}
	}
	return found, nil
}

// requestFiles lists the requests repository, at most once a crawl. Concurrent callers wait
// for one listing.
func (c *Crawl) requestFiles(ctx context.Context) (*requestList, error) {
	if c.Requests == "" {
		return nil, nil
	}
	listed, err, _ := c.listing.Do(c.Requests, func() (any, error) {
		c.mu.Lock()
		known := c.requests
		c.mu.Unlock()
		if known != nil {
			return known, nil
		}
		found, err := c.listRequests(ctx)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.requests = found
		return found, nil
	})
	if err != nil {
		return nil, err
	}
	return listed.(*requestList), nil
}

// requestList is what the requests repository holds.
type requestList struct {
	commit string
	files  map[string][]hub.Entry // by model
}

// listRequests lists the requests repository. One that fails permanently is an empty list.
func (c *Crawl) listRequests(ctx context.Context) (*requestList, error) {
	list := &requestList{files: map[string][]hub.Entry{}}
	head, err := c.Hub.Dataset(ctx, c.Requests)
	var files []hub.Entry
	if err == nil {
		files, _, err = c.Hub.Tree(ctx, c.Requests, head.SHA)
	}
	if err != nil {
		if fatal(err) || hub.KindOf(err).Status() == corpus.StatusTransient {
			return nil, err
		}
		c.Log.Warn("no requests for evaluation", "repository", c.Requests, "error", err)
		return list, nil
	}
	list.commit = head.SHA
	for _, f := range files {
		if model, ok := leaderboard.ParseRequestPath(f.Path); ok {
			list.files[model] = append(list.files[model], f)
		}
	}
	return list, nil
}
