package warehouse

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Release is a version of forms that does not change any more.
type Release struct {
	Version     string         `json:"version"`
	Identity    string         `json:"identity"` // hash of its items
	CreatedAt   time.Time      `json:"created_at"`
	RetiredAt   *time.Time     `json:"retired_at"` // nil while builds calibrate it
	Note        string         `json:"note,omitempty"`
	RunID       string         `json:"run_id"` // of the results that it was made from
	CodeVersion string         `json:"code_version"`
	ConfigHash  string         `json:"config_hash"`
	Forms       []ReleasedForm `json:"forms"` // by benchmark, then form
}

// ReleasedForm is a release's items of one benchmark and form, in order.
type ReleasedForm struct {
	Benchmark string         `json:"benchmark"`
	Form      string         `json:"form"`
	RunID     string         `json:"run_id"` // whose form it was
	Items     []ReleasedItem `json:"items"`
}

// DesignSelected is the design of items that were selected by the answers of models.
const DesignSelected = "selected"

// ReleasedItem is an item of a released form.
type ReleasedItem struct {
	Task      string   `json:"task"`
	Item      string   `json:"item"`
	Hash      string   `json:"prompt_hash,omitempty"` // of the question; empty when unknown
	Design    string   `json:"design"`                // selected, given or sampled
	Inclusion *float64 `json:"inclusion"`             // probability it was sampled with; nil where it was chosen
	Present   bool     `json:"present"`               // the corpus has this very question
}

// Has reports whether the release has a form, of any benchmark.
func (r *Release) Has(form string) bool {
	return slices.ContainsFunc(r.Forms, func(f ReleasedForm) bool { return f.Form == form })
}

// Of is the release's form of a benchmark.
func (r *Release) Of(benchmark, form string) (ReleasedForm, bool) {
	k := slices.IndexFunc(r.Forms, func(f ReleasedForm) bool { return f.Benchmark == benchmark && f.Form == form })
	if k < 0 {
		return ReleasedForm{}, false
	}
	return r.Forms[k], true
}

// identity is the hash of all items in the order of benchmark, form and position. The
// check release_identity computes the same.
func (r *Release) identity() string {
	var lines []string
	for _, f := range r.Forms {
		for _, it := range f.Items {
			lines = append(lines, strings.Join([]string{f.Benchmark, f.Form, it.Task, it.Item, it.Hash}, "\x1f"))
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\x1e")))
	return hex.EncodeToString(sum[:])[:16]
}

// ReleaseError says why a release can't be made, found or used.
type ReleaseError struct{ Version, Problem, Remedy string }

func (e *ReleaseError) Error() string {
	return fmt.Sprintf("release %q %s: %s", e.Version, e.Problem, e.Remedy)
}

var versionName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,39}$`)

// checkVersion refuses names that could be taken for something else in results, on
// command lines or in file names.
func checkVersion(version string) error {
	if !versionName.MatchString(version) || slices.Contains([]string{"a", "b", "random", "none"}, version) {
		return &ReleaseError{version, "has a name that can't be used",
			"take up to 40 of a-z, 0-9, . and -, beginning with a letter or digit, and not a, b, random or none"}
	}
	return nil
}

// ReleaseOptions say what is released.
type ReleaseOptions struct {
	Version    string
	Forms      []string // none for those that are there
	Benchmarks []string // none for all that have results
	Note       string
	Together   string // benchmark under which results of all together are kept
}

// CreateRelease freezes forms as they are selected now. Their results as they are become
// the release's first ones, so that its bundle is there at once; builds renew them. twins
// are other releases with the very same items.
//
// Errors: *ReleaseError.
func (w *Warehouse) CreateRelease(ctx context.Context, o ReleaseOptions) (r Release, twins []string, err error) {
	if err := checkVersion(o.Version); err != nil {
		return r, nil, err
	}
	err = w.change(ctx, func(c *change) error {
		r = Release{Version: o.Version, Note: o.Note, CreatedAt: w.now().UTC().Truncate(time.Microsecond)}
		var known bool
		if err := c.conn.QueryRowContext(c.ctx, `SELECT EXISTS (FROM release WHERE version = ?)`, o.Version).Scan(&known); err != nil {
			return err
		}
		if known {
			return &ReleaseError{o.Version, "is there already", "what was released never changes; choose another version"}
		}
		if r.Forms, err = c.presentForms(o); err != nil {
			return err
		}
		r.Identity = r.identity()
		if err := c.originOf(&r, o.Together); err != nil {
			return err
		}
		var twin string
		if err := scanEach(c.ctx, c.conn, `SELECT version FROM release WHERE identity = ? ORDER BY created_at, version`,
			[]any{&twin}, func() { twins = append(twins, twin) }, r.Identity); err != nil {
			return err
		}
		if err := c.storeRelease(&r); err != nil {
			return err
		}
		return c.copyResults(&r, o.Together)
	})
	if release := (*ReleaseError)(nil); err != nil && !errors.As(err, &release) {
		err = fmt.Errorf("create release %s: %w", o.Version, err)
	}
	return r, twins, err
}

// presentForms are the forms that are selected now, of those asked for.
func (c *change) presentForms(o ReleaseOptions) ([]ReleasedForm, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	var all []ReleasedForm
	var f ReleasedForm
	it := ReleasedItem{Present: true}
	err := scanEach(c.ctx, c.conn, `
		SELECT s.benchmark, s.form, s.run_id, t.task, i.item, coalesce(i.prompt_hash, ''),
			CASE WHEN EXISTS (FROM selection_search AS x WHERE x.benchmark = s.benchmark AND x.form = s.form AND x.chosen) THEN 'selected' ELSE 'given' END
		FROM selected_item AS s
		JOIN benchmark AS b USING (benchmark)
		JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = s.item
		JOIN task AS t ON t.task_id = i.task_id
		WHERE `+exported+` AND (len($1::VARCHAR[]) = 0 OR list_contains($1::VARCHAR[], s.form))
			AND (len($2::VARCHAR[]) = 0 OR list_contains($2::VARCHAR[], s.benchmark))
		ORDER BY s.benchmark, s.form, s.position`,
		[]any{&f.Benchmark, &f.Form, &f.RunID, &it.Task, &it.Item, &it.Hash, &it.Design}, func() {
			if n := len(all); n == 0 || all[n-1].Benchmark != f.Benchmark || all[n-1].Form != f.Form {
				all = append(all, f)
			}
			last := &all[len(all)-1]
			last.Items = append(last.Items, it)
		}, list(o.Forms), list(o.Benchmarks))
	if err != nil {
		return nil, err
	}
	lacks := func(what string, wanted []string, of func(ReleasedForm) string) error {
		for _, name := range wanted {
			if !slices.ContainsFunc(all, func(f ReleasedForm) bool { return of(f) == name }) {
				return &ReleaseError{o.Version, "can't be made, " + what + " " + name + " has no selected items", "run metabench build first, for form B with build.forms at 2"}
			}
		}
		return nil
	}
	if err := lacks("form", o.Forms, func(f ReleasedForm) string { return f.Form }); err != nil {
		return nil, err
	}
	if err := lacks("benchmark", o.Benchmarks, func(f ReleasedForm) string { return f.Benchmark }); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, &ReleaseError{o.Version, "can't be made, nothing is selected yet", "run metabench build first"}
	}
	return all, nil
}

// list is a list as a parameter: never NULL.
func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// originOf says which run a release is made from: that of all benchmarks together, or
// of its only one.
func (c *change) originOf(r *Release, together string) error {
	of := r.Forms[0].Benchmark
	if slices.ContainsFunc(r.Forms, func(f ReleasedForm) bool { return f.Benchmark != of }) {
		var there bool
		if err := c.conn.QueryRowContext(c.ctx, `SELECT EXISTS (FROM reconstruction_model WHERE benchmark = ?)`, together).Scan(&there); err != nil {
			return err
		}
		if there {
			of = together
		}
	}
	row := c.conn.QueryRowContext(c.ctx, `
		SELECT run_id, code_version, config_hash FROM run
		WHERE run_id = (SELECT any_value(run_id) FROM reconstruction_model WHERE benchmark = ?)`, of)
	err := row.Scan(&r.RunID, &r.CodeVersion, &r.ConfigHash)
	if errors.Is(err, sql.ErrNoRows) {
		return &ReleaseError{r.Version, "can't be made, nothing is known of the run that the results of " + of + " are of", "run metabench build first"}
	}
	return err
}

func (c *change) storeRelease(r *Release) error {
	if err := c.append("release", r.Version, r.Identity, r.CreatedAt, nullable(r.Note), r.RunID, r.CodeVersion, r.ConfigHash, nil); err != nil {
		return err
	}
	for _, f := range r.Forms {
		for k, it := range f.Items {
			if err := c.append("released_item", r.Version, f.Form, f.Benchmark, int32(k+1), it.Task, it.Item, nullable(it.Hash), it.Design, nil, f.RunID); err != nil {
				return err
			}
		}
	}
	return nil
}

// RetireRelease ends the calibration of a release by builds, or takes that back. Its
// rows stay.
func (w *Warehouse) RetireRelease(ctx context.Context, version string, back bool) error {
	r, err := w.Release(ctx, version)
	if err != nil {
		return err
	}
	if (r.RetiredAt == nil) == back {
		return nil
	}
	err = w.change(ctx, func(c *change) error {
		if back {
			return c.exec(`UPDATE release SET retired_at = NULL WHERE version = ?`, version)
		}
		return c.exec(`UPDATE release SET retired_at = ? WHERE version = ?`, w.now().UTC(), version)
	})
	if err != nil {
		return fmt.Errorf("retire release %s: %w", version, err)
	}
	return nil
}

// Release reads a release with its items.
//
// Errors: *ReleaseError.
func (w *Warehouse) Release(ctx context.Context, version string) (Release, error) {
	all, err := w.Releases(ctx)
	if err != nil {
		return Release{}, err
	}
	names := make([]string, len(all))
	for k, r := range all {
		if r.Version == version {
			return r, nil
		}
		names[k] = r.Version
	}
	remedy := "metabench release create makes one of the forms that are selected now"
	if len(all) > 0 {
		remedy = "there are " + strings.Join(names, ", ")
	}
	return Release{}, &ReleaseError{version, "is not there", remedy}
}

// Releases reads all releases with their items, the newest first.
func (w *Warehouse) Releases(ctx context.Context) ([]Release, error) {
	var all []Release
	var r Release
	var retired sql.NullTime
	var there bool // a file that an older program published has no such table
	if err := w.db.QueryRowContext(ctx, `SELECT EXISTS (FROM duckdb_tables() WHERE table_name = 'release')`).Scan(&there); err != nil || !there {
		return nil, err
	}
	err := scanEach(ctx, w.db, `
		SELECT version, identity, created_at, retired_at, coalesce(note, ''), run_id, code_version, config_hash
		FROM release ORDER BY created_at DESC, version DESC`,
		[]any{&r.Version, &r.Identity, &r.CreatedAt, &retired, &r.Note, &r.RunID, &r.CodeVersion, &r.ConfigHash}, func() {
			r.RetiredAt = nil
			if retired.Valid {
				at := retired.Time
				r.RetiredAt = &at
			}
			all = append(all, r)
		})
	for k := 0; err == nil && k < len(all); k++ {
		all[k].Forms, err = w.releasedForms(ctx, all[k].Version)
	}
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	return all, nil
}

func (w *Warehouse) releasedForms(ctx context.Context, version string) ([]ReleasedForm, error) {
	var all []ReleasedForm
	var f ReleasedForm
	var it ReleasedItem
	var inclusion sql.NullFloat64
	err := scanEach(ctx, w.db, `
		SELECT r.benchmark, r.form, r.run_id, r.task, r.item, coalesce(r.prompt_hash, ''), r.design, r.inclusion, i.item IS NOT NULL
		FROM released_item AS r
		LEFT JOIN benchmark AS b ON b.benchmark = r.benchmark
		LEFT JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = r.item
			AND (r.prompt_hash IS NULL OR i.prompt_hash IS NULL OR i.prompt_hash = r.prompt_hash)
		WHERE r.version = ? ORDER BY r.benchmark, r.form, r.position`,
		[]any{&f.Benchmark, &f.Form, &f.RunID, &it.Task, &it.Item, &it.Hash, &it.Design, &inclusion, &it.Present}, func() {
			if n := len(all); n == 0 || all[n-1].Benchmark != f.Benchmark || all[n-1].Form != f.Form {
				all = append(all, f)
			}
			it.Inclusion = nil
			if inclusion.Valid {
				p := inclusion.Float64
				it.Inclusion = &p
			}
			last := &all[len(all)-1]
			last.Items = append(last.Items, it)
		}, version)
	return all, err
}
