package rival

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// toy is a task of models whose number of right answers is their number: model i answers
// the first i of its items right.
func toy(models, items int) *Task {
	t := &Task{Table: &response.Table{Answers: response.New(models, items)}, Seed: 1}
	for i := range models {
		right := (i + 1) * items / (models + 1)
		for j := range items {
			t.Table.Answers.Set(i, j, response.Wrong)
			if j < right {
				t.Table.Answers.Set(i, j, response.Correct)
			}
		}
		t.Scores = append(t.Scores, 100*float64(right)/float64(items))
		if i%4 == 1 {
			t.Test.Rows = append(t.Test.Rows, i)
		} else {
			t.Train.Rows = append(t.Train.Rows, i)
		}
	}
	return t
}

// A sample of all items is the benchmark.
func TestAllItemsGiveTheScore(t *testing.T) {
	task := toy(40, 20)
	for name, estimate := range map[string]Method{
		"random items": {Estimate: randomMean}, "stratified items": {Estimate: stratifiedMean}, "AIPW": {Estimate: augmented},
	} {
		out, err := estimate.Estimate(context.Background(), task, 20, 0)
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range task.Test.Rows {
			if p := out[k]; math.Abs(p.Score-task.Scores[i]) > 1e-9 || p.Interval && p.Upper-p.Lower > 1e-9 {
				t.Errorf("%s, model %d: %+v, want %g", name, i, p, task.Scores[i])
			}
		}
	}
}

// Items that are a staircase tell a model's place by one item a step.
func TestStrataOfDifficultyHoldNeighbours(t *testing.T) {
	task := toy(40, 20)
	out, err := stratifiedMean(context.Background(), task, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k, i := range task.Test.Rows {
		if math.Abs(out[k].Score-task.Scores[i]) > 5+1e-9 { // half a stratum of two items
			t.Errorf("model %d: %g, want %g", i, out[k].Score, task.Scores[i])
		}
	}
}

// The estimate is right on average over the draws, however the items are predicted.
func TestAugmentedMeanIsCenteredAndBetterThanThePlainOne(t *testing.T) {
	task := toy(60, 60)
	sums := map[string]float64{}
	squares := map[string]float64{}
	n := 0.0
	for draw := range 40 {
		for name, m := range map[string]Method{"plain": {Estimate: randomMean}, "augmented": {Estimate: augmented}} {
			out, err := m.Estimate(context.Background(), task, 20, draw)
			if err != nil {
				t.Fatal(err)
			}
			for k, i := range task.Test.Rows {
				d := out[k].Score - task.Scores[i]
				sums[name] += d
				squares[name] += d * d
			}
		}
		n += float64(len(task.Test.Rows))
	}
	if math.Abs(sums["augmented"]/n) > 1 {
		t.Errorf("bias %g points", sums["augmented"]/n)
	}
	if squares["augmented"] > squares["plain"]/2 {
		t.Errorf("mean square %g, of the plain mean %g", squares["augmented"]/n, squares["plain"]/n)
	}
}

// The residuals where an item is left out are those of regressions without it.
func TestLeftOutResidualsAreThoseOfRefits(t *testing.T) {
	task := toy(40, 30)
	rng := rand.New(rand.NewPCG(3, 3))
	drawn := rng.Perm(30)[:12]
	k := newItemKernel(task, drawn)
	y := make([]float64, len(drawn))
	mean := 0.0
	for a := range y {
		y[a] = rng.NormFloat64()
		mean += y[a] / float64(len(y))
	}
	for a := range y {
		y[a] -= mean
	}
	fitted, residual := k.regress(y)
	for a, j := range drawn {
		if math.Abs(residual[a]) < math.Abs(y[a]-fitted[j])-1e-9 {
			t.Errorf("item %d: residual %g where it is left out, %g where it is not", j, residual[a], y[a]-fitted[j])
		}
	}
}

func TestPartialScoresKeepTheAnswersThatAreKnown(t *testing.T) {
	answers := response.New(4, 3)
	for i, row := range [][]uint8{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 1, 1}} {
		for j, a := range row {
			answers.Set(i, j, response.Answer(a))
		}
	}
	items := []irt.Item{irt.FromDifficulty(1, 0, 0, 1), irt.FromDifficulty(1, 0, 0, 1), irt.FromDifficulty(1, 50, 0, 1)}
	got, err := PartialScores(context.Background(), answers, items, []int{0, 1}, 1)
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

func TestNearestSignaturesFindTheTwin(t *testing.T) {
	task := toy(41, 20)
	for k, i := range task.Test.Rows { // every test model has a copy among the training models
		for j := range 20 {
			task.Table.Answers.Set(task.Train.Rows[k], j, task.Table.Answers.At(i, j))
		}
		task.Scores[task.Train.Rows[k]] = task.Scores[i]
	}
	out, err := nearestSignatures(context.Background(), task, 19, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k, i := range task.Test.Rows {
		if math.Abs(out[k].Score-task.Scores[i]) > 5 {
			t.Errorf("model %d: %g, want %g", i, out[k].Score, task.Scores[i])
		}
	}
}

// A model that answered none of the items is given the mean, not a number that is none.
func TestModelsWithoutAnswersToTheItemsGetTheMean(t *testing.T) {
	task := toy(60, 30)
	last := task.Test.Rows[len(task.Test.Rows)-1]
	for j := range 30 {
		task.Table.Answers.Set(last, j, response.Missing)
	}
	task.Table.Items = make([]string, 30)
	for j := range 30 {
		task.Table.Items[j] = string(rune('a' + j))
	}
	task.Table.Models = make([]string, 60)
	for i := range 60 {
		task.Table.Models[i] = string(rune('A' + i))
	}
	for _, m := range Methods() {
		if slices.Contains([]string{Ours, "random items, ridge"}, m.Name) { // which have tests of their own
			continue
		}
		out, err := m.Estimate(context.Background(), task, 10, 0)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		for k, p := range out {
			if math.IsNaN(p.Score) || p.Score < 0 || p.Score > 100 {
				t.Errorf("%s, model %d: %g", m.Name, task.Test.Rows[k], p.Score)
			}
		}
	}
}
