package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis"
	"metabench/analysis/simulate"
	"metabench/config"
	"metabench/corpus"
	"metabench/warehouse"
)

// catalogue is a suite of two small benchmarks.
var catalogue = []corpus.Benchmark{
	{Name: "left", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "left", Items: 30}}},
	{Name: "right", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "right", Items: 24}}},
}

// newPipeline has a warehouse of its own in which 90 simulated models answered the
// catalogue, each called by rename.
func newPipeline(t *testing.T, rename func(int, string) string) *Pipeline {
	t.Helper()
	w, err := warehouse.Create(t.Context(), warehouse.Options{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	o := simulate.Default(90, 5)
	o.Gaps, o.Benchmarks = 0, catalogue
	population, err := simulate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	in := corpus.Import{Benchmarks: catalogue}
	for _, b := range population.Benchmarks {
		for k, item := range b.Table.Items {
			in.Items = append(in.Items, corpus.Item{Benchmark: b.Name, Task: b.Name, Position: k, Key: item})
		}
		for i, model := range b.Table.Models {
			in.Blocks = append(in.Blocks, blockOf(b.Name, rename(i, model), func(k int) uint8 { return uint8(b.Table.Answers.At(i, k)) }, len(b.Table.Items)))
		}
	}
	if _, err := w.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Build.Subsets, cfg.Build.Items = 20, 6
	p := New(Options{Warehouse: w, Config: cfg, Catalogue: catalogue, CodeVersion: "test"})
	t.Cleanup(func() {
		if err := p.w.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func blockOf(benchmark, model string, answer func(int) uint8, items int) corpus.Block {
	b := corpus.Block{Model: model, Benchmark: benchmark, Task: benchmark, File: corpus.File{Path: benchmark + ".csv"}}
	for k := range items {
		b.Correct = append(b.Correct, answer(k))
	}
	return b
}

func sameName(_ int, name string) string { return name }

// rows are what a query answers, a line a row. The warehouse is open for reading
// meanwhile.
func rows(t *testing.T, p *Pipeline, query string) []string {
	t.Helper()
	o := warehouse.Options{Path: p.w.Path()}
	if err := p.w.Close(); err != nil {
		t.Fatal(err)
	}
	reader, err := warehouse.OpenReadOnly(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := reader.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for {
		values, ok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		all = append(all, strings.Trim(fmt.Sprint(values), "[]"))
	}
	if err := errors.Join(r.Close(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	if p.w, err = warehouse.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return all
}

func mustBuild(t *testing.T, p *Pipeline, benchmarks ...string) Built {
	t.Helper()
	did, err := p.Build(t.Context(), benchmarks, "")
	if err != nil {
		t.Fatal(err)
	}
	return did
}

// saturated is a benchmark that all models solve.
func saturated(t *testing.T, p *Pipeline, name string) {
	t.Helper()
	in := corpus.Import{}
	for k := range 20 {
		in.Items = append(in.Items, corpus.Item{Benchmark: name, Task: name, Position: k, Key: fmt.Sprint(k)})
	}
	for i := range 90 {
		in.Blocks = append(in.Blocks, blockOf(name, fmt.Sprint("model ", i), func(int) uint8 { return 1 }, 20))
	}
	if _, err := p.w.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestDegenerateBenchmarksDoNotStopOthers(t *testing.T) {
	p := newPipeline(t, sameName)
	saturated(t, p, "a-saturated")
	did := mustBuild(t, p)
	if want := []string{"left", "right", analysis.JointName}; !slices.Equal(did.Benchmarks, want) {
		t.Errorf("built %v, want %v", did.Benchmarks, want)
	}
	if got := did.Without(); !slices.Equal(got, []string{"a-saturated"}) {
		t.Errorf("left out %v", got)
	}
	got := rows(t, p, `SELECT benchmark, part, reason FROM left_out WHERE part = 'benchmark'`)
	if len(got) != 1 || !strings.Contains(got[0], "20: no variance, too easy") {
		t.Errorf("the table left_out says %q", got)
	}
	if got := rows(t, p, `SELECT left_out, stale FROM benchmark_status WHERE benchmark = 'a-saturated'`); !slices.Equal(got, []string{"benchmark false"}) {
		t.Errorf("status says %q", got)
	}
	pending, err := p.Pending(t.Context())
	if err != nil || len(pending) > 0 {
		t.Errorf("pending after a build: %v, %v", pending, err)
	}
	if did, err := p.Build(t.Context(), []string{"a-saturated"}, ""); err == nil || len(did.Benchmarks) > 0 {
		t.Errorf("a benchmark that was asked for by name is left out: %+v, %v", did, err)
	}
	// Its answers changed: results that it had would be of others.
	if got := rows(t, p, `SELECT DISTINCT benchmark FROM reconstruction_metric ORDER BY 1`); !slices.Equal(got, []string{"left", "mean", "right"}) {
		t.Errorf("results of %v", got)
	}
	mustWriteKnownNames(t, p)
}

func TestResultsOfWhatBecameDegenerateGo(t *testing.T) {
	p := newPipeline(t, sameName)
	mustBuild(t, p)
	p.opts.Config.Build.MinModels = 91
	did := mustBuild(t, p)
	if len(did.Benchmarks) > 0 || !slices.Equal(did.Without(), []string{"left", "right"}) {
		t.Errorf("built %v, left out %v", did.Benchmarks, did.Without())
	}
	if got := rows(t, p, `FROM prediction`); len(got) > 0 {
		t.Errorf("%d predictions of benchmarks that can't be built", len(got))
	}
	if got := rows(t, p, `SELECT part FROM left_out WHERE benchmark = 'mean'`); !slices.Equal(got, []string{"benchmark"}) {
		t.Errorf("of the mean, %v is left out", got)
	}
}

var errInjected = errors.New("injected failure")

// failing is a cache in which one stage can't be kept.
type failing struct {
	analysis.Cache
	benchmark, stage string
}

func (c failing) StoreStage(ctx context.Context, benchmark, stage, fingerprint string, output []byte) error {
	if benchmark == c.benchmark && stage == c.stage {
		return errInjected
	}
	return c.Cache.StoreStage(ctx, benchmark, stage, fingerprint, output)
}

// A failure of one benchmark leaves the others' results and every stage that was
// finished.
func TestFailuresKeepWhatIsFinished(t *testing.T) {
	p := newPipeline(t, sameName)
	var computed []string
	p.opts.Report = func(stage string, done, _ int) {
		if done == 0 {
			computed = append(computed, stage)
		}
	}
	p.build = func(ctx context.Context, d *analysis.Data, o analysis.Options, c analysis.Cache, r analysis.Reporter) (*analysis.Distilled, error) {
		return analysis.Build(ctx, d, o, failing{c, "left", "chance A"}, r)
	}
	did, err := p.Build(t.Context(), nil, "")
	if !errors.Is(err, errInjected) || !strings.Contains(err.Error(), "left") {
		t.Fatalf("error %v, want the injected one with the benchmark's name", err)
	}
	if !slices.Equal(did.Benchmarks, []string{"right"}) {
		t.Errorf("built %v, want the other benchmark", did.Benchmarks)
	}
	if got := rows(t, p, `SELECT DISTINCT benchmark FROM reconstruction_metric`); !slices.Equal(got, []string{"right"}) {
		t.Errorf("results of %v", got)
	}
	if got := rows(t, p, `SELECT status, count(*) FROM run_attempt GROUP BY status ORDER BY status`); !slices.Equal(got, []string{"done 1", "failed 1"}) {
		t.Errorf("attempts: %v", got)
	}
	pending, err := p.Pending(t.Context())
	if err != nil || !slices.Equal(pending, []string{"left"}) {
		t.Errorf("pending: %v, %v", pending, err)
	}
	p.build, computed = analysis.Build, nil
	mustBuild(t, p)
	for _, stage := range computed {
		switch stage {
		case "left chance A", "left chance B", "left learning curve", "mean reconstruct A", "mean reconstruct B":
		default:
			if !strings.HasSuffix(stage, "family") {
				t.Errorf("%s was computed again", stage)
			}
		}
	}
	if !slices.Contains(computed, "left chance A") {
		t.Error("the stage that failed was not computed again")
	}
}

func TestWrongNamesAreRefusedAtOnce(t *testing.T) {
	p := newPipeline(t, sameName)
	for name, c := range map[string]struct {
		benchmarks  []string
		stage, want string
	}{
		"benchmark": {[]string{"left", "rigth"}, "", `no answers to benchmark "rigth" (did you mean "right"?); it has left, right`},
		"stage":     {nil, "chose", `no stage "chose" (did you mean "choose"?); the stages are split, preselect,`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Build(t.Context(), c.benchmarks, c.stage)
			var setting *SettingError
			if !errors.As(err, &setting) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
	if got := rows(t, p, `FROM run`); len(got) > 0 {
		t.Errorf("something was built: %v", got)
	}
}

func TestNamesAskedForTwiceAreOne(t *testing.T) {
	p := newPipeline(t, sameName)
	did := mustBuild(t, p, "left", "left")
	if !slices.Equal(did.Benchmarks, []string{"left"}) {
		t.Errorf("built %v", did.Benchmarks)
	}
	if got := rows(t, p, `SELECT count(*) FROM run_attempt WHERE status = 'done'`); !slices.Equal(got, []string{"2"}) { // and why there is no mean
		t.Errorf("%v attempts", got)
	}
	if got := rows(t, p, `SELECT reason FROM left_out WHERE benchmark = 'mean'`); len(got) != 1 || !strings.Contains(got[0], "right: this build was asked for others only") {
		t.Errorf("why there is no mean: %q", got)
	}
}

// Joint results are of the forms that there are: when a form changes alone, they go, and
// the next whole build makes them again.
func TestJointResultsOfEarlierFormsGo(t *testing.T) {
	p := newPipeline(t, sameName)
	mustBuild(t, p)
	mustBuild(t, p, "left") // nothing changed
	if got := rows(t, p, `FROM joint_reconstruction`); len(got) == 0 {
		t.Fatal("joint results went although no form changed")
	}
	p.opts.Config.Build.Items = 5
	did := mustBuild(t, p, "left")
	if got := rows(t, p, `FROM joint_reconstruction`); len(got) > 0 {
		t.Errorf("%d joint results of a form that is another now", len(got))
	}
	if lines := strings.Join(did.Lines(), "\n"); !strings.Contains(lines, "mean, benchmark: ") {
		t.Errorf("not a word about it: %s", lines)
	}
	p.opts.Config.Build.Items = 6
	pending, err := p.Pending(t.Context())
	if err != nil || len(pending) == 0 {
		t.Errorf("nothing is pending: %v", err)
	}
	mustBuild(t, p)
	if got := rows(t, p, `FROM joint_reconstruction`); len(got) == 0 {
		t.Error("a build of all makes no joint results")
	}
}

// The same answers under other names, in another order, give the same numbers.
func TestRenamedModelsGiveTheSameNumbers(t *testing.T) {
	name := func(i int, _ string) string { return fmt.Sprintf("model-%03d", i) }
	renamed := func(i int, _ string) string { return fmt.Sprintf("other-%03d", 999-7*i) }
	numbers := func(rename func(int, string) string) []string {
		p := newPipeline(t, rename)
		mustBuild(t, p)
		var all []string
		for _, query := range []string{
			`SELECT * EXCLUDE run_id FROM reconstruction_metric ORDER BY ALL`,
			`SELECT * EXCLUDE run_id FROM selected_item ORDER BY ALL`,
			`SELECT * EXCLUDE run_id FROM item_parameter ORDER BY ALL`,
			`SELECT * EXCLUDE (run_id, model) FROM prediction ORDER BY ALL`,
		} {
			all = append(all, rows(t, p, query)...)
		}
		return all
	}
	if diff := cmp.Diff(numbers(name), numbers(renamed)); diff != "" {
		t.Error(diff)
	}
}
