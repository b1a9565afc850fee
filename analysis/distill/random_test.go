package distill

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// population makes 2PL answers of models to items and the models' percentages
// correct. A share of the answers is missing.
func population(models, items int, missing float64, seed uint64) (m *response.Matrix, scores []float64, bank []irt.Item) {
	rng := rand.New(rand.NewPCG(seed, 99))
	for range items {
		bank = append(bank, irt.FromDifficulty(0.5+rng.Float64()*1.5, rng.NormFloat64(), 0, 1))
	}
	m, scores = response.New(models, items), make([]float64, models)
	for i := range models {
		theta := rng.NormFloat64()
		for j, it := range bank {
			a := response.Wrong
			if rng.Float64() < it.Prob(theta) {
				a = response.Correct
				scores[i] += 100 / float64(items)
			}
			if missing > 0 && rng.Float64() < missing {
				a = response.Missing
			}
			m.Set(i, j, a)
		}
	}
	return m, scores, bank
}

func everyone(models int) response.TrainSet {
	var t response.TrainSet
	for i := range models {
		t.Rows = append(t.Rows, i)
	}
	return t
}

func sampleOf(t testing.TB, models, items int, missing float64) *Sample {
	t.Helper()
	m, scores, _ := population(models, items, missing, 1)
	s, err := NewSample(m, scores, everyone(models))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTallyCountsLikeALoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		models, items := rapid.IntRange(1, 200).Draw(t, "models"), rapid.IntRange(1, 80).Draw(t, "items")
		m, _, _ := population(models, items, 0.2, rapid.Uint64().Draw(t, "seed"))
		columns := m.Transpose()
		chosen := rapid.SliceOfDistinct(rapid.IntRange(0, items-1), func(j int) int { return j }).Draw(t, "chosen")
		counter, got := newTally(models, len(chosen)), make([]int, models)
		for range 2 { // a second time, to see that reading resets
			counter.add(columns.CorrectWords, chosen)
			counter.read(got)
		}
		for i := range models {
			want := 0
			for _, j := range chosen {
				if m.At(i, j) == response.Correct {
					want++
				}
			}
			if got[i] != want {
				t.Fatalf("model %d: %d of %v, want %d", i, got[i], chosen, want)
			}
		}
	})
}

func TestSubsetIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	s := sampleOf(t, 300, 120, 0.05)
	var first *Subset
	for _, workers := range []int{1, 2, 7} {
		got, err := RandomSubsets(context.Background(), s, SubsetOptions{Size: 20, Subsets: 40, Seed: 3, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(first, got) {
			t.Fatalf("%d workers chose %v, one worker %v", workers, got.Items, first.Items)
		}
	}
	if len(first.Items) != 20 || !slices.IsSorted(first.Items) || len(slices.Compact(slices.Clone(first.Items))) != 20 {
		t.Fatalf("subset %v", first.Items)
	}
}

// Giving subsets up early keeps the subset that a full search keeps, also among equal
// ones; the bound of every subset is then infinite.
func TestSubsetIsThatOfTheFullSearch(t *testing.T) {
	for name, s := range map[string]*Sample{"many subsets": sampleOf(t, 300, 120, 0), "equal subsets": sampleOf(t, 60, 9, 0)} {
		o := SubsetOptions{Size: 7, Subsets: 80, Seed: 3}.withDefaults()
		search := &subsetSearch{sample: s, options: o, fold: balancedFolds(s.scores, o.Folds, o.Seed)}
		w := newSubsetWorker(search)
		want, least := -1, math.Inf(1)
		for k := range o.Subsets {
			worst, err := w.try(k, newMinimum())
			if err != nil {
				t.Fatal(err)
			}
			if worst < least {
				want, least = k, worst
			}
		}
		for _, workers := range []int{1, 3} {
			o.Workers = workers
			got, err := RandomSubsets(t.Context(), s, o)
			if err != nil || got.Index != want || got.Worst != least {
				t.Errorf("%s, %d workers: kept %+v, error %v, the full search subset %d of error %v", name, workers, got, err, want, least)
			}
		}
	}
}

// A subset to which all models give the same number of correct answers can't be judged.
func TestSubsetsThatCannotBeFittedAreNotKept(t *testing.T) {
	m, scores, _ := population(60, 12, 0, 1)
	for i := range 60 {
		for j := range 6 {
			m.Set(i, j, response.Correct)
		}
	}
	s, err := NewSample(m, scores, everyone(60))
	if err != nil {
		t.Fatal(err)
	}
	for size, constant := range map[int]*Sample{3: s, 2: s.Only([]int{0, 1, 2})} {
		got, err := RandomSubsets(t.Context(), constant, SubsetOptions{Size: size, Subsets: 200, Seed: 1})
		if size == 2 {
			if !errors.Is(err, smooth.ErrConstant) || !strings.Contains(err.Error(), "subset 1, fold 1") {
				t.Errorf("error %v of subsets that can't be fitted", err)
			}
			continue
		}
		if err != nil || slices.Max(got.Items) < 6 {
			t.Errorf("kept %+v, error %v", got, err)
		}
	}
}

// The error of a subset must be that of the plain way: fit a smooth to the rows of
// the other folds, predict the rows of this one.
func TestSubsetErrorIsThatOfCrossValidation(t *testing.T) {
	s := sampleOf(t, 200, 60, 0)
	o := SubsetOptions{Size: 15, Subsets: 3, Folds: 4, Seed: 5, Smooth: smooth.Smooth{Functions: 10, Penalties: 1}}
	got, err := RandomSubsets(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	fold := balancedFolds(s.scores, o.Folds, o.Seed)
	worst := 0.0
	for f := range o.Folds {
		var x, y, heldX, heldY []float64
		for i, score := range s.scores {
			count := 0.0
			for _, j := range got.Items {
				if s.answers.At(i, j) == response.Correct {
					count++
				}
			}
			if fold[i] == f {
				heldX, heldY = append(heldX, count), append(heldY, score)
			} else {
				x, y = append(x, count), append(y, score)
			}
		}
		m, err := smooth.Fit(context.Background(), []smooth.Smooth{o.Smooth}, [][]float64{x}, y, smooth.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		squares := 0.0
		for i, v := range heldX {
			d := m.Predict([]float64{v}) - heldY[i]
			squares += d * d
		}
		worst = max(worst, math.Sqrt(squares/float64(len(heldX))))
	}
	if d := math.Abs(worst - got.Worst); d > 1e-3 {
		t.Fatalf("worst fold %v, plain cross validation has %v", got.Worst, worst)
	}
}

func TestFoldsAreBalancedInScore(t *testing.T) {
	scores := make([]float64, 103)
	for i := range scores {
		scores[i] = float64((i * 37) % 103)
	}
	fold := balancedFolds(scores, 5, 1)
	count, sum := make([]int, 5), make([]float64, 5)
	for i, f := range fold {
		count[f]++
		sum[f] += scores[i]
	}
	for f := range count {
		if count[f] < 20 || count[f] > 21 || math.Abs(sum[f]/float64(count[f])-51) > 4 {
			t.Errorf("fold %d has %d models of mean score %v", f, count[f], sum[f]/float64(count[f]))
		}
	}
}

func TestRandomSubsetsObeyContextAndSizes(t *testing.T) {
	s := sampleOf(t, 100, 30, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := RandomSubsets(ctx, s, SubsetOptions{Size: 10}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v after cancelling", err)
	}
	if _, err := RandomSubsets(context.Background(), s, SubsetOptions{Size: 31}); err == nil {
		t.Error("31 of 30 items were chosen")
	}
	last := 0
	_, err := RandomSubsets(context.Background(), s, SubsetOptions{Size: 10, Subsets: 150, Progress: func(done, total int) {
		if total != 150 {
			t.Errorf("total = %d", total)
		}
		last = max(last, done)
	}})
	if err != nil || last != 150 {
		t.Errorf("error %v, progress reached %d of 150", err, last)
	}
	only := s.Only([]int{3, 1, 4, 15, 9, 2, 6}).Without([]int{4})
	got, err := RandomSubsets(context.Background(), only, SubsetOptions{Size: 6, Subsets: 2})
	if err != nil || !slices.Equal(got.Items, []int{1, 2, 3, 6, 9, 15}) {
		t.Errorf("chose %v, error %v, of a sample with six items left", got, err)
	}
}

// randomBits is a matrix of coin flips with a drift, at the size of HellaSwag.
func randomBits(models, items int) (*response.Matrix, []float64) {
	rng := rand.New(rand.NewPCG(1, 1))
	m, scores := response.New(models, items), make([]float64, models)
	row := make([]uint8, items)
	for i := range models {
		p := rng.Float64()
		sum := 0
		for j := range row {
			row[j] = 0
			if rng.Float64() < p*0.6+0.4*float64(j)/float64(items) {
				row[j] = 1
				sum++
			}
		}
		m.SetRow(i, 0, row)
		scores[i] = 100 * float64(sum) / float64(items)
	}
	return m, scores
}

// One subset of 350 of 10,042 items with five folds of 4,700 models: 10,000 of them
// are one benchmark.
func BenchmarkSubset(b *testing.B) {
	m, scores := randomBits(4700, 10042)
	s, err := NewSample(m, scores, everyone(4700))
	if err != nil {
		b.Fatal(err)
	}
	c := &subsetSearch{sample: s, options: SubsetOptions{Seed: 1}.withDefaults()}
	c.fold = balancedFolds(s.scores, c.options.Folds, 1)
	w := newSubsetWorker(c)
	b.Run("subscores", func(b *testing.B) {
		for k := range b.N {
			w.items = w.draw(k, w.items)
			w.subscores(w.items)
		}
	})
	b.Run("whole", func(b *testing.B) {
		for k := range b.N {
			if _, err := w.try(k, newMinimum()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The two ways to sub-scores of 350 of 10,042 items.
func BenchmarkTally(b *testing.B) {
	m, scores := randomBits(4700, 10042)
	s, err := NewSample(m, scores, everyone(4700))
	if err != nil {
		b.Fatal(err)
	}
	c := &subsetSearch{sample: s, options: SubsetOptions{}.withDefaults()}
	items, counts := c.draw(0, nil), make([]int, 4700)
	b.Run("bit_planes", func(b *testing.B) {
		t := newTally(4700, 350)
		for b.Loop() {
			t.add(s.columns.CorrectWords, items)
			t.read(counts)
		}
	})
	b.Run("masked_rows", func(b *testing.B) {
		mask := make([]uint64, (10042+63)/64)
		for _, j := range items {
			mask[j/64] |= 1 << (j % 64)
		}
		for b.Loop() {
			for i := range counts {
				counts[i] = common(mask, s.answers.CorrectWords(i))
			}
		}
	})
}
