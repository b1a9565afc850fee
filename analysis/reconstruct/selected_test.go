package reconstruct

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"metabench/analysis/response"
)

// noise makes models with nothing but chance in their answers, and a selection of
// the items that happen to go with the training models' scores.
func noise(seed uint64, models, items, chosen int) (*Input, Selection) {
	rng := rand.New(rand.NewPCG(seed, 9))
	all := response.New(models, items)
	whole := Benchmark{Name: "noise", Metric: "acc", Answers: all}
	names := make([]string, models)
	for i := range models {
		names[i] = fmt.Sprint("model ", i)
		whole.Scores = append(whole.Scores, 50+10*rng.NormFloat64())
		for j := range items {
			all.Set(i, j, response.Answer(rng.IntN(2)))
		}
	}
	choose := func(_ context.Context, train response.TrainSet) (*Input, error) {
		gain, order := make([]float64, items), make([]int, items)
		for j := range items {
			order[j] = j
			for _, i := range train.Rows {
				if all.At(i, j) == response.Correct {
					gain[j] += whole.Scores[i] - 50
				}
			}
		}
		sort.Slice(order, func(a, b int) bool { return gain[order[a]] > gain[order[b]] })
		b := whole
		b.Answers = all.SelectItems(order[:chosen])
		for _, j := range order[:chosen] {
			b.Items = append(b.Items, fmt.Sprint(j))
		}
		return &Input{Models: names, Benchmarks: []Benchmark{b}}, nil
	}
	in, err := choose(context.Background(), response.TrainSet{})
	if err != nil {
		panic(err)
	}
	return in, choose
}

func TestFitSelectedIsNotFooledByChosenItems(t *testing.T) {
	in, choose := noise(1, 240, 300, 30)
	split := halves(in)
	cover := func(m *Model, in *Input) float64 {
		predictions, err := m.PredictTest(in, split.Test)
		if err != nil {
			t.Fatal(err)
		}
		var truth []float64
		var p []Prediction
		for k, i := range split.Test.Rows {
			truth, p = append(truth, in.Benchmarks[0].Scores[i]), append(p, predictions[k][0])
		}
		all, _ := Evaluate(truth, p)
		return all.Coverage
	}
	m, chosen, err := FitSelected(context.Background(), choose, split.Train, Options{})
	if err != nil {
		t.Fatal(err)
	}
	honest := cover(m, chosen)
	if honest < 0.83 {
		t.Errorf("intervals of 90 %% hold %.0f %% of new scores", 100*honest)
	}
	if naive := cover(fit(t, chosen, split.Train, Options{}), chosen); naive > honest-0.1 {
		t.Errorf("intervals that ignore the choice hold %.0f %%, cross-fitted ones %.0f %%: the test shows no difference",
			100*naive, 100*honest)
	}
}

func TestFoldsHoldEveryModelOutOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "models")
		opts := Options{Seed: rapid.Uint64().Draw(t, "seed"), Folds: rapid.IntRange(2, 7).Draw(t, "folds")}
		train := response.TrainSet{}
		for i := range n {
			train.Rows = append(train.Rows, 2*i)
		}
		if rapid.Bool().Draw(t, "grouped") {
			for range 2 * n {
				opts.Groups = append(opts.Groups, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "group"))
			}
		}
		var held []int
		for _, f := range folds(train, opts) {
			held = append(held, f.held...)
			both := slices.Concat(f.rest.Rows, f.held)
			slices.Sort(both)
			if !slices.Equal(both, train.Rows) {
				t.Fatalf("a fold of %v and %v is not all of the training models", f.held, f.rest.Rows)
			}
			for _, i := range f.rest.Rows {
				for _, j := range f.held {
					if opts.Groups != nil && opts.Groups[i] == opts.Groups[j] {
						t.Fatalf("models %d and %d of one group are on both sides", i, j)
					}
				}
			}
		}
		slices.Sort(held)
		if !slices.Equal(held, train.Rows) {
			t.Fatalf("held out %v, want each of %v once", held, train.Rows)
		}
	})
}

func TestPointsOnlyEstimatesNearlyTheSame(t *testing.T) {
	in := population(13, 100, 20, 20)
	split := halves(in)
	full := fit(t, in, split.Train, Options{Iterations: 5})
	points := fit(t, in, split.Train, Options{Iterations: 5, PointsOnly: true})
	for _, i := range split.Test.Rows {
		a, err := full.PredictRow(in, i)
		if err != nil {
			t.Fatal(err)
		}
		b, err := points.PredictRow(in, i)
		if err != nil {
			t.Fatal(err)
		}
		for g := range a {
			// Without models left out, the weight of the process is the usual one.
			if math.Abs(a[g].Score-b[g].Score) > 10 || b[g].Lower != 0 || b[g].Upper != 100 {
				t.Fatalf("with intervals %+v, without %+v", a[g], b[g])
			}
		}
	}
}
