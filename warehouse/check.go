package warehouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"metabench/corpus"
	schema "metabench/sql"
)

// Severity is how bad a finding is.
type Severity string

// The severities, worst first.
const (
	Damage  Severity = "damage"  // answers or results are missing or wrong; nothing is published
	Gate    Severity = "gate"    // sound, but nothing is published before somebody has looked
	Warning Severity = "warning" // worth a look; the data are what was loaded
	Note    Severity = "note"    // harmless
)

var severityOrder = map[Severity]int{Damage: 0, Gate: 1, Warning: 2, Note: 3}

// Finding is one thing that a check found.
type Finding struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Object   string   `json:"object"`
	Detail   string   `json:"detail"`
	Remedy   string   `json:"remedy"`
	Repaired bool     `json:"repaired"`
}

func (f Finding) String() string {
	s := fmt.Sprintf("%s: %s: %s: %s", f.Severity, f.Check, f.Object, f.Detail)
	if f.Repaired {
		return s + " (repaired)"
	}
	return s + "; " + f.Remedy
}

// Damaged reports whether any finding is damage that was not repaired.
func Damaged(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Damage && !f.Repaired })
}

// Gated reports whether any finding keeps the warehouse from being published.
func Gated(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Gate && !f.Repaired })
}

// CheckOptions says how deep to look.
type CheckOptions struct {
	Published string // directory of the snapshots that the gates compare with; empty not to look at gates
	Limits    Limits // of the gates
	ReadData  bool   // read and hash every answer and every source file that is at hand
	Repair    bool   // mend what can be mended without losing anything
}

// Check compares the warehouse with its manifest and ledger and runs the queries
// of sql/checks. It returns everything it found, worst first; an error means that
// it could not look.
func (w *Warehouse) Check(ctx context.Context, o CheckOptions) ([]Finding, error) {
	var all []Finding
	err := w.View(ctx, func(v *Warehouse) (err error) {
		all, err = v.look(ctx, o)
		return err
	})
	if err != nil && ctx.Err() == nil && isDamage(err) { // so much that there is no view
		all, err = append(all, w.unreadable(err)), nil
	}
	if err != nil {
		return all, fmt.Errorf("check warehouse %s: %w", w.path, err)
	}
	all = onlyFirst(onlyFirst(all, checkUnreadable), checkOlder)
	if o.Repair && !w.readOnly && !slices.ContainsFunc(all, isUnreadable) {
		if err := w.repair(ctx, all); err != nil {
			return all, fmt.Errorf("repair warehouse %s: %w", w.path, err)
		}
	}
	worstFirst(all)
	return all, nil
}

func worstFirst(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Compare(severityOrder[a.Severity], severityOrder[b.Severity])
	})
}

// look makes every check of a view.
func (w *Warehouse) look(ctx context.Context, o CheckOptions) ([]Finding, error) {
	var all []Finding
	steps := []func(context.Context) ([]Finding, error){w.checkLost, w.checkLedger, w.checkQueries, w.checkResults, w.checkKeptSums}
	if o.ReadData {
		steps = append(steps, w.checkBlocks, w.checkTables)
	}
	steps = append(steps, func(ctx context.Context) ([]Finding, error) { return w.checkSources(ctx, o.ReadData) })
	if o.Published != "" {
		steps = append(steps, func(ctx context.Context) ([]Finding, error) { return w.gates(ctx, o.Published, o.Limits) })
	}
	for _, step := range steps {
		found, err := step(ctx)
		all = append(all, found...)
		if slices.ContainsFunc(all, isUnreadable) && isAborted(err) {
			continue
		}
		if err != nil && ctx.Err() == nil && isDamage(err) { // the other steps may still find something
			all = append(all, w.unreadable(err))
			continue
		}
		if w.older && lacksObject(err) { // what it lacks is not there to be checked
			all = append(all, Finding{Check: checkOlder, Severity: Warning, Object: w.path,
				Detail: "has the schema of an earlier version, so that not everything can be checked: " + firstLine(err),
				Remedy: "metabench check --repair, or any command that writes, brings it up to date; of a snapshot publish a new one"})
			continue
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// checkOlder is the finding that the schema is an earlier one.
const checkOlder = "older_schema"

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// quality is a query of sql/checks with what its header says.
type quality struct {
	name, query string
	severity    Severity
	remedy      string
}

func qualityChecks() ([]quality, error) {
	files, err := readMigrations(schema.Files, "checks")
	if err != nil {
		return nil, err
	}
	checks := make([]quality, len(files))
	for k, f := range files {
		checks[k] = quality{name: f.name, query: f.text, severity: Severity(header(f.text, "Severity")), remedy: header(f.text, "Remedy")}
		if _, ok := severityOrder[checks[k].severity]; !ok || checks[k].remedy == "" {
			return nil, fmt.Errorf("check %s: its header lacks a severity or a remedy", f.name)
		}
	}
	return checks, nil
}

// header returns the value of a line "-- Key: value" in front of a query.
func header(text, key string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "-- "+key+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (w *Warehouse) checkQueries(ctx context.Context) ([]Finding, error) {
	checks, err := qualityChecks()
	if err != nil {
		return nil, err
	}
	var found []Finding
	var lacking error
	for _, c := range checks {
		f := Finding{Check: c.name, Severity: c.severity, Remedy: c.remedy}
		err := scanEach(ctx, w.db, c.query, []any{&f.Object, &f.Detail}, func() { found = append(found, f) })
		if w.older && lacksObject(err) { // the others can still be asked
			lacking = errors.Join(lacking, fmt.Errorf("%s: %w", c.name, err))
			continue
		}
		if err != nil {
			return found, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return found, lacking
}

// objects are what a query of sql/checks finds fault with.
func (w *Warehouse) objects(ctx context.Context, check string) (map[string]bool, error) {
	found, err := w.checkQueries(ctx)
	objects := map[string]bool{}
	for _, f := range found {
		if f.Check == check {
			objects[f.Object] = true
		}
	}
	return objects, err
}

// checkResults reports results whose inputs have changed since.
func (w *Warehouse) checkResults(ctx context.Context) ([]Finding, error) {
	var found []Finding
	inputs := map[string]string{}
	var benchmark, input string
	err := scanEach(ctx, w.db, `
		SELECT DISTINCT m.benchmark, r.input_fingerprint
		FROM (SELECT benchmark, run_id FROM selected_item UNION SELECT benchmark, run_id FROM reconstruction_metric) AS m
		JOIN run AS r USING (run_id) JOIN benchmark AS b ON b.benchmark = m.benchmark`,
		[]any{&benchmark, &input}, func() { inputs[benchmark] = input })
	if err != nil {
		return nil, err
	}
	for _, benchmark := range sortedKeys(inputs) {
		now, err := w.Fingerprint(ctx, benchmark)
		if err != nil {
			return found, err
		}
		if now != inputs[benchmark] {
			found = append(found, Finding{Check: "stale_results", Severity: Warning, Object: benchmark,
				Detail: "answers, items or limits have changed since its results were computed", Remedy: "metabench build --benchmark " + benchmark})
		}
	}
	return found, nil
}

// checkKeptSums compares the kept item sums with their definition by the total of
// each: cheap, and what a wrong sum could not pass.
func (w *Warehouse) checkKeptSums(ctx context.Context) ([]Finding, error) {
	var found []Finding
	f := Finding{Check: "kept_sums", Severity: Damage, Remedy: "metabench check --repair adds them up again"}
	err := scanEach(ctx, w.db, `
		SELECT c.benchmark, concat('sums of ', sum(k.n), ' answers, ', sum(k.sum_x), ' correct; there are ', any_value(c.observed), ', ', any_value(c.correct))
		FROM item_sum AS k JOIN analysed_state AS c ON c.benchmark_id = k.benchmark_id AND c.fingerprint = k.fingerprint
		GROUP BY c.benchmark HAVING sum(k.n) <> any_value(c.observed) OR sum(k.sum_x) <> any_value(c.correct)`,
		[]any{&f.Object, &f.Detail}, func() { found = append(found, f) })
	return found, err
}

// checkBlocks reads every answer and compares counts and hash.
func (w *Warehouse) checkBlocks(ctx context.Context) ([]Finding, error) {
	names, err := readNames(ctx, w.db)
	if err != nil {
		return nil, err
	}
	sums := map[blockKey]blockSum{}
	var key blockKey
	var s blockSum
	err = scanEach(ctx, w.db, `SELECT model_id, task_id, correct_count, observed_count, hash FROM response_block`,
		[]any{&key.model, &key.task, &s.correct, &s.observed, &s.hash}, func() { sums[key] = s })
	if err != nil {
		return nil, err
	}
	var found []Finding
	err = w.answers.each(ctx, `SELECT model_id, task_id, correct FROM response_block WHERE model_id >= $1`, 0, func(model, task int32, correct []uint8) {
		t := names.tasks[task]
		got := sumBlock(corpus.Block{Model: names.models[model], Benchmark: t.benchmark, Task: t.task, Correct: correct})
		if want := sums[blockKey{model, task}]; got != want {
			found = append(found, Finding{Check: "block_hash", Severity: Damage,
				Object: fmt.Sprintf("%s, task %s", names.models[model], t.task),
				Detail: fmt.Sprintf("%d answers, %d correct, hash %016x; stored are %d, %d, %016x", got.observed, got.correct, got.hash, want.observed, want.correct, want.hash),
				Remedy: "import or crawl the model again"})
		}
	})
	return found, err
}

// names are the dimensions by key.
type names struct {
	models map[int32]string
	tasks  map[int32]taskKey
}

func readNames(ctx context.Context, q querier) (names, error) {
	n := names{map[int32]string{}, map[int32]taskKey{}}
	var id int32
	var name string
	if err := scanEach(ctx, q, `SELECT model_id, model FROM model`, []any{&id, &name}, func() { n.models[id] = name }); err != nil {
		return n, err
	}
	var t taskKey
	err := scanEach(ctx, q, `SELECT t.task_id, b.benchmark, t.task FROM task AS t JOIN benchmark AS b USING (benchmark_id)`,
		[]any{&id, &t.benchmark, &t.task}, func() { n.tasks[id] = t })
	return n, err
}

// checkTables reads every other table whole, which makes DuckDB compare the
// checksums of its blocks.
func (w *Warehouse) checkTables(ctx context.Context) ([]Finding, error) {
	_, err := w.TableHashes(ctx)
	return nil, err
}

// checkUnreadable is the finding that DuckDB cannot read a part of the file.
const checkUnreadable = "unreadable"

func isUnreadable(f Finding) bool { return f.Check == checkUnreadable }

func (w *Warehouse) unreadable(err error) Finding {
	return Finding{Check: checkUnreadable, Severity: Damage, Object: w.path, Detail: err.Error(),
		Remedy: "metabench check --read-data --repair puts the file aside; then crawl and import again, or restore the latest snapshot"}
}

// onlyFirst drops all findings of a check but the first: a file that DuckDB has given
// up fails every step.
func onlyFirst(findings []Finding, check string) []Finding {
	seen := false
	return slices.DeleteFunc(findings, func(f Finding) bool {
		again := seen && f.Check == check
		seen = seen || f.Check == check
		return again
	})
}
