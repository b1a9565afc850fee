package split

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"metabench/analysis/response"
)

func stable(t interface{ Fatalf(string, ...any) }, scores []float64, prints []uint64, shares Shares) response.Split {
	s, err := Stable(scores, prints, shares, 1)
	if err != nil {
		t.Fatalf("split: %v", err)
	}
	return s
}

// corpusOf makes scores and prints of n models, those of fewer being the first of more.
func corpusOf(n int) (scores []float64, prints []uint64) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range n {
		scores, prints = append(scores, 100*rng.Float64()), append(prints, rng.Uint64())
	}
	return scores, prints
}

func TestStableIsAPartitionOfExactSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOf(rapid.OneOf(rapid.Float64Range(0, 100), rapid.Just(math.NaN()), rapid.Just(50.0))).Draw(t, "scores")
		prints := make([]uint64, len(scores))
		for i := range prints {
			prints[i] = lot(uint64(i), 3)
		}
		shares := Shares{rapid.Float64Range(0, 0.45).Draw(t, "validation"), rapid.Float64Range(0, 0.45).Draw(t, "test")}
		s := stable(t, scores, prints, shares)
		checkPartition(t, s, len(scores))
		if got, want := len(s.Test.Rows), quota(len(scores), shares.Test); got != want {
			t.Fatalf("%d test models, want %d", got, want)
		}
		if got, want := len(s.Validation.Rows), quota(len(scores), shares.Validation); got != want {
			t.Fatalf("%d validation models, want %d", got, want)
		}
	})
}

// partsByPrint says which part each print is in.
func partsByPrint(s response.Split, prints []uint64) map[uint64]string {
	parts := map[uint64]string{}
	for name, rows := range map[string][]int{"train": s.Train.Rows, "validation": s.Validation.Rows, "test": s.Test.Rows} {
		for _, i := range rows {
			parts[prints[i]] = name
		}
	}
	return parts
}

func TestStableDoesNotKnowTheOrderOfTheTable(t *testing.T) {
	scores, prints := corpusOf(137)
	want := partsByPrint(stable(t, scores, prints, Shares{0.1, 0.2}), prints)
	labels := make([]string, len(prints))
	for i := range labels {
		labels[i] = fmt.Sprint("family ", i%40)
	}
	grouped, err := StableGroups(labels, prints, Shares{0.1, 0.2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	wantGroups := partsByPrint(grouped, prints)
	slices.Reverse(scores)
	slices.Reverse(prints)
	slices.Reverse(labels)
	for i := range labels {
		labels[i] = fmt.Sprintf("renamed %x", lot(uint64(len(labels[i])), 0)) + labels[i]
	}
	if diff := cmp.Diff(want, partsByPrint(stable(t, scores, prints, Shares{0.1, 0.2}), prints)); diff != "" {
		t.Error("another order gives another split:\n", diff)
	}
	grouped, err = StableGroups(labels, prints, Shares{0.1, 0.2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantGroups, partsByPrint(grouped, prints)); diff != "" {
		t.Error("another order and other names give another split by groups:\n", diff)
	}
}

func TestStableFollowsTheSeed(t *testing.T) {
	scores, prints := corpusOf(100)
	a := stable(t, scores, prints, Shares{0.1, 0.2})
	b, err := Stable(scores, prints, Shares{0.1, 0.2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(a, b) {
		t.Error("two seeds give the same split")
	}
}

// Most test models of one night are test models of the next, and hardly any turns from
// training to validation or back through the test part.
func TestModelsKeepTheirPartAsTheCorpusGrows(t *testing.T) {
	for _, c := range []struct {
		from, to int
		least    float64 // share of the test models that stay
	}{{300, 303, 0.9}, {300, 330, 0.75}, {5000, 5050, 0.95}, {5000, 6000, 0.85}} {
		shares := Shares{0.1, 0.1}
		scores, prints := corpusOf(c.to)
		before := partsByPrint(stable(t, scores[:c.from], prints[:c.from], shares), prints)
		after := partsByPrint(stable(t, scores, prints, shares), prints)
		stayed, test := 0, 0
		for p, part := range before {
			if part != "test" {
				continue
			}
			test++
			switch after[p] {
			case "test":
				stayed++
			case "validation":
				t.Error("a test model became a validation model")
			}
		}
		if share := float64(stayed) / float64(test); share < c.least {
			t.Errorf("from %d to %d models, %d of %d test models stay, want %.0f %%", c.from, c.to, stayed, test, 100*c.least)
		}
	}
}

func TestModelsWithEqualAnswersStayTogether(t *testing.T) {
	scores, prints := corpusOf(30)
	var allScores []float64
	var all []uint64
	for range 3 { // every model three times
		allScores, all = append(allScores, scores...), append(all, prints...)
	}
	s := stable(t, allScores, all, Shares{0.1, 0.2})
	checkPartition(t, s, 90)
	side := map[uint64]int{}
	for k, rows := range [][]int{s.Train.Rows, s.Validation.Rows, s.Test.Rows} {
		if len(rows) == 0 {
			t.Errorf("part %d is empty", k)
		}
		for _, i := range rows {
			if before, ok := side[all[i]]; ok && before != k {
				t.Fatal("two models with equal answers are in two parts")
			}
			side[all[i]] = k
		}
	}
}

func TestStableSidesHaveTheSameScores(t *testing.T) {
	scores, prints := corpusOf(2000)
	s := stable(t, scores, prints, Shares{Test: 0.15})
	for decile := range 10 {
		n := 0
		for _, i := range s.Test.Rows {
			if int(scores[i]/10) == decile {
				n++
			}
		}
		if n < 24 || n > 36 {
			t.Errorf("%d of 300 test models have scores of %d to %d, want about 30", n, 10*decile, 10*decile+10)
		}
	}
}
