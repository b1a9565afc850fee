package scraper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"metabench/corpus"
	"metabench/scraper/details"
	"metabench/scraper/hub"
	"metabench/scraper/leaderboard"
)

// visit is a repository being fetched.
type visit struct {
	*Crawl
	job
	files  map[string]hub.Entry
	paths  []string
	card   *details.Card // nil until asked for
	states []corpus.FileState
	batch  corpus.Delivery // not yet delivered

	inaccessible bool          // the repository itself: gated, or gone
	worst        corpus.Status // the most severe so far
	cause        error         // of the worst
}

// fetch brings one repository up to date: its tree, the model's description, and
// every outstanding task. Only fatal errors are returned.
func (c *Crawl) fetch(ctx context.Context, j job) error {
	v := &visit{Crawl: c, job: j, worst: corpus.StatusDone, states: slices.Clone(j.known)}
	err := v.run(ctx)
	if err != nil && !fatal(err) {
		v.inaccessible = true
		v.note(hub.KindOf(err).Status(), err)
		c.fail(Failure{Repo: j.Repo, Status: v.worst, Error: err.Error()})
		err = nil
	}
	if err != nil {
		// Interrupted: what was read is delivered, the rest is for the next run.
		v.worst, v.cause = corpus.StatusPending, nil
		rescue, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		return errors.Join(err, v.deliver(rescue, v.worst))
	}
	if err := v.deliver(ctx, v.status()); err != nil {
		return err
	}
	c.count(&c.progress.ModelsDone, 1)
	return c.countFailures(v.worst, v.cause)
}

// note keeps the most severe status.
func (v *visit) note(s corpus.Status, err error) {
	if severity[s] > severity[v.worst] {
		v.worst, v.cause = s, err
	}
}

var severity = map[corpus.Status]int{
	corpus.StatusDone: 0, corpus.StatusMissing: 0, corpus.StatusPermanent: 1, corpus.StatusPolicy: 2, corpus.StatusTransient: 3,
}

// status is the repository's: the most severe of its tasks, or pending if tasks that
// were not selected are not read yet.
func (v *visit) status() corpus.Status {
	if v.worst == corpus.StatusTransient || v.inaccessible {
		return v.worst
	}
	sum := v.worst
	for _, b := range v.Benchmarks {
		for _, t := range b.Tasks {
			switch s := taskStatus(v.states, taskOf{b, t}, v.SHA); s {
			case corpus.StatusPending, corpus.StatusTransient:
				return corpus.StatusPending
			default:
				if severity[s] > severity[sum] {
					sum = s
				}
			}
		}
	}
	return sum
}

func (v *visit) run(ctx context.Context) error {
	if v.Disabled {
		return &hub.Error{Op: "read tree", Object: v.Repo, Kind: hub.KindDisabled}
	}
	if err := v.tree(ctx); err != nil {
		return err
	}
	if err := v.name(ctx); err != nil {
		return err
	}
	if !v.NoModels {
		if err := v.describe(ctx); err != nil {
			return err
		}
	}
	for _, b := range v.selected() {
		candidates := details.Candidates(v.paths, b)
		for _, t := range b.Tasks {
			task := taskOf{b, t}
			switch s := taskStatus(v.known, task, v.SHA); {
			case s == corpus.StatusDone, s == corpus.StatusMissing, failed(s) && !v.RetryFailed:
				continue
			}
			if err := v.task(ctx, task, candidates[t.Name]); err != nil {
				return err
			}
			if len(v.batch.Files) >= v.Batch {
				if err := v.deliver(ctx, corpus.StatusPending); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tree lists the files at the discovered commit. If history was rewritten since, or
// the listing didn't say the commit, the head is asked for.
func (v *visit) tree(ctx context.Context) error {
	var files []hub.Entry
	var refused int
	err := error(&hub.Error{Op: "read tree", Object: v.Repo, Kind: hub.KindNoRevision})
	if v.SHA != "" {
		files, refused, err = v.Hub.Tree(ctx, v.Repo, v.SHA)
	}
	if hub.KindOf(err) == hub.KindNoRevision {
		head, headErr := v.Hub.Dataset(ctx, v.Repo)
		if headErr != nil {
			return headErr
		}
		if head.SHA == v.SHA || head.SHA == "" {
			return err
		}
		v.SHA = head.SHA
		files, refused, err = v.Hub.Tree(ctx, v.Repo, v.SHA)
	}
	if err != nil {
		return err
	}
	if refused > 0 {
		v.count(&v.progress.Refused, refused)
		v.Log.Warn("paths refused", "repository", v.Repo, "paths", refused)
	}
	v.files = make(map[string]hub.Entry, len(files))
	for _, f := range files {
		v.files[f.Path] = f
		v.paths = append(v.paths, f.Path)
	}
	return nil
}

// name finds the model where the results repository did not give it: in the card, else in
// the repository's name if that is unambiguous.
func (v *visit) name(ctx context.Context) error {
	if v.model != "" {
		return nil
	}
	card, err := v.readCard(ctx)
	if err != nil {
		return err
	}
	if v.model = card.Model(); v.model != "" {
		return nil
	}
	model, ok := modelFromName(v.Repo)
	if !ok {
		return &hub.Error{Op: "name model of", Object: v.Repo, Kind: hub.KindMalformed, Message: "neither the card nor the results name the model"}
	}
	v.model = model
	return nil
}

// readCard reads the README once. A repository without one, or with one that can't
// be read, has an empty card.
func (v *visit) readCard(ctx context.Context) (*details.Card, error) {
	if v.card != nil {
		return v.card, nil
	}
	v.card = &details.Card{}
	entry, ok := v.files["README.md"]
	if !ok || entry.Size == 0 {
		return v.card, nil
	}
	text, err := v.Hub.Small(ctx, v.Repo, v.SHA, entry, details.MaxCard)
	if err != nil {
		if hub.KindOf(err).Status() == corpus.StatusPermanent {
			return v.card, nil
		}
		v.card = nil
		return nil, err
	}
	card, err := details.ParseCard(text)
	if err != nil {
		v.Log.Debug("card not readable", "repository", v.Repo, "error", err)
		return v.card, nil
	}
	v.card = card
	return card, nil
}

// describe reads what is known about the model. Its state is recorded under an empty
// path, so that a description that failed is tried again.
func (v *visit) describe(ctx context.Context) error {
	state := corpus.FileState{Repo: v.Repo, Commit: v.SHA, Status: corpus.StatusDone, Attempts: 1, Updated: v.Now()}
	for _, k := range v.known {
		if k.Benchmark == "" && k.Path == "" {
			if k.Commit == v.SHA && k.Status == corpus.StatusDone {
				return nil
			}
			state.Attempts = k.Attempts + 1
		}
	}
	model, err := v.modelOf(ctx, v.model)
	if err != nil {
		if fatal(err) {
			return err
		}
		state.Status, state.Error = corpus.StatusTransient, err.Error()
		v.note(corpus.StatusTransient, err)
		v.fail(Failure{Repo: v.Repo, Status: state.Status, Error: err.Error()})
	} else {
		v.batch.Model = &model
	}
	v.remember(state)
	return nil
}

// modelOf describes a model by what the Hub says, else by its request for
// evaluation, else by its name.
func (c *Crawl) modelOf(ctx context.Context, name string) (corpus.Model, error) {
	var s leaderboard.Sources
	info, err := c.Hub.Model(ctx, name)
	switch kind := hub.KindOf(err); {
	case err == nil:
		s.Info = &info
	case kind == hub.KindNotFound || kind == hub.KindDisabled:
		s.Gone = true
	case kind.Status() == corpus.StatusTransient:
		return corpus.Model{}, err
	}
	if s.Request, err = c.request(ctx, name); err != nil {
		return corpus.Model{}, err
	}
	return leaderboard.Describe(name, s), nil
}

// task reads a task's answers from the first candidate that has them.
func (v *visit) task(ctx context.Context, t taskOf, candidates []details.Candidate) error {
	if v.Selection == SelectFaithful {
		card, err := v.readCard(ctx)
		if err != nil {
			return err
		}
		candidates = nil
		if one, ok := details.Faithful(v.paths, card, t.Benchmark, t.Task); ok {
			candidates = []details.Candidate{one}
		}
	}
	if len(candidates) == 0 && v.unnamed() {
		card, err := v.readCard(ctx)
		if err != nil {
			return err
		}
		candidates = details.FromCard(v.paths, card, t.Benchmark, t.Task)
	}
	if len(candidates) == 0 {
		v.remember(v.state(t, hub.Entry{}, corpus.StatusMissing, nil))
		v.outcome(corpus.StatusMissing)
		return nil
	}
	// A task is recorded when all its candidates were tried, or not at all: after an
	// interruption, the rejected candidates alone would look like a permanent failure.
	begin, before := len(v.batch.Files), slices.Clone(v.states)
	interrupted := func(err error) error {
		v.batch.Files, v.states = v.batch.Files[:begin], before
		return err
	}
	last := corpus.StatusPending
	for _, candidate := range candidates {
		entry := v.files[candidate.Path]
		if old, same := v.recorded(t, entry); same && (old.Status == corpus.StatusDone || failed(old.Status) && !v.RetryFailed) {
			old.Commit = v.SHA
			v.remember(old)
			if last = old.Status; last == corpus.StatusDone {
				break
			}
			continue
		}
		block, err := v.read(ctx, t, candidate, entry)
		if err != nil && fatal(err) {
			return interrupted(err)
		}
		if err := v.countReplies(err); err != nil {
			return interrupted(err)
		}
		if kind := hub.KindOf(err); kind == hub.KindGated || kind == hub.KindDisabled {
			return interrupted(err) // as are all other files of the repository
		}
		last = statusOf(err)
		v.remember(v.state(t, entry, last, err))
		if err == nil {
			v.batch.Blocks = append(v.batch.Blocks, block)
			v.supersede(t, entry.Path)
			break
		}
		v.Log.Debug("file not usable", "repository", v.Repo, "path", entry.Path, "error", err)
		if !failed(last) || last == corpus.StatusPolicy {
			break // an older run does not replace one that may be read later
		}
	}
	v.outcome(last)
	if last != corpus.StatusDone {
		v.note(last, nil)
		v.failTask(t)
	}
	return nil
}

// failTask lists the failure of a task with the reason of its first candidate.
func (v *visit) failTask(t taskOf) {
	for _, s := range v.states {
		if s.Commit == v.SHA && s.Benchmark == t.Benchmark.Name && s.Task == t.Task.Name && s.Error != "" {
			v.fail(Failure{Repo: v.Repo, Path: s.Path, Status: s.Status, Error: s.Error})
			return
		}
	}
}

// reason is the error of a repository that is not done: how many of its tasks failed, and
// the error of the first.
func (v *visit) reason(status corpus.Status) string {
	tasks, n, why := 0, 0, ""
	for _, b := range v.Benchmarks {
		for _, t := range b.Tasks {
			task := taskOf{b, t}
			tasks++
			if taskStatus(v.states, task, v.SHA) != status {
				continue
			}
			if n++; n > 1 {
				continue
			}
			for _, s := range v.states {
				if s.Commit == v.SHA && s.Benchmark == b.Name && s.Task == t.Name && s.Status == status {
					why = fmt.Sprintf("%s: %s", s.Path, s.Error)
					break
				}
			}
		}
	}
	return fmt.Sprintf("%d of %d tasks could not be read; the first is %s", n, tasks, why)
}

// unnamed reports whether the repository has Parquet files, other than the aggregated
// results, whose names don't follow the grammar of evaluation files.
func (v *visit) unnamed() bool {
	return slices.ContainsFunc(v.paths, func(p string) bool {
		base := p[strings.LastIndex(p, "/")+1:]
		if !strings.HasSuffix(base, ".parquet") || strings.HasPrefix(base, "results_") {
			return false
		}
		_, ok := details.ParseName(p)
		return !ok
	})
}

// statusOf is the status of a file by the error of reading it.
func statusOf(err error) corpus.Status {
	switch {
	case err == nil:
		return corpus.StatusDone
	case details.FaultOf(err) != "":
		return corpus.StatusPermanent
	}
	return hub.KindOf(err).Status()
}

// recorded finds what was recorded of the same file, by path and content.
func (v *visit) recorded(t taskOf, e hub.Entry) (corpus.FileState, bool) {
	for _, f := range v.known {
		if f.Path == e.Path && f.Benchmark == t.Benchmark.Name && f.Task == t.Task.Name {
			same := f.Commit == v.SHA || f.Size == e.Size && f.SHA256 != "" && f.SHA256 == content(e)
			return f, same
		}
	}
	return corpus.FileState{}, false
}

// content identifies a file's bytes: a SHA-256, or git's blob id.
func content(e hub.Entry) string {
	if e.SHA256 != "" {
		return e.SHA256
	}
	return e.Blob
}

// supersede records that earlier files of a task no longer count.
func (v *visit) supersede(t taskOf, path string) {
	for _, f := range slices.Clone(v.states) {
		if f.Benchmark == t.Benchmark.Name && f.Task == t.Task.Name && f.Path != path && f.Status == corpus.StatusDone {
			f.Commit, f.Status, f.Error, f.Updated = v.SHA, corpus.StatusPending, "superseded by "+path, v.Now()
			v.remember(f)
		}
	}
}

// state is the present state of a task's file.
func (v *visit) state(t taskOf, e hub.Entry, s corpus.Status, err error) corpus.FileState {
	state := corpus.FileState{Repo: v.Repo, Commit: v.SHA, Benchmark: t.Benchmark.Name, Task: t.Task.Name, Path: e.Path,
		Size: e.Size, SHA256: content(e), Status: s, Attempts: 1, Updated: v.Now()}
	if err != nil {
		state.Error = err.Error()
	}
	if old, _ := v.recorded(t, e); old.Repo != "" {
		state.Attempts += old.Attempts
	}
	return state
}

// remember adds a state to the next delivery.
func (v *visit) remember(s corpus.FileState) {
	v.states = slices.DeleteFunc(v.states, func(o corpus.FileState) bool {
		return o.Benchmark == s.Benchmark && o.Task == s.Task && o.Path == s.Path
	})
	v.states = append(v.states, s)
	v.batch.Files = append(v.batch.Files, s)
}

// deliver hands the batch to the store, with the repository's state.
func (v *visit) deliver(ctx context.Context, s corpus.Status) error {
	d := v.batch
	d.Repo = corpus.RepoState{Repo: v.Repo, Commit: v.SHA, Model: v.model, Status: s, Attempts: v.attempts + 1, Updated: v.Now()}
	switch {
	case v.cause != nil:
		d.Repo.Error = v.cause.Error()
	case failed(s) || s == corpus.StatusTransient:
		d.Repo.Error = v.reason(s)
	}
	v.batch = corpus.Delivery{}
	if err := v.store.Record(ctx, d); err != nil {
		return fmt.Errorf("hand over %s: %w", v.Repo, err)
	}
	return nil
}
