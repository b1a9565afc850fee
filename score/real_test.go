package score

import (
	"context"
	"math"
	"slices"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/internal/refdata"
	"metabench/table"
)

// formB reads the published answers to form B and the scores on the whole benchmarks,
// of the first n models that have all of them, and calibrates the items on the first
// fitted of these.
func formB(t *testing.T, n, fitted int) (*reconstruct.Input, [][]irt.Item) {
	t.Helper()
	ctx := context.Background()
	in := &reconstruct.Input{}
	tables := map[string]*table.Responses{}
	scores := map[string]map[string]float64{}
	names := []string{"arc", "gsm8k", "hellaswag", "mmlu", "truthfulqa", "winogrande"}
	metrics := []string{"acc_norm", "acc", "acc_norm", "acc", "mc1", "acc"}
	for k, name := range names {
		r, err := table.ReadResponses(ctx, refdata.Path(t, "metabench-r", "responses-"+name+"-B.csv.gz"),
			table.ResponseOptions{Model: "model", Benchmark: name, Metric: metrics[k]})
		if err != nil {
			t.Fatal(err)
		}
		file := "thetas-" + name + "-B.csv.gz"
		if name == "hellaswag" {
			file = "lm-hellaswag-B.csv.gz"
		}
		frame, err := table.ReadFrame(ctx, refdata.Path(t, "metabench-r", file))
		if err != nil {
			t.Fatal(err)
		}
		models, err := frame.Strings("model")
		if err != nil {
			t.Fatal(err)
		}
		points, err := frame.Floats("score")
		if err != nil {
			t.Fatal(err)
		}
		tables[name], scores[name] = r, map[string]float64{}
		for i, m := range models {
			scores[name][m] = points[i]
		}
	}
	at := map[string][]int{} // rows of the tables, by benchmark
	for _, model := range tables["arc"].Models {
		rows := make([]int, len(names))
		whole := true
		for k, name := range names {
			_, scored := scores[name][model]
			if rows[k] = slices.Index(tables[name].Models, model); rows[k] < 0 || !scored {
				whole = false
				break
			}
		}
		if !whole {
			continue
		}
		for k, name := range names {
			at[name] = append(at[name], rows[k])
		}
		if in.Models = append(in.Models, model); len(in.Models) == n {
			break
		}
	}
	if len(in.Models) < n {
		t.Fatalf("%d models have all answers and scores, want %d", len(in.Models), n)
	}
	var curves [][]irt.Item
	for _, name := range names {
		r := tables[name]
		b := reconstruct.Benchmark{Name: name, Metric: r.Metric, Items: r.Items, Answers: r.Answers.SelectModels(at[name])}
		for _, m := range in.Models {
			b.Scores = append(b.Scores, scores[name][m])
		}
		in.Benchmarks = append(in.Benchmarks, b)
		first := make([]int, fitted)
		for i := range first {
			first[i] = i
		}
		fit, err := irt.Fit(ctx, b.Answers.SelectModels(first), irt.Options{Kind: irt.TwoPL, Prior: irt.WeakPrior(), Restarts: -1})
		if err != nil {
			t.Fatal(err)
		}
		curves = append(curves, fit.Items)
	}
	return in, curves
}

// On real answers the scores that come out of a harness's logs have the error that
// the reconstruction has on its test models, because they are the same numbers.
func TestScoreHasTheReconstructionsErrorOnRealAnswers(t *testing.T) {
	const models, fitted = 480, 400
	in, curves := formB(t, models, fitted)
	b := calibratedOn(t, in, curves, true, fitted)
	s := scorerOf(t, b)
	m := &reconstruct.Model{}
	if err := m.UnmarshalBinary(b.Predictors[0].Data); err != nil {
		t.Fatal(err)
	}
	var test response.TestSet
	for i := fitted; i < models; i++ {
		test.Rows = append(test.Rows, i)
	}
	want, err := m.PredictTest(in, test)
	if err != nil {
		t.Fatal(err)
	}
	var squares, reference float64
	n := 0
	for k, row := range test.Rows {
		r, err := s.Score(logged(t, in, row, nil), MinAnswered)
		if err != nil {
			t.Fatal(err)
		}
		for g, bench := range r.Benchmarks {
			got, y := bench.Score, want[k][g]
			if got.Value != y.Score || got.Lower != y.Lower || got.Upper != y.Upper {
				t.Fatalf("%s of %s: %+v, the reconstruction says %+v", bench.Benchmark, in.Models[row], *got, y)
			}
			truth := in.Benchmarks[g].Scores[row]
			squares += (got.Value - truth) * (got.Value - truth)
			reference += (y.Score - truth) * (y.Score - truth)
			n++
		}
	}
	rmse, of := math.Sqrt(squares/float64(n)), math.Sqrt(reference/float64(n))
	t.Logf("RMSE over %d models and %d benchmarks: %.3f points", len(test.Rows), len(in.Benchmarks), rmse)
	if rmse != of {
		t.Errorf("RMSE %.3f points, the reconstruction's is %.3f", rmse, of)
	}
}
