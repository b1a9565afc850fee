package analysis

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"testing"

	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/simulate"
	"metabench/analysis/split"
	"metabench/corpus"
)

// smallData is a benchmark of 40 items that 110 simulated models answered. Of every
// model whose number gaps divides, one answer is missing; 0 is for none.
func smallData(t *testing.T, gaps int) *Data {
	t.Helper()
	o := simulate.Default(110, 5)
	o.Gaps = 0
	o.Benchmarks = []corpus.Benchmark{{Name: "quiz", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "quiz", Items: 40}}}}
	p, err := simulate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	table := p.Benchmarks[0].Table
	d := &Data{Table: table, Fingerprint: "f", Suite: &Suite{}}
	for i, model := range table.Models {
		if gaps > 0 && i%gaps == 0 {
			for j := range table.Items { // an item or another, so that all are affected
				if j%7 == i%7 {
					table.Answers.Set(i, j, response.Missing)
					break
				}
			}
		}
		right, seen := table.Answers.Counts(i)
		score := math.NaN()
		if seen > 0 {
			score = 100 * float64(right) / float64(seen)
		}
		d.Scores = append(d.Scores, score)
		d.Suite.Origins = append(d.Suite.Origins, split.Origin{Name: model})
		d.Suite.Means = append(d.Suite.Means, score)
		d.Suite.Prints = append(d.Suite.Prints, printOf(table.Answers, i))
	}
	return d
}

// printOf is a hash of a row.
func printOf(m *response.Matrix, row int) uint64 {
	h := fnv.New64a()
	for _, words := range [][]uint64{m.CorrectWords(row), m.ObservedWords(row)} {
		for _, w := range words {
			h.Write(binary.BigEndian.AppendUint64(nil, w))
		}
	}
	return h.Sum64()
}

func smallOptions() Options {
	return Options{Seed: 1, ValidationShare: 0.1, TestShare: 0.2, Preselect: 40, Subsets: 10, Items: 8, Lambda: 0.005,
		Forms: 2, MinModels: 50, MinObserved: 0.8}
}

func build(ctx context.Context, d *Data, o Options) (*Distilled, error) {
	return Build(ctx, d, o, memoryCache{}, func(string, int, int) {})
}

// methodsOf are the methods whose error on test models was measured for a form.
func methodsOf(set *result.Set, form string) []string {
	var methods []string
	for _, m := range set.Metrics {
		if m.Form == form && m.Scheme == schemeRandom && m.Group == "all" {
			methods = append(methods, m.Method)
		}
	}
	return methods
}

// The published recipe says nothing of a model that lacks an answer. Such models among
// the test models must not keep everybody else from a build.
func TestModelsThatLackAnswersDoNotStopABuild(t *testing.T) {
	whole, err := build(t.Context(), smallData(t, 0), smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(methodsOf(whole.Set, "A information"), methodRecipe) {
		t.Error("the recipe was left out though all models have all answers")
	}
	gappy, err := build(t.Context(), smallData(t, 2), smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, methods := range [][]string{methodsOf(gappy.Set, "A"), methodsOf(gappy.Set, "A information")} {
		if len(methods) == 0 {
			t.Errorf("no error was measured: %v", methods)
		}
	}
}

func TestPinnedItemsAreTheForm(t *testing.T) {
	d := smallData(t, 0)
	want := []string{d.Table.Items[30], d.Table.Items[3], d.Table.Items[11], d.Table.Items[12], d.Table.Items[25], d.Table.Items[7]}
	for _, name := range []string{"A", "B"} {
		t.Run(name, func(t *testing.T) {
			d := *d
			d.Pinned = Pinned{name: append(slices.Clone(want), "an item of another corpus", want[0])}
			built, err := build(t.Context(), &d, smallOptions())
			if err != nil {
				t.Fatal(err)
			}
			items := map[string][]string{}
			for _, s := range built.Set.Selected {
				items[s.Form] = append(items[s.Form], s.Item)
			}
			if !slices.Equal(items[name], want) {
				t.Errorf("form %s has the items %v, want %v", name, items[name], want)
			}
			other := map[string]string{"A": "B", "B": "A"}[name]
			for _, item := range items[other] {
				if slices.Contains(want, item) {
					t.Errorf("item %s was selected for form %s too", item, other)
				}
			}
			if len(items[other]) == 0 || !slices.Contains(methodsOf(built.Set, name), methodProcess) {
				t.Errorf("form %s has %d items; errors of form %s: %v", other, len(items[other]), name, methodsOf(built.Set, name))
			}
			for _, p := range built.Set.Items {
				if p.Stage == "form "+name && p.Item == want[0] {
					return
				}
			}
			t.Error("the given items have no parameters")
		})
	}
}

// A corpus may hold the answers to the given items and hardly any other.
func TestFormBMayBeAllThereIs(t *testing.T) {
	d := smallData(t, 0)
	d.Pinned = Pinned{"B": d.Table.Items[:30]}
	built, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := built.form("A"); ok {
		t.Error("a form A was selected from 10 items")
	}
	if f, ok := built.form("B"); !ok || len(f.Columns) != 30 {
		t.Errorf("form B has %d items, want 30", len(f.Columns))
	}
	if len(methodsOf(built.Set, "random B")) == 0 || len(built.Set.Curve) == 0 {
		t.Error("nothing to compare form B with")
	}
}

func TestPinnedItemsThatNobodyAnsweredAreRefused(t *testing.T) {
	d := smallData(t, 0)
	d.Pinned = Pinned{"A": {"x", "y", d.Table.Items[0]}}
	_, err := build(t.Context(), d, smallOptions())
	var few *PinnedItemsError
	if !errors.As(err, &few) {
		t.Fatalf("error %v, want a *PinnedItemsError", err)
	}
	if fmt.Sprint(few.Pinned, few.Known) != "3 1" {
		t.Errorf("%d pinned, %d known, want 3 and 1", few.Pinned, few.Known)
	}
}
