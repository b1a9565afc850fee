package distill

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"metabench/analysis/irt"
	"metabench/analysis/response"
)

func selectors(bank []irt.Item) []Selector {
	return []Selector{
		Random{Seed: 1},
		Disagreement{},
		Clusters{Items: bank, Seed: 1},
		Anchors{Seed: 1},
		Forward{Seed: 1},
		Mixed{Share: 0.3, Seed: 1},
	}
}

// What every selector has to keep to.
func TestSelectorsKeepTheContract(t *testing.T) {
	m, scores, bank := population(150, 80, 0.05, 2)
	whole, err := NewSample(m, scores, everyone(150))
	if err != nil {
		t.Fatal(err)
	}
	part := whole.Without([]int{0, 7, 13, 79})
	for _, selector := range selectors(bank) {
		t.Run(strings.ReplaceAll(selector.Name(), " ", "_"), func(t *testing.T) {
			choice, err := selector.Select(context.Background(), part, 12)
			if err != nil {
				t.Fatal(err)
			}
			if len(choice.Items) != 12 {
				t.Fatalf("%d items, want 12", len(choice.Items))
			}
			seen := map[int]bool{}
			for _, j := range choice.Items {
				if seen[j] || !slices.Contains(part.Available(), j) {
					t.Errorf("item %d is chosen twice or not available", j)
				}
				seen[j] = true
			}
			sum := 0.0
			for _, w := range choice.Weights {
				sum += w
			}
			if choice.Weights != nil && (len(choice.Weights) != 12 || math.Abs(sum-1) > 1e-9) {
				t.Errorf("%d weights sum to %v", len(choice.Weights), sum)
			}
			again, err := selector.Select(context.Background(), part, 12)
			if err != nil || !reflect.DeepEqual(choice, again) {
				t.Errorf("second choice %v, error %v; first %v", again, err, choice)
			}
			if _, err := selector.Select(context.Background(), part, 77); err == nil {
				t.Error("77 of 76 items were chosen")
			}
			if all, err := selector.Select(context.Background(), part, 76); err != nil || len(all.Items) != 76 {
				t.Errorf("%d of 76 items chosen, error %v", len(all.Items), err)
			}
		})
	}
}

func TestLongSelectorsObeyTheirContext(t *testing.T) {
	m, scores, bank := population(100, 40, 0, 2)
	s, err := NewSample(m, scores, everyone(100))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, selector := range []Selector{Clusters{Items: bank}, Anchors{}, Forward{}} {
		if _, err := selector.Select(ctx, s, 10); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error = %v", selector.Name(), err)
		}
	}
}

func TestDisagreementTakesTheItemsNearestToOneHalf(t *testing.T) {
	m := response.New(4, 3) // shares 0.25, 0.5, 1
	for j, correct := range []int{1, 2, 4} {
		for i := range 4 {
			a := response.Wrong
			if i < correct {
				a = response.Correct
			}
			m.Set(i, j, a)
		}
	}
	s, err := NewSample(m, []float64{1, 2, 3, 4}, everyone(4))
	if err != nil {
		t.Fatal(err)
	}
	choice, err := Disagreement{}.Select(context.Background(), s, 3)
	if err != nil || !slices.Equal(choice.Items, []int{1, 0, 2}) {
		t.Fatalf("chose %v, error %v", choice.Items, err)
	}
}

// Items that are copies of three patterns have one anchor point a pattern, weighted
// by the number of copies.
func TestAnchorsFindThePatternsThatItemsCopy(t *testing.T) {
	patterns, _, _ := population(100, 3, 0, 5)
	m := response.New(100, 60)
	kind := func(j int) int { return min(j%6, 2) } // 10, 10 and 40 copies
	for i := range 100 {
		for j := range 60 {
			m.Set(i, j, patterns.At(i, kind(j)))
		}
	}
	s, err := NewSample(m, make([]float64, 100), everyone(100))
	if err != nil {
		t.Fatal(err)
	}
	choice, err := Anchors{Seed: 4}.Select(context.Background(), s, 3)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{40.0 / 60, 10.0 / 60, 10.0 / 60} {
		if math.Abs(choice.Weights[k]-want) > 1e-9 {
			t.Fatalf("items %v have weights %v", choice.Items, choice.Weights)
		}
	}
	if kind(choice.Items[0]) != 2 || kind(choice.Items[1]) == kind(choice.Items[2]) {
		t.Fatalf("items %v copy one pattern twice", choice.Items)
	}
}

func TestClustersFindSeparateGroups(t *testing.T) {
	var bank []irt.Item
	for j := range 90 {
		bank = append(bank, irt.Item{A: 1 + float64(j%3) + 0.01*float64(j%9), D: 5 * float64(j%3), U: 1})
	}
	m, scores, _ := population(20, 90, 0, 6)
	s, err := NewSample(m, scores, everyone(20))
	if err != nil {
		t.Fatal(err)
	}
	choice, err := Clusters{Items: bank, Seed: 2}.Select(context.Background(), s, 3)
	if err != nil {
		t.Fatal(err)
	}
	groups := map[int]bool{}
	for k, j := range choice.Items {
		groups[j%3] = true
		if math.Abs(choice.Weights[k]-1.0/3) > 1e-9 {
			t.Errorf("weights %v", choice.Weights)
		}
	}
	if len(groups) != 3 {
		t.Fatalf("items %v are of %d groups", choice.Items, len(groups))
	}
}

// ridgeError is the cross-validated squared error of a ridge regression with an
// unpenalised constant, by solving the normal equations of every fold.
func ridgeError(t *testing.T, s *Sample, fold []int, folds int, items []int, ridge float64) float64 {
	t.Helper()
	row := func(i int) []float64 {
		x := []float64{1}
		for _, j := range items {
			x = append(x, float64(s.answers.At(i, j)))
		}
		return x
	}
	p, total := len(items)+1, 0.0
	for f := range folds {
		a, b := mat.NewSymDense(p, nil), mat.NewVecDense(p, nil)
		for k := 1; k < p; k++ {
			a.SetSym(k, k, ridge)
		}
		for i, y := range s.scores {
			if fold[i] == f {
				continue
			}
			for k, v := range row(i) {
				b.SetVec(k, b.AtVec(k)+v*y)
				for l, w := range row(i)[:k+1] {
					a.SetSym(l, k, a.At(l, k)+v*w)
				}
			}
		}
		var c mat.Cholesky
		if !c.Factorize(a) {
			t.Fatal("normal equations are singular")
		}
		var beta mat.VecDense
		if err := c.SolveVecTo(&beta, b); err != nil {
			t.Fatal(err)
		}
		for i, y := range s.scores {
			if fold[i] == f {
				d := mat.Dot(&beta, mat.NewVecDense(p, row(i))) - y
				total += d * d
			}
		}
	}
	return total
}

func TestForwardTakesTheItemOfLeastCrossValidatedError(t *testing.T) {
	m, scores, _ := population(90, 25, 0, 7)
	s, err := NewSample(m, scores, everyone(90))
	if err != nil {
		t.Fatal(err)
	}
	const folds, ridge = 3, 2.5
	choice, path, err := Forward{Folds: folds, Ridge: ridge, Seed: 9}.Path(context.Background(), s, 8)
	if err != nil {
		t.Fatal(err)
	}
	fold := balancedFolds(s.scores, folds, 9)
	for step := range choice.Items {
		before := choice.Items[:step]
		best, least := -1, math.Inf(1)
		for j := range 25 {
			if slices.Contains(before, j) {
				continue
			}
			if e := ridgeError(t, s, fold, folds, append(slices.Clone(before), j), ridge); e < least {
				best, least = j, e
			}
		}
		if choice.Items[step] != best {
			t.Fatalf("step %d took item %d, least error has %d", step+1, choice.Items[step], best)
		}
		if want := math.Sqrt(least / 90); math.Abs(path[step]-want) > 1e-8*want {
			t.Fatalf("RMSE after step %d = %v, want %v", step+1, path[step], want)
		}
	}
}

func TestForwardIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	s := sampleOf(t, 300, 80, 0.1)
	one, err := Forward{Seed: 1}.Select(context.Background(), s, 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{2, 7} {
		many, err := Forward{Seed: 1, Workers: workers}.Select(context.Background(), s, 20)
		if err != nil || !slices.Equal(one.Items, many.Items) {
			t.Errorf("%d workers chose %v, one %v, error %v", workers, many.Items, one.Items, err)
		}
	}
}

func TestForwardBeatsRandomOnItsOwnCriterion(t *testing.T) {
	m, scores, _ := population(400, 120, 0, 8)
	s, err := NewSample(m, scores, everyone(400))
	if err != nil {
		t.Fatal(err)
	}
	fold := balancedFolds(s.scores, 5, 77) // not the folds it chose by
	forward, err := Forward{Seed: 1}.Select(context.Background(), s, 15)
	if err != nil {
		t.Fatal(err)
	}
	random, err := Random{Seed: 1}.Select(context.Background(), s, 15)
	if err != nil {
		t.Fatal(err)
	}
	a, b := ridgeError(t, s, fold, 5, forward.Items, 1), ridgeError(t, s, fold, 5, random.Items, 1)
	if a >= b {
		t.Fatalf("squared error %v forward, %v random", a, b)
	}
}

func BenchmarkSelectors(b *testing.B) {
	m, scores := randomBits(3000, 1351)
	s, err := NewSample(m, scores, everyone(3000))
	if err != nil {
		b.Fatal(err)
	}
	_, _, bank := population(1, 1351, 0, 1)
	for _, selector := range []Selector{Disagreement{}, Clusters{Items: bank}, Anchors{}, Forward{}} {
		b.Run(strings.ReplaceAll(selector.Name(), " ", "_"), func(b *testing.B) {
			for b.Loop() {
				if _, err := selector.Select(context.Background(), s, 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
