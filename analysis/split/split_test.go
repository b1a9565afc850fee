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

// checkPartition reports an error unless every row is on exactly one side.
func checkPartition(t interface{ Fatalf(string, ...any) }, s response.Split, n int) {
	rows := slices.Concat(s.Train.Rows, s.Validation.Rows, s.Test.Rows)
	slices.Sort(rows)
	for i, r := range rows {
		if i != r {
			t.Fatalf("rows of all sides are %v, want 0 to %d once each", rows, n-1)
		}
	}
	if len(rows) != n {
		t.Fatalf("%d rows on all sides, want %d", len(rows), n)
	}
}

func TestStratifiedIsAPartitionOfExactSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOf(rapid.OneOf(rapid.Float64Range(0, 100), rapid.Just(math.NaN()), rapid.Just(50.0))).Draw(t, "scores")
		shares := Shares{rapid.Float64Range(0, 0.45).Draw(t, "validation"), rapid.Float64Range(0, 0.45).Draw(t, "test")}
		s, err := Stratified(scores, shares, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatalf("split: %v", err)
		}
		checkPartition(t, s, len(scores))
		if got, want := len(s.Test.Rows), quota(len(scores), shares.Test); got != want {
			t.Fatalf("%d test models, want %d", got, want)
		}
	})
}

func TestStratifiedSidesHaveTheSameScores(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	scores := make([]float64, 2000)
	for i := range scores {
		scores[i] = 100 * rng.Float64()
	}
	s, err := Stratified(scores, Shares{Test: 0.15}, 1)
	if err != nil {
		t.Fatal(err)
	}
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

func TestStratifiedFollowsTheSeed(t *testing.T) {
	scores := make([]float64, 100)
	a, _ := Stratified(scores, Shares{0.1, 0.2}, 1)
	b, _ := Stratified(scores, Shares{0.1, 0.2}, 1)
	c, _ := Stratified(scores, Shares{0.1, 0.2}, 2)
	if !cmp.Equal(a, b) {
		t.Error("the same seed gives two splits")
	}
	if cmp.Equal(a, c) {
		t.Error("two seeds give the same split")
	}
}

func TestSplitsRefuseSharesThatLeaveNothing(t *testing.T) {
	for _, shares := range []Shares{{0.5, 0.5}, {-0.1, 0}, {0, math.NaN()}} {
		if _, err := Stratified(nil, shares, 1); err == nil {
			t.Errorf("stratified split accepts %+v", shares)
		}
		if _, err := Grouped(nil, shares, 1); err == nil {
			t.Errorf("grouped split accepts %+v", shares)
		}
	}
}

func TestGroupedKeepsFamiliesTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOf(rapid.StringMatching(`[a-f]`)).Draw(t, "labels")
		s, err := Grouped(labels, Shares{0.2, 0.2}, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatalf("split: %v", err)
		}
		checkPartition(t, s, len(labels))
		side := make(map[string]int)
		for k, rows := range [][]int{s.Train.Rows, s.Validation.Rows, s.Test.Rows} {
			for _, i := range rows {
				if before, ok := side[labels[i]]; ok && before != k {
					t.Fatalf("family %q is on two sides", labels[i])
				}
				side[labels[i]] = k
			}
		}
	})
}

func TestGroupedComesNearTheShares(t *testing.T) {
	var labels []string
	for g := range 200 {
		for range 1 + g%9 {
			labels = append(labels, fmt.Sprint(g))
		}
	}
	s, err := Grouped(labels, Shares{Test: 0.15}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if share := float64(len(s.Test.Rows)) / float64(len(labels)); share < 0.14 || share > 0.17 {
		t.Errorf("test share %.3f, want about 0.15", share)
	}
}

func TestFamilyTellsTheBase(t *testing.T) {
	cases := []struct {
		origin Origin
		want   string
	}{
		{Origin{Name: "meta-llama/Llama-2-7b-hf"}, "llama-7b"},
		{Origin{Name: "someone/Meta-Llama-3-8B-tuned"}, "llama-3-8b"},
		{Origin{Name: "mistralai/Mistral-7B-v0.1"}, "mistral-7b"},
		{Origin{Name: "HuggingFaceH4/zephyr-7b-beta"}, "mistral-7b"},
		{Origin{Name: "a/strange-merge", Architecture: "MistralForCausalLM", Parameters: 7.24}, "mistral-7b"},
		{Origin{Name: "a/strange-merge-34B", Architecture: "LlamaForCausalLM", Parameters: 34.39}, "yi-34b"},
		{Origin{Name: "01-ai/Yi-34B-Chat"}, "yi-34b"},
		{Origin{Name: "TinyLlama/TinyLlama-1.1B-Chat"}, "tinyllama-1b"},
		{Origin{Name: "huggyllama/llama-65b"}, "llama-65b"},
		{Origin{Name: "x/llama-2-70b", Parameters: 68.98}, "llama-70b"},
		{Origin{Name: "EleutherAI/pythia-70m-deduped"}, "pythia-70m"},
		{Origin{Name: "Org/unheard-of"}, "organisation: org"},
		{Origin{Name: "unheard-of"}, "organisation: unheard-of"},
		{Origin{Name: "a/tune", Bases: []string{"tiiuae/falcon-7b"}}, "falcon-7b"},
	}
	for _, c := range cases {
		if got := Families([]Origin{c.origin}, nil)[0]; got != c.want {
			t.Errorf("the family of %+v is %q, want %q", c.origin, got, c.want)
		}
	}
}

func TestFamiliesJoinLineage(t *testing.T) {
	labels := Families([]Origin{
		{Name: "a/first"},
		{Name: "b/second", Bases: []string{"a/first"}},
		{Name: "c/third", Bases: []string{"b/second"}},
		{Name: "d/alone"},
	}, nil)
	if labels[0] != labels[1] || labels[1] != labels[2] {
		t.Errorf("a chain of tunes has families %q", labels[:3])
	}
	if labels[3] == labels[0] {
		t.Errorf("an unrelated model joined %q", labels[3])
	}
}

func TestFamiliesJoinBasesByAMerge(t *testing.T) {
	labels := Families([]Origin{
		{Name: "a/mistral-7b-x"},
		{Name: "b/yi-34b-y"},
		{Name: "c/merge", Bases: []string{"a/mistral-7b-x", "b/yi-34b-y"}},
	}, nil)
	if labels[0] != labels[1] || labels[1] != labels[2] {
		t.Errorf("a merge leaves its parents apart: %q", labels)
	}
}

func TestFamiliesBelieveAnswersBeforeNames(t *testing.T) {
	labels := Families([]Origin{
		{Name: "a/llama-3-8b-x"}, {Name: "b/llama-3-8b-y"}, {Name: "c/secret"}, {Name: "d/mistral-7b-so-called"},
		{Name: "e/mistral-7b"}, {Name: "c/other"},
	}, [][2]int{{0, 2}, {1, 2}, {2, 3}})
	want := []string{"llama-3-8b", "llama-3-8b", "llama-3-8b", "llama-3-8b", "mistral-7b", "organisation: c"}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Error(diff)
	}
}
