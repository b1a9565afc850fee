package survey

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis/response"
)

// people are models that answer by a Rasch model, the abler the higher their number.
func people(models, items int) *response.Matrix {
	m := response.New(models, items)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range models {
		ability := 4*float64(i)/float64(models) - 2
		for j := range items {
			m.Set(i, j, response.Wrong)
			if rng.Float64() < 1/(1+math.Exp(4*float64(j)/float64(items)-2-ability)) {
				m.Set(i, j, response.Correct)
			}
		}
	}
	return m
}

// split learns from the first models and tests the others.
func split(m *response.Matrix, train int) (tr response.TrainSet, te response.TestSet) {
	models, _ := m.Dims()
	for i := range models {
		if i < train {
			tr.Rows = append(tr.Rows, i)
		} else {
			te.Rows = append(te.Rows, i)
		}
	}
	return tr, te
}

func frame(t *testing.T, m *response.Matrix, train int) *Frame {
	t.Helper()
	tr, _ := split(m, train)
	f, err := NewFrame(m, tr)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The estimate is right on average over the draws for a model that is nothing like those
// learned from: here its answers are the opposite of what they predict.
func TestEstimateIsUnbiasedWhateverTheModelIsLike(t *testing.T) {
	const items, asked, runs = 24, 6, 3000
	m := people(60, items)
	f := frame(t, m, 59)
	answer := make([]bool, items)
	right := 0.0
	for j := range answer {
		answer[j] = j > items/2
		if answer[j] {
			right++
		}
	}
	truth := 100 * right / items
	for name, next := range map[string]func(s *Sample, form []Draw, rng *rand.Rand) Draw{
		"one by one": func(s *Sample, _ []Draw, rng *rand.Rand) Draw { d, _ := s.Draw(rng); return d },
		"form":       func(s *Sample, form []Draw, _ *rand.Rand) Draw { return form[s.asked] },
	} {
		sum, square := 0.0, 0.0
		for run := range runs {
			rng := rand.New(rand.NewPCG(7, uint64(run)))
			s, form := f.Start(nil), f.Form(asked, rng)
			for range asked {
				d := next(s, form, rng)
				if err := s.Add(d, answer[d.Item]); err != nil {
					t.Fatal(err)
				}
			}
			v := 100 * s.sum / s.weight // not cut off at what is possible
			sum, square = sum+v, square+v*v
		}
		mean := sum / runs
		se := math.Sqrt((square/runs - mean*mean) / runs)
		if math.Abs(mean-truth) > 4*se {
			t.Errorf("%s: mean %g ± %g, truth %g", name, mean, se, truth)
		}
	}
}

func TestAllItemsGiveTheScoreItself(t *testing.T) {
	m := people(60, 24)
	f := frame(t, m, 40)
	rng := rand.New(rand.NewPCG(1, 2))
	s := f.Start(nil)
	for {
		d, ok := s.Draw(rng)
		if !ok {
			break
		}
		if err := s.Add(d, m.At(50, d.Item) == response.Correct); err != nil {
			t.Fatal(err)
		}
	}
	right, n := m.Counts(50)
	want := 100 * float64(right) / float64(n)
	if e := s.Estimate(0.95); e.Asked != n || e.Score != want || e.Lower != want || e.Upper != want || e.SE != 0 {
		t.Errorf("%+v, want %g", e, want)
	}
}

// The interval holds for models above all that were learned from, and items are worth more
// than random ones.
func TestIntervalHoldsBeyondTheRange(t *testing.T) {
	m := people(160, 120)
	tr, te := split(m, 80)
	run := func(workers int) []Report {
		r, err := Study{Answers: m, Train: tr, Test: te, Lengths: []int{20, 40}, Level: 0.95, Seed: 2, Workers: workers}.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	reports := run(2)
	for _, r := range reports {
		for _, one := range []Report{r, *r.Form} {
			if one.Models != 80 || one.Coverage < 0.9 || math.Abs(one.Bias) > 2 || one.Effective < 1 {
				t.Errorf("%+v", one)
			}
		}
	}
	if diff := cmp.Diff(reports, run(1)); diff != "" {
		t.Errorf("another result with one worker: %s", diff)
	}
}

func TestProbabilitiesAreThoseOfTheDraws(t *testing.T) {
	f := frame(t, people(60, 10), 60)
	s := f.Start([]bool{true, true, false, true, true, true, true, true, true, true})
	count, want := make([]float64, 10), make([]float64, 10)
	rng := rand.New(rand.NewPCG(5, 5))
	const n = 20000
	for range n {
		d, _ := s.Draw(rng)
		count[d.Item]++
		want[d.Item] = d.Probability
	}
	sum := 0.0
	for j, p := range want {
		sum += p
		if math.Abs(count[j]/n-p) > 4*math.Sqrt(p*(1-p)/n) {
			t.Errorf("item %d: drawn in %g of the cases, probability %g", j, count[j]/n, p)
		}
	}
	if math.Abs(sum-1) > 1e-9 || want[2] != 0 {
		t.Errorf("probabilities %v", want)
	}
}

func TestWrongDrawsAreRefused(t *testing.T) {
	m := people(60, 10)
	s := frame(t, m, 60).Start(nil)
	if err := s.Add(Draw{3, 0.1}, true); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]Draw{
		"asked before": {3, 0.1}, "no such item": {10, 0.1}, "negative": {-1, 0.1}, "no probability": {4, 0}, "more than certain": {4, 1.5}, "no number": {4, math.NaN()},
	} {
		if s.Add(d, true) == nil {
			t.Errorf("%s: %+v is taken", name, d)
		}
	}
	if _, err := frame(t, m, 60).Score([]Draw{{1, 0.1}}, func(int) response.Answer { return response.Missing }, 0.95); err == nil {
		t.Error("a form without an answer has an estimate")
	}
	var few *TooFewModelsError
	if _, err := NewFrame(m, response.TrainSet{Rows: []int{1, 2, 3}}); !errors.As(err, &few) {
		t.Errorf("three models: %v", err)
	}
}

// Answers that are missing, of training models and of the model itself, are no answers.
func TestMissingAnswersAreNotAsked(t *testing.T) {
	m := people(80, 30)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 80 {
		for j := range 30 {
			if rng.Float64() < 0.2 {
				m.Set(i, j, response.Missing)
			}
		}
	}
	tr, te := split(m, 60)
	r, err := Study{Answers: m, Train: tr, Test: te, Lengths: []int{10, 30}, Level: 0.95, Seed: 1, Workers: 1}.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r[1].RMSE != 0 || r[1].Coverage != 1 || r[1].Form != nil || !(r[0].RMSE > 0) {
		t.Errorf("%+v", r)
	}
}
