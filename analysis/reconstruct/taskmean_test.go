package reconstruct

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"metabench/analysis/response"
)

// withTasks draws models and a benchmark of tasks of very different sizes, each with an
// ability of its own beside the common one. The items selected of it are spread over the
// tasks by their sizes.
func withTasks(seed uint64, models int) *Input {
	sizes := []int{20, 20, 30, 40, 60, 100, 300, 600}
	rng := rand.New(rand.NewPCG(seed, 11))
	in := &Input{}
	b := Benchmark{Name: "mmlu", Metric: "acc", Answers: response.New(models, 100), Scores: make([]float64, models), TaskMeans: make([]float64, models)}
	total := 0
	for _, n := range sizes {
		total += n
	}
	difficulty := make([][]float64, len(sizes))
	for t, n := range sizes {
		for range n {
			difficulty[t] = append(difficulty[t], rng.NormFloat64()+2*float64(t%3)-2)
		}
	}
	for j := range 100 {
		b.Items = append(b.Items, fmt.Sprint(j))
	}
	for i := range models {
		in.Models = append(in.Models, fmt.Sprint("m", i))
		ability := 1.2 * rng.NormFloat64()
		j := 0
		for t, n := range sizes {
			theta := ability + 0.4*rng.NormFloat64()
			right := 0
			for k, d := range difficulty[t] {
				a := response.Wrong
				if rng.Float64() < 1/(1+math.Exp(d-theta)) {
					a = response.Correct
					right++
				}
				if k < n*100/total && j < 100 {
					b.Answers.Set(i, j, a)
					j++
				}
			}
			b.Scores[i] += 100 * float64(right) / float64(total)
			b.TaskMeans[i] += 100 * float64(right) / float64(n) / float64(len(sizes))
		}
	}
	in.Benchmarks = []Benchmark{b}
	return in
}

// On models that the fit hasn't seen, the mean of tasks is estimated for what it is: the
// estimated score is off by the difference of the two, and the intervals hold as often
// as they promise.
func TestTaskMeanIsEstimatedWithHonestIntervals(t *testing.T) {
	in := withTasks(3, 900)
	split := halves(in)
	m := fit(t, in, split.Train, Options{Seed: 1})
	predictions, err := m.PredictTest(in, split.Test)
	if err != nil {
		t.Fatal(err)
	}
	b := in.Benchmarks[0]
	var truth []float64
	var estimated, taken []Prediction
	for k, i := range split.Test.Rows {
		p := predictions[k][0]
		if p.TaskMean == nil {
			t.Fatal("no mean of tasks")
		}
		truth = append(truth, b.TaskMeans[i])
		estimated = append(estimated, Prediction{Score: p.TaskMean.Score, Interval: true, Lower: p.TaskMean.Lower, Upper: p.TaskMean.Upper})
		taken = append(taken, p)
	}
	ours, thirds := Evaluate(truth, estimated)
	score, _ := Evaluate(truth, taken)
	t.Logf("RMSE %.2f, coverage %.3f, width %.1f; the score in its place has RMSE %.2f and coverage %.3f", ours.RMSE, ours.Coverage, ours.Width, score.RMSE, score.Coverage)
	if ours.RMSE > 0.92*score.RMSE || score.Coverage > 0.82 {
		t.Errorf("RMSE %.2f, the estimated score in its place has %.2f and coverage %.3f", ours.RMSE, score.RMSE, score.Coverage)
	}
	if ours.Coverage < 0.86 || ours.Coverage > 0.94 {
		t.Errorf("intervals of 90 %% hold %.1f %% of the means", 100*ours.Coverage)
	}
	for k, third := range thirds {
		if third.Coverage < 0.82 || third.Coverage > 0.97 {
			t.Errorf("third %d: intervals of 90 %% hold %.1f %%", k+1, 100*third.Coverage)
		}
	}
}

// The score's own estimate doesn't depend on whether the mean of tasks is estimated
// beside it, and both survive being written to bytes, also where the mean is unknown of
// some models.
func TestTaskMeanLeavesTheScoreAsItIs(t *testing.T) {
	in := withTasks(4, 160)
	in.Benchmarks = append(in.Benchmarks, population(5, 160, 20).Benchmarks[0])
	for i := range 20 {
		in.Benchmarks[0].TaskMeans[7*i] = math.NaN()
	}
	alone := *in
	alone.Benchmarks = append([]Benchmark(nil), in.Benchmarks...)
	alone.Benchmarks[0].TaskMeans = nil
	split := halves(in)
	both, one := fit(t, in, split.Train, Options{Seed: 1}), fit(t, &alone, split.Train, Options{Seed: 1})
	data, err := both.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	read := &Model{}
	if err := read.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for _, i := range split.Test.Rows {
		got, err := both.PredictRow(in, i)
		if err != nil {
			t.Fatal(err)
		}
		want, err := one.PredictRow(in, i)
		if err != nil {
			t.Fatal(err)
		}
		again, err := read.PredictRow(in, i)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].TaskMean == nil || got[1].TaskMean != nil || *got[0].TaskMean != *again[0].TaskMean {
			t.Fatalf("means of tasks %v and %v, read back %v", got[0].TaskMean, got[1].TaskMean, again[0].TaskMean)
		}
		for k := range got {
			got[k].TaskMean, again[k].TaskMean = nil, nil
			if got[k] != want[k] || again[k] != want[k] {
				t.Fatalf("%+v, read back %+v, alone %+v", got[k], again[k], want[k])
			}
		}
	}
}
