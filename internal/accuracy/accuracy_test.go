package accuracy

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/internal/refdata"
)

func TestSixSplitsKeepTestModelsApart(t *testing.T) {
	s := &study{dir: refdata.Path(t)}
	d, err := s.sixData(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.complete) != 2461 {
		t.Errorf("%d models have all answers, want 2461", len(d.complete))
	}
	random, err := d.randomSplit(1)
	if err != nil {
		t.Fatal(err)
	}
	byFamily, err := d.familySplit(1)
	if err != nil {
		t.Fatal(err)
	}
	for name, sp := range map[string]sixSplit{"random": random, "family": byFamily} {
		test, families := make(map[int]bool), make(map[string]bool)
		for _, i := range sp.test.Rows {
			test[i], families[d.family[i]] = true, true
		}
		if n := len(sp.test.Rows); n < 300 || n > 410 {
			t.Errorf("%s split: %d test models, want about 369", name, n)
		}
		for _, train := range []response.TrainSet{sp.same, sp.all} {
			for _, i := range train.Rows {
				if test[i] {
					t.Fatalf("%s split: model %s is trained on and tested", name, d.in.Models[i])
				}
				if name == "family" && families[d.family[i]] {
					t.Fatalf("family split: %s is trained on, its family %s tested", d.in.Models[i], d.family[i])
				}
			}
		}
		if len(sp.all.Rows) <= len(sp.same.Rows) {
			t.Errorf("%s split: %d models in all, %d with all answers", name, len(sp.all.Rows), len(sp.same.Rows))
		}
	}
}

// toy is a benchmark of four models and three items.
func toy() *whole {
	m := response.New(4, 3)
	for i, row := range [][]uint8{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 1, 1}} {
		m.SetRow(i, 0, row)
	}
	w := newWhole(&response.Table{Benchmark: "toy", Models: []string{"a", "b", "c", "d"}, Items: []string{"1", "2", "3"}, Answers: m}, response.Split{}, 1)
	w.split.Train.Rows = []int{0, 1, 2, 3}
	return w
}

func TestSharesUseTheWeights(t *testing.T) {
	w := toy()
	plain := shares(w, distill.Choice{Items: []int{0, 2}})
	weighted := shares(w, distill.Choice{Items: []int{0, 2}, Weights: []float64{0.25, 0.75}})
	for i, want := range []float64{0, 50, 50, 100} {
		if math.Abs(plain[i]-want) > 1e-12 {
			t.Errorf("model %d: share %g, want %g", i, plain[i], want)
		}
	}
	for i, want := range []float64{0, 25, 25, 100} {
		if math.Abs(weighted[i]-want) > 1e-12 {
			t.Errorf("model %d: weighted share %g, want %g", i, weighted[i], want)
		}
	}
}

func TestQuadraticFindsAParabola(t *testing.T) {
	w := toy()
	c := distill.Choice{Items: []int{0, 1, 2}}
	for i, x := range shares(w, c) {
		w.scores[i] = 10 + x/2 + x*x/500
	}
	got, err := quadratic(context.Background(), w, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if math.Abs(v-w.scores[i]) > 1e-5 {
			t.Errorf("model %d: %g, want %g", i, v, w.scores[i])
		}
	}
}

func TestPartialKeepsTheAnswersThatAreKnown(t *testing.T) {
	w := toy()
	w.items = []irt.Item{irt.FromDifficulty(1, 0, 0, 1), irt.FromDifficulty(1, 0, 0, 1), irt.FromDifficulty(1, 50, 0, 1)}
	got, err := partial(context.Background(), w, distill.Choice{Items: []int{0, 1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	// The third item is far too hard for anyone, so only the known answers count.
	for i, want := range []float64{0, 100.0 / 3, 200.0 / 3, 200.0 / 3} {
		if math.Abs(got[i]-want) > 1e-6 {
			t.Errorf("model %d: %g, want %g", i, got[i], want)
		}
	}
}

func TestMixedIsNeverWorseThanItsPartsInTraining(t *testing.T) {
	w := toy()
	w.items = []irt.Item{irt.FromDifficulty(1, -1, 0, 1), irt.FromDifficulty(1, 0, 0, 1), irt.FromDifficulty(1, 1, 0, 1)}
	c := distill.Choice{Items: []int{1}}
	sum := func(v []float64) (s float64) {
		for i := range v {
			s += (v[i] - w.scores[i]) * (v[i] - w.scores[i])
		}
		return s
	}
	p, err := partial(context.Background(), w, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mixed(context.Background(), w, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sum(m) > sum(p)+1e-9 || sum(m) > sum(shares(w, c))+1e-9 {
		t.Errorf("squared error %g, of p-IRT %g, of the share %g", sum(m), sum(p), sum(shares(w, c)))
	}
}

func TestCrossing(t *testing.T) {
	sizes, errors := []int{10, 100, 1000}, []float64{4, 2, 1}
	if got := crossing(sizes, errors, 3); math.Abs(got-math.Sqrt(1000)) > 1e-9 {
		t.Errorf("halfway between 10 and 100 items: %g, want %g", got, math.Sqrt(1000))
	}
	if got := crossing(sizes, errors, 0.5); !math.IsNaN(got) {
		t.Errorf("a level that is never reached: %g", got)
	}
}

func TestPoolAveragesBenchmarksAndTheirMean(t *testing.T) {
	in := &reconstruct.Input{Models: []string{"a"}}
	for _, y := range []float64{10, 20} {
		in.Benchmarks = append(in.Benchmarks, reconstruct.Benchmark{Scores: []float64{y}})
	}
	p := &pool{}
	p.add(in, 0, []reconstruct.Prediction{{Score: 11}, {Score: 23}, {Score: 17}})
	if got := p.each(nil, rmse); got != 2 {
		t.Errorf("RMSE each %g, want 2", got)
	}
	if got := p.mean(nil, rmse); got != 2 {
		t.Errorf("RMSE of the mean %g, want 2", got)
	}
}

func TestTableIsJSONWithoutNaN(t *testing.T) {
	table := Table{Section: "s", Title: "t", Columns: []Column{text("method"), number("RMSE", 2)}}
	table.add("a", math.NaN())
	table.add("b", 1.234)
	b, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"section":"s","title":"t","columns":["method","RMSE"],"rows":[["a",null],["b",1.234]]}`
	if string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	if table.Text(0, 1) != "–" || table.Text(1, 1) != "1.23" || table.Text(1, 0) != "b" {
		t.Errorf("cells %q, %q, %q", table.Text(0, 1), table.Text(1, 1), table.Text(1, 0))
	}
}

// What is missing is said before anything is measured, with where it was sought and what
// can be measured all the same.
func TestRunSaysWhichFilesAreMissingAndWhere(t *testing.T) {
	dir := t.TempDir()
	for _, path := range fewNeeds() {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Run(context.Background(), dir, Options{Only: []string{"single", "few"}})
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Section != "single" || !slices.Equal(missing.Files, []string{mmluProMathFile}) || !slices.Equal(missing.Ready, []string{"few"}) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{"section single: no oll2/mmlu_pro_math.parquet in " + dir, "--only few"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if _, err := Run(context.Background(), filepath.Join(dir, "absent"), Options{}); !errors.As(err, &missing) || missing.Section != "joint" || len(missing.Files) != 14 || strings.Contains(err.Error(), "--only") {
		t.Errorf("error %v", err)
	}
}

// The list of needs is that of what is read.
func TestReferenceDataHasWhatTheSectionsNeed(t *testing.T) {
	if err := check(refdata.Path(t), func(*section) bool { return true }); err != nil {
		t.Error(err)
	}
}

func TestRunRefusesAnUnknownSection(t *testing.T) {
	_, err := Run(context.Background(), t.TempDir(), Options{Only: []string{"everything"}})
	if err == nil || !strings.Contains(err.Error(), "everything") {
		t.Errorf("error %v", err)
	}
}
