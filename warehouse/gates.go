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
	MaxFailed   float64 // share of the models on the Hub of which something of a benchmark may fail for good
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
	failed, asked   int64 // models on the Hub with a task that can't be had for good, and all that were asked
}

// failedShare is the share of the models that something can't be had of for good.
func (h holdings) failedShare() float64 {
	if h.asked == 0 {
		return 0
	}
	return float64(h.failed) / float64(h.asked)
}

// inventory is what a warehouse holds that people would miss.
type inventory struct {
	benchmarks map[string]*holdings // results that span several have a name of their own
	releases   map[string]bool      // by version
}

// inventory counts what the warehouse holds. Snapshots of earlier programs lack some
// tables and views: they say nothing of what these are about.
func (w *Warehouse) inventory(ctx context.Context) (inventory, error) {
	all := inventory{map[string]*holdings{}, map[string]bool{}}
	of := func(benchmark string) *holdings {
		if all.benchmarks[benchmark] == nil {
			all.benchmarks[benchmark] = &holdings{forms: map[string]int64{}}
		}
		return all.benchmarks[benchmark]
	}
	has := map[string]bool{}
	var name, benchmark, form string
	var n, m int64
	err := scanEach(ctx, w.db, `SELECT view_name FROM duckdb_views() WHERE NOT internal UNION ALL SELECT table_name FROM duckdb_tables()`,
		[]any{&name}, func() { has[name] = true })
	if err != nil {
		return all, fmt.Errorf("count what is held: %w", err)
	}
	leftOut := `SELECT NULL WHERE false`
	if has["vanished_models"] {
		leftOut = `SELECT model_id FROM vanished_models WHERE left_out`
	}
	for _, part := range []struct {
		from, query string
		into        []any
		keep        func()
	}{
		{"response_block", `SELECT b.benchmark, count(DISTINCT r.model_id), sum(r.observed_count)::BIGINT
			FROM response_block AS r JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
			WHERE r.model_id NOT IN (` + leftOut + `)
			GROUP BY b.benchmark`,
			[]any{&benchmark, &n, &m}, func() { of(benchmark).models, of(benchmark).answers = n, m }},
		{"selected_item", `SELECT benchmark, form, count(*) FROM selected_item WHERE form IN ('A', 'B') GROUP BY benchmark, form`,
			[]any{&benchmark, &form, &n}, func() { of(benchmark).forms[form] = n }},
		{"reconstruction_metric", `SELECT DISTINCT benchmark FROM reconstruction_metric`,
			[]any{&benchmark}, func() { of(benchmark).results = true }},
		{"crawl_status", `SELECT benchmark, permanent, models FROM crawl_status`,
			[]any{&benchmark, &n, &m}, func() { of(benchmark).failed, of(benchmark).asked = n, m }},
		{"release", `SELECT version FROM release`,
			[]any{&name}, func() { all.releases[name] = true }},
	} {
		if !has[part.from] {
			continue
		}
		if err := scanEach(ctx, w.db, part.query, part.into, part.keep); err != nil {
			return all, fmt.Errorf("count what is held: %w", err)
		}
	}
	return all, nil
}

// gates compares what the warehouse holds with what people have: the newest snapshot of
// the directory that can be read.
func (w *Warehouse) gates(ctx context.Context, dir string, limits Limits) ([]Finding, error) {
	ours, err := w.inventory(ctx)
	if err != nil {
		return nil, err
	}
	var answers int64
	for _, h := range ours.benchmarks {
		answers += h.answers
	}
	if answers == 0 {
		return []Finding{nothingLoaded(w.path, ours)}, nil
	}
	path := filepath.Join(dir, SnapshotName)
	isOurselves, err := w.isAt(path)
	if err != nil || isOurselves {
		return nil, err
	}
	var theirs inventory
	err = readSnapshot(ctx, Options{Now: w.now}, dir, func(r *Warehouse, at string) error {
		path = at
		theirs, err = r.inventory(ctx)
		return err
	})
	var found []Finding
	if errors.Is(err, errNoSnapshot) {
		theirs = inventory{}
		found, err = w.noSnapshot(dir)
	}
	if err != nil {
		return nil, err
	}
	for _, benchmark := range sortedKeys(theirs.benchmarks) {
		if ours.benchmarks[benchmark] == nil {
			ours.benchmarks[benchmark] = &holdings{}
		}
		found = append(found, limits.losses(benchmark, *ours.benchmarks[benchmark], *theirs.benchmarks[benchmark], path)...)
	}
	for _, version := range sortedKeys(theirs.releases) {
		if !ours.releases[version] {
			found = append(found, Finding{Check: "lost_releases", Severity: Gate, Object: "release " + version, Detail: "is in " + path + " and nowhere else",
				Remedy: "restore the snapshot, and crawl or import what it lacks, " + accept})
		}
	}
	for _, benchmark := range sortedKeys(ours.benchmarks) {
		before := 0.0
		if h := theirs.benchmarks[benchmark]; h != nil {
			before = h.failedShare()
		}
		found = append(found, limits.failures(benchmark, *ours.benchmarks[benchmark], before)...)
	}
	return found, nil
}

func nothingLoaded(path string, all inventory) Finding {
	f := Finding{Check: checkNothing, Severity: Gate, Object: path, Detail: "holds no answers, so that there is nothing to publish",
		Remedy: "crawl or import something"}
	var failed int64
	for _, h := range all.benchmarks {
		failed = max(failed, h.failed)
	}
	if failed > 0 {
		f.Detail = fmt.Sprintf("holds no answers: of %d models on the Hub nothing can be had", failed)
		f.Remedy = failuresQuery + " says why; metabench crawl --retry-failed once the cause is gone"
	}
	return f
}

// failuresQuery lists what could not be read.
const failuresQuery = `metabench query "from failure"`

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
			continue // reported once
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
		Detail: fmt.Sprintf("something of %d of %d models on the Hub (%s) can't be had for good, publish.max_failed tolerates %s", h.failed, h.asked, percent(share), percent(l.MaxFailed)),
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
