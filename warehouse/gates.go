package warehouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Gates keep a sound warehouse from being published where people would lose what they
// have in the last snapshot. Publish and Check evaluate them by gates, in one place.

// Limits say from where on a gate is shut. Where they are zero, nothing may be lost and
// nothing have failed.
type Limits struct {
	MaxLoss     float64 // share of a benchmark's models or answers that may be gone, 0 to 1
	MaxItemLoss float64 // the same of the items selected for a form
	MaxFailed   float64 // share of a benchmark's tasks on the Hub that may have failed for good
}

// checkNothing is the finding that there is nothing to publish. It can't be accepted.
const checkNothing = "nothing_loaded"

// accept is what every remedy of a gate ends with.
const accept = "or accept it, if it is meant: metabench publish --accept-loss"

// holdings is what a warehouse holds of a benchmark, as far as losing it matters.
type holdings struct {
	models, answers int64
	forms           map[string]int64 // selected items by form
	results         bool
	failed, tried   int64 // tasks of repositories on the Hub
}

// failedShare is the share of the tried tasks that failed for good.
func (h holdings) failedShare() float64 {
	if h.tried == 0 {
		return 0
	}
	return float64(h.failed) / float64(h.tried)
}

// holdings are what the warehouse holds, by benchmark. Results that span several have a
// name of their own.
func (w *Warehouse) holdings(ctx context.Context) (map[string]*holdings, error) {
	all := map[string]*holdings{}
	of := func(benchmark string) *holdings {
		if all[benchmark] == nil {
			all[benchmark] = &holdings{forms: map[string]int64{}}
		}
		return all[benchmark]
	}
	var benchmark, form string
	var n, m int64
	for _, part := range []struct {
		query string
		keep  func()
		into  []any
	}{
		{`SELECT b.benchmark, count(DISTINCT r.model_id), sum(r.observed_count)::BIGINT
			FROM response_block AS r JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
			GROUP BY b.benchmark`,
			func() { of(benchmark).models, of(benchmark).answers = n, m }, []any{&benchmark, &n, &m}},
		{`SELECT benchmark, form, count(*) FROM selected_item WHERE form IN ('A', 'B') GROUP BY benchmark, form`,
			func() { of(benchmark).forms[form] = n }, []any{&benchmark, &form, &n}},
		{`SELECT DISTINCT benchmark FROM reconstruction_metric`,
			func() { of(benchmark).results = true }, []any{&benchmark}},
		// A task is done when any of its files was read, and has failed for good when none
		// may be had later.
		{`SELECT benchmark, count(*) FILTER (permanent AND NOT other), count(*) FILTER (permanent OR done OR transient)
			FROM (
				SELECT s.benchmark, bool_or(s.status = 'permanent') AS permanent, bool_or(s.status = 'done') AS done,
					bool_or(s.status = 'transient') AS transient, bool_or(s.status <> 'permanent') AS other
				FROM file_states AS s JOIN repo_state AS r ON r.repo = s.repo AND r.commit_hash = s.commit_hash
				WHERE s.benchmark <> ''
				GROUP BY s.benchmark, s.repo, s.task)
			GROUP BY benchmark`,
			func() { of(benchmark).failed, of(benchmark).tried = n, m }, []any{&benchmark, &n, &m}},
	} {
		if err := scanEach(ctx, w.db, part.query, part.into, part.keep); err != nil {
			return nil, fmt.Errorf("count what is held: %w", err)
		}
	}
	return all, nil
}

// gates compares what the warehouse holds with what people have: the newest snapshot of
// the directory that can be read.
func (w *Warehouse) gates(ctx context.Context, dir string, limits Limits) ([]Finding, error) {
	ours, err := w.holdings(ctx)
	if err != nil {
		return nil, err
	}
	var answers int64
	for _, h := range ours {
		answers += h.answers
	}
	if answers == 0 {
		return []Finding{nothingLoaded(w.path, ours)}, nil
	}
	theirs, path := map[string]*holdings{}, filepath.Join(dir, SnapshotName)
	isOurselves, err := w.isAt(path)
	if err != nil || isOurselves {
		return nil, err
	}
	err = readSnapshot(ctx, Options{Now: w.now}, dir, func(r *Warehouse, at string) error {
		path = at
		theirs, err = r.holdings(ctx)
		return err
	})
	var found []Finding
	if errors.Is(err, errNoSnapshot) {
		if found, err = w.noSnapshot(dir); err != nil {
			return nil, err
		}
		theirs = map[string]*holdings{}
	} else if err != nil {
		return nil, err
	}
	for _, benchmark := range sortedKeys(theirs) {
		if ours[benchmark] == nil {
			ours[benchmark] = &holdings{}
		}
		found = append(found, limits.losses(benchmark, *ours[benchmark], *theirs[benchmark], path)...)
	}
	for _, benchmark := range sortedKeys(ours) {
		before := 0.0
		if h := theirs[benchmark]; h != nil {
			before = h.failedShare()
		}
		found = append(found, limits.failures(benchmark, *ours[benchmark], before)...)
	}
	return found, nil
}

func nothingLoaded(path string, all map[string]*holdings) Finding {
	f := Finding{Check: checkNothing, Severity: Gate, Object: path, Detail: "holds no answers, so that there is nothing to publish",
		Remedy: "crawl or import something"}
	var failed int64
	for _, h := range all {
		failed += h.failed
	}
	if failed > 0 {
		f.Detail = fmt.Sprintf("holds no answers: %d tasks on the Hub were refused, and none was read", failed)
		f.Remedy = failuresQuery + " says why; metabench crawl --retry-failed once the cause is gone"
	}
	return f
}

// failuresQuery lists what could not be read.
const failuresQuery = `metabench query "from file_states where status = 'permanent'"`

// isAt reports whether the warehouse is the file at a path: a snapshot lost nothing
// against itself.
func (w *Warehouse) isAt(path string) (bool, error) {
	ours, err := os.Stat(w.path)
	if err != nil {
		return false, err
	}
	theirs, err := os.Stat(path)
	return err == nil && os.SameFile(ours, theirs), nil
}

// noSnapshot warns where there are snapshots and none can be read.
func (w *Warehouse) noSnapshot(dir string) ([]Finding, error) {
	all, err := versions(dir)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return []Finding{{Check: "unreadable_snapshots", Severity: Warning, Object: dir,
		Detail: fmt.Sprintf("none of its %d snapshots can be read, so that nothing tells whether anything was lost", len(all)),
		Remedy: "compare metabench status with what you expect"}}, nil
}

// losses compares what there is of a benchmark with what the snapshot at a path has.
func (l Limits) losses(benchmark string, ours, theirs holdings, path string) []Finding {
	var found []Finding
	lost := func(check, detail, remedy string) {
		found = append(found, Finding{Check: check, Severity: Gate, Object: benchmark, Detail: detail, Remedy: remedy + ", " + accept})
	}
	for _, part := range []struct {
		what         string
		now, before  int64
		key          string
		tolerated    float64
		check, again string
	}{
		{"models", ours.models, theirs.models, "publish.max_loss", l.MaxLoss, "corpus_shrank", "crawl or import what is missing, or restore the snapshot"},
		{"answers", ours.answers, theirs.answers, "publish.max_loss", l.MaxLoss, "corpus_shrank", "crawl or import what is missing, or restore the snapshot"},
		{"items of form A", ours.forms["A"], theirs.forms["A"], "publish.max_item_loss", l.MaxItemLoss, "selection_shrank", "undo the setting that selects fewer items"},
		{"items of form B", ours.forms["B"], theirs.forms["B"], "publish.max_item_loss", l.MaxItemLoss, "selection_shrank", "undo the setting that selects fewer items"},
	} {
		if part.check == "selection_shrank" && theirs.results && !ours.results || part.what == "answers" && len(found) > 0 {
			continue // which is said once
		}
		if gone := part.before - part.now; gone > 0 && float64(gone) > part.tolerated*float64(part.before) {
			lost(part.check, fmt.Sprintf("has %d %s, and %d in %s: %s gone, %s tolerates %s", part.now, part.what, part.before, path,
				percent(float64(gone)/float64(part.before)), part.key, percent(part.tolerated)), part.again)
		}
	}
	if theirs.results && !ours.results {
		lost("lost_results", "has results in "+path+" and none any more", "metabench build says why there are none")
	}
	return found
}

// failures reports a share of failed tasks that is not tolerated, unless the snapshot
// that people have says the same.
func (l Limits) failures(benchmark string, h holdings, before float64) []Finding {
	share := h.failedShare()
	if share <= l.MaxFailed || share <= before {
		return nil
	}
	return []Finding{{Check: "failed_sources", Severity: Gate, Object: benchmark,
		Detail: fmt.Sprintf("%d of %d tasks on the Hub (%s) failed for good, publish.max_failed tolerates %s", h.failed, h.tried, percent(share), percent(l.MaxFailed)),
		Remedy: failuresQuery + " says why; metabench crawl --retry-failed once the cause is gone, " + accept}}
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

// accepted are findings with every gate but that of an empty warehouse turned into a
// warning.
func accepted(findings []Finding) []Finding {
	for k, f := range findings {
		if f.Severity == Gate && f.Check != checkNothing {
			findings[k].Severity, findings[k].Remedy = Warning, "it was accepted (--accept-loss)"
		}
	}
	return findings
}
