package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"metabench/analysis/response"
	"metabench/analysis/simulate"
	"metabench/corpus"
	"metabench/harness"
	"metabench/score"
)

// nights is a warehouse of two benchmarks whose corpus grows from night to night.
type nights struct {
	dir, db    string
	population *simulate.Population
}

func newNights(t *testing.T) *nights {
	t.Helper()
	n := &nights{dir: t.TempDir()}
	n.db = filepath.Join(n.dir, "metabench.duckdb")
	opts := simulate.Default(90, 4)
	opts.Gaps = 0
	opts.Benchmarks = nil
	catalogue := "benchmarks:\n"
	for _, name := range []string{"quiz", "riddle"} {
		opts.Benchmarks = append(opts.Benchmarks, corpus.Benchmark{Name: name, Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: name, Items: 45}}})
		catalogue += fmt.Sprintf("  - {name: %s, title: %s, metric: acc, shots: 0, options: 4, asked: continuation, harness: %s, items: 45}\n", name, name, name)
	}
	var err error
	if n.population, err = simulate.New(opts); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(n.dir, "catalogue.yaml")
	if err := os.WriteFile(path, []byte(catalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"METABENCH_BENCHMARKS": path, "METABENCH_BUILD_ITEMS": "8", "METABENCH_BUILD_SUBSETS": "10", "METABENCH_BUILD_PRESELECT": "16",
		"METABENCH_BUILD_TEST_SHARE": "0.2", "METABENCH_BUILD_VALIDATION_SHARE": "0.1", "METABENCH_PUBLISH_DIR": filepath.Join(n.dir, "published"),
		"XDG_CONFIG_HOME": n.dir,
	} {
		t.Setenv(name, value)
	}
	return n
}

// run runs a command line and returns its exit code and what it wrote.
func (n *nights) run(t *testing.T, args ...string) (code int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"--no-progress", "--warehouse", n.db}, args...)
	code = Run(t.Context(), args, IO{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// must runs a command line that must succeed.
func (n *nights) must(t *testing.T, args ...string) (out, errors string) {
	t.Helper()
	code, out, errors := n.run(t, args...)
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errors)
	}
	return out, errors
}

// column is the first column of a query's answer.
func (n *nights) column(t *testing.T, query string) []string {
	t.Helper()
	out, _ := n.must(t, "query", "--format", "csv", query)
	return strings.Split(strings.TrimSpace(out), "\n")[1:]
}

// load imports the answers of the first models to some items; all where items is nil.
func (n *nights) load(t *testing.T, models int, without map[string]bool) {
	t.Helper()
	for _, b := range n.population.Benchmarks {
		var text strings.Builder
		text.WriteString("model,item,correct\n")
		for i, model := range b.Table.Models[:models] {
			for j, item := range b.Table.Items {
				if a := b.Table.Answers.At(i, j); a != response.Missing && !without[b.Name+"/"+item] {
					fmt.Fprintf(&text, "%s,%s,%d\n", model, item, a)
				}
			}
		}
		path := filepath.Join(n.dir, b.Name+".csv")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		n.must(t, "import", path, "--benchmark", b.Name)
	}
}

// answer writes the log of a model's answers to the items of a form, as the harness
// would have asked them from an export of that day.
func (n *nights) answer(t *testing.T, items map[string][]string, model, name string) string {
	t.Helper()
	var tasks []harness.Task
	for _, b := range n.population.Benchmarks {
		row := slices.Index(b.Table.Models, model)
		task := harness.Task{Benchmark: b.Name, Form: harness.FormA, Model: model}
		var answers []uint8
		for _, item := range items[b.Name] {
			task.Items = append(task.Items, item)
			answers = append(answers, uint8(b.Table.Answers.At(row, slices.Index(b.Table.Items, item))))
		}
		task.Answers = map[harness.Metric][]uint8{{Name: "acc"}: answers}
		tasks = append(tasks, task)
	}
	files, err := harness.Log(model, time.Unix(0, 0), tasks)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(n.dir, name)
	for _, f := range files {
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// items are the items of a form by benchmark, as the results have it.
func (n *nights) items(t *testing.T, form string) map[string][]string {
	t.Helper()
	items := map[string][]string{}
	for _, line := range n.column(t, `SELECT concat(benchmark, '/', item) FROM selected_item WHERE form = '`+form+`' ORDER BY benchmark, position`) {
		benchmark, item, _ := strings.Cut(line, "/")
		items[benchmark] = append(items[benchmark], item)
	}
	return items
}

// A lab evaluates the items of a release after the first night, and is scored with the
// bundle of the third, whatever was selected since.
func TestReleaseHoldsWhileTheCorpusGrows(t *testing.T) {
	n := newNights(t)
	bundle := filepath.Join(n.dir, "v1.bundle")
	n.load(t, 60, nil)
	n.must(t, "build")
	if _, notes := n.must(t, "export", "bundle", bundle); !strings.Contains(notes, "the next build may select other items") {
		t.Errorf("nothing says that the items change: %q", notes)
	}
	out, _ := n.must(t, "release", "create", "v1", "--note", "first")
	if !strings.Contains(out, "release v1, identity ") {
		t.Errorf("created: %s", out)
	}
	released := n.items(t, "A")
	n.must(t, "export", "bundle", bundle)
	proposal := filepath.Join(n.dir, "proposal.bundle")
	n.must(t, "export", "bundle", proposal, "--release", "none")
	first, _, err := readBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if same, _, err := readBundle(proposal); err != nil || !bytes.Equal(same.Predictors[0].Data, first.Predictors[0].Data) || first.Release == nil {
		t.Errorf("%v: a new release does not score as the form that it was made of", err)
	}
	// A release of a part has no results of all together, whatever these are of.
	n.must(t, "release", "create", "part", "--benchmark", "quiz", "--form", "A")
	n.must(t, "export", "bundle", proposal, "--release", "part")
	if part, _, err := readBundle(proposal); err != nil || len(part.Benchmarks) != 1 || len(part.Predictors) != 1 {
		t.Errorf("%v: bundle of a part: %+v", err, part)
	}
	if got := n.column(t, `SELECT count(*) FROM prediction WHERE benchmark = 'mean' AND form = 'A@part'`); got[0] != "0" {
		t.Errorf("%s predictions of all together", got[0])
	}
	n.must(t, "release", "retire", "part")
	model := n.population.Benchmarks[0].Table.Models[85] // not in the corpus of the first two nights
	logs := n.answer(t, released, model, "logs")
	runs := map[string]bool{}
	for night, models := range []int{60, 75, 90} {
		n.load(t, models, nil)
		out, _ := n.must(t, "refresh", "--no-crawl", "--json")
		var did struct {
			Built    int `json:"built_benchmarks"`
			Releases int `json:"calibrated_releases"`
		}
		if err := json.Unmarshal([]byte(out), &did); err != nil {
			t.Fatal(err)
		}
		// The first has a new release to build, and finds what is there.
		if did.Releases != min(night, 1) || did.Built != 2 {
			t.Errorf("night %d: %s", night+1, out)
		}
		if got := n.items(t, "A@v1"); fmt.Sprint(got) != fmt.Sprint(released) {
			t.Errorf("night %d: the release has the items %v, want %v", night+1, got, released)
		}
		if _, notes := n.must(t, "export", "bundle", bundle); notes != "" {
			t.Errorf("night %d: %s", night+1, notes)
		}
		b, _, err := readBundle(bundle)
		if err != nil {
			t.Fatal(err)
		}
		if b.Release == nil || b.Release.Version != "v1" || len(b.Benchmarks) != 2 || len(b.Predictors) != 3 || runs[b.Run.ID] {
			t.Errorf("night %d: bundle of %+v by run %v with %d predictors", night+1, b.Release, b.Run.ID, len(b.Predictors))
		}
		runs[b.Run.ID] = true
		out, _ = n.must(t, "score", logs, "--bundle", bundle, "--json")
		var report score.Report
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatal(err)
		}
		for _, r := range report.Benchmarks {
			if len(r.Missing) > 0 || r.Score == nil || r.RMSE == nil || r.Score.Lower >= r.Score.Upper {
				t.Errorf("night %d, %s: no answers to %v, score %v, error %v", night+1, r.Benchmark, r.Missing, r.Score, r.RMSE)
			}
		}
		if night == 2 { // now the model is in the corpus
			n.wantStored(t, &report, "A@v1", model)
		}
	}
	if proposal := n.items(t, "A"); fmt.Sprint(proposal) == fmt.Sprint(released) {
		t.Error("selection proposes the same items as on the first night: this tests nothing")
	}
	out, _ = n.must(t, "score", logs, "--bundle", bundle)
	if !strings.Contains(out, ", form A of release v1, ") {
		t.Errorf("the table does not say the release:\n%s", out)
	}
	out, _ = n.must(t, "status")
	if !strings.Contains(out, "proposal_rmse") || strings.Count(out, "\nv1 ") != 6 {
		t.Errorf("status:\n%s", out)
	}
	// Three calibrations, compared with the first and with the previous one, of 2 forms,
	// 2 benchmarks and 8 items each.
	if got := n.column(t, `SELECT DISTINCT calibration FROM released_calibration ORDER BY ALL`); fmt.Sprint(got) != "[1 2 3]" {
		t.Errorf("calibrations %v", got)
	}
	if got := n.column(t, `SELECT concat(since, ' ', count(*), ' ', min(later_models) > max(earlier_models), ' ', count(*) FILTER (drifted)) FROM release_drift GROUP BY since ORDER BY ALL`); fmt.Sprint(got) != "[first 32 true 0 previous 32 true 0]" {
		t.Errorf("drift %v", got)
	}
	if out, _ := n.must(t, "check"); out != "" {
		t.Errorf("check: %s", out)
	}
	n.loseAnItem(t, released["quiz"][2], logs, bundle)
}

// loseAnItem imports the answers anew without a released item: every command notes it,
// and the release goes on with the others.
func (n *nights) loseAnItem(t *testing.T, item, logs, bundle string) {
	t.Helper()
	n.load(t, 90, map[string]bool{"quiz/" + item: true})
	n.must(t, "refresh", "--no-crawl")
	out, _ := n.must(t, "check")
	if !strings.Contains(out, "released_items_gone: release v1, form A of quiz: 1 item is not in the corpus") || !strings.Contains(out, ": "+item+"; import or crawl") {
		t.Errorf("check: %s", out)
	}
	_, notes := n.must(t, "export", "bundle", bundle)
	b, _, err := readBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes, "without 1 of its items, which have no answers any more: quiz/"+item) || !slices.Equal(b.Release.Gone, []string{"quiz/" + item}) || len(b.Benchmarks[0].Items) != 7 {
		t.Errorf("%d items, gone are %v: %s", len(b.Benchmarks[0].Items), b.Release.Gone, notes)
	}
	out, _ = n.must(t, "score", logs, "--bundle", bundle, "--json")
	var report score.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Benchmarks[0].Answered != 7 {
		t.Errorf("%v: %s", err, out)
	}
}

// wantStored compares a report with what the build predicted for the model.
func (n *nights) wantStored(t *testing.T, report *score.Report, form, model string) {
	t.Helper()
	got := map[string]*score.Score{"mean": report.Mean}
	for _, b := range report.Benchmarks {
		got[b.Benchmark] = b.Score
	}
	out, _ := n.must(t, "query", "--format", "json",
		`SELECT target, predicted, lower, upper FROM prediction WHERE benchmark = 'mean' AND form = '`+form+`' AND model = '`+model+`'`)
	var stored []struct {
		Target                  string
		Predicted, Lower, Upper float64
	}
	if err := json.Unmarshal([]byte(out), &stored); err != nil || len(stored) != 3 {
		t.Fatalf("%d targets, %v: %s", len(stored), err, out)
	}
	for _, want := range stored {
		if s := got[want.Target]; s == nil || s.Value != want.Predicted || s.Lower != want.Lower || s.Upper != want.Upper {
			t.Errorf("%s of %s: scored %+v, the build predicted %+v", want.Target, form, s, want)
		}
	}
}
