package analysis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/distill"
	"metabench/analysis/response"
	"metabench/analysis/result"
)

// without makes a copy of the data in which all but the first n items are dropped.
func without(d *Data, n int) *Data {
	v := Verdict{Dropped: make([]string, len(d.Table.Items)), Outlier: make([]bool, len(d.Table.Models))}
	for j := n; j < len(v.Dropped); j++ {
		v.Dropped[j] = "too easy"
	}
	out := *d
	out.Verdicts = map[string]Verdict{schemeRandom: v, schemeFamily: v}
	return &out
}

// partsLeft are the parts that a set of results is without.
func partsLeft(set *result.Set) []string {
	var parts []string
	for _, l := range set.LeftOut {
		parts = append(parts, l.Part)
	}
	return parts
}

func TestBenchmarksWithoutItemsAreImpossible(t *testing.T) {
	for _, kept := range []int{0, 1} {
		_, err := build(t.Context(), without(smallData(t, 0), kept), smallOptions())
		var few *TooFewItemsError
		if !errors.As(err, &few) || !Impossible(err) {
			t.Fatalf("error %v, want a *TooFewItemsError", err)
		}
		if few.Kept != kept || few.Reasons["too easy"] != 40-kept || !strings.Contains(err.Error(), "too easy") {
			t.Errorf("%v", err)
		}
	}
}

// A selection that the items don't allow is left out, as is whatever has too few.
func TestSelectionsOfTooFewItemsAreImpossible(t *testing.T) {
	if err := fmt.Errorf("stage filter A family of quiz: %w", &distill.TooFewItemsError{Least: 6}); !Impossible(err) {
		t.Errorf("%v stops the build", err)
	}
}

// However few items are left, what can be made is made.
func TestFewItemsGiveWhatTheyCan(t *testing.T) {
	for _, kept := range []int{2, 5} {
		built, err := build(t.Context(), without(smallData(t, 0), kept), smallOptions())
		if err != nil {
			t.Fatalf("%d items: %v", kept, err)
		}
		if len(methodsOf(built.Set, "A")) == 0 {
			t.Errorf("%d items: no form A", kept)
		}
		for _, f := range built.Forms {
			for _, j := range f.Columns {
				if j >= kept {
					t.Errorf("form %s has item %d, which is dropped", f.Name, j)
				}
			}
		}
		if _, ok := built.form("B"); !ok && !slices.Contains(partsLeft(built.Set), "form B") {
			t.Errorf("%d items: form B is missing without a word", kept)
		}
	}
}

// The models of one maker can't be split by family. Everything else is built.
func TestOneFamilyLeavesTheFamilySplitOut(t *testing.T) {
	d := smallData(t, 0)
	for i := range d.Table.Models {
		d.Table.Models[i] = fmt.Sprintf("lab/tune-%03d", i)
		d.Suite.Origins[i].Name = d.Table.Models[i]
	}
	built, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	if got := partsLeft(built.Set); !slices.Equal(got, []string{"family split"}) {
		t.Errorf("left out: %v, want the family split", got)
	}
	for _, s := range built.Set.Splits {
		if s.Scheme == schemeFamily {
			t.Fatal("rows of a split that is left out")
		}
	}
	for _, m := range built.Set.Metrics {
		if m.Scheme == schemeFamily {
			t.Fatal("errors of a split that is left out")
		}
	}
	if len(built.Forms) != 2 || len(built.Set.Curve) == 0 || len(built.Set.Forms) == 0 {
		t.Errorf("%d forms, %d points, %d reliabilities", len(built.Forms), len(built.Set.Curve), len(built.Set.Forms))
	}
}

// A few makers may leave test models and yet too few others to learn from.
func TestFewFamiliesGiveWhatTheyCan(t *testing.T) {
	for _, makers := range []int{2, 4, 7} {
		d := smallData(t, 0)
		for i := range d.Table.Models {
			d.Table.Models[i] = fmt.Sprintf("maker-%d/tune-%03d", i%makers*(i%3/2), i)
			d.Suite.Origins[i].Name = d.Table.Models[i]
		}
		built, err := build(t.Context(), d, smallOptions())
		if err != nil {
			t.Fatalf("%d makers: %v", makers, err)
		}
		rows := slices.ContainsFunc(built.Set.Metrics, func(m result.Metric) bool { return m.Scheme == schemeFamily && m.Form == "A" })
		if rows == slices.Contains(partsLeft(built.Set), "family split") {
			t.Errorf("%d makers: family split made: %v, left out: %v", makers, rows, partsLeft(built.Set))
		}
	}
}

func TestWhatJointResultsAreWithoutIsSaid(t *testing.T) {
	one, err := build(t.Context(), smallData(t, 0), smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	set, err := Joint(t.Context(), []*Distilled{one}, smallOptions(), memoryCache{}, func(string, int, int) {})
	if err != nil || len(set.Metrics) > 0 {
		t.Fatalf("%d errors of one benchmark's joint results, %v", len(set.Metrics), err)
	}
	if got := partsLeft(set); !slices.Equal(got, []string{"form A", "form B"}) {
		t.Errorf("left out: %v", got)
	}
	two := pairOf(t)
	two[1].Forms = two[1].Forms[:1]
	three := append(pairOf(t), two[1])
	three[2].Data.Table.Benchmark = "third"
	set, err = Joint(t.Context(), three, smallOptions(), memoryCache{}, func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.LeftOut) != 1 || set.LeftOut[0].Part != "form B" || !strings.Contains(set.LeftOut[0].Reason, "third without it") {
		t.Errorf("left out: %+v", set.LeftOut)
	}
}

// pairOf is two benchmarks of the same models, built.
func pairOf(t *testing.T) []*Distilled {
	t.Helper()
	first := smallData(t, 0)
	second := smallData(t, 0)
	second.Table = second.Table.SelectItems(func() (columns []int) {
		for j := range 36 {
			columns = append(columns, 39-j)
		}
		return columns
	}())
	second.Table.Benchmark = "second"
	var all []*Distilled
	for _, d := range []*Data{first, second} {
		built, err := build(t.Context(), d, smallOptions())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, built)
	}
	return all
}

// Form B's items are chosen among those that A has left: what A took is part of what a
// kept reconstruction was made from.
func TestJointStageOfFormBDependsOnFormA(t *testing.T) {
	two := pairOf(t)
	cache := memoryCache{}
	computed := 0
	joint := func() {
		t.Helper()
		_, err := Joint(t.Context(), two, smallOptions(), cache, func(stage string, done, _ int) {
			if done == 0 && stage == JointName+" reconstruct B" {
				computed++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	joint()
	joint()
	if computed != 1 {
		t.Fatalf("form B was reconstructed %d times from the same inputs", computed)
	}
	a, _ := two[0].form("A")
	b, _ := two[0].form("B")
	for j := range two[0].Data.Table.Items {
		if !slices.Contains(a.Columns, j) && !slices.Contains(b.Columns, j) {
			two[0].Forms[0].Columns = append(slices.Clone(a.Columns[1:]), j)
			break
		}
	}
	if joint(); computed != 2 {
		t.Error("a reconstruction of form B was taken from before form A changed")
	}
}

// Nothing that test models answer decides anything but their own errors: neither what
// is selected nor any parameter nor any model.
func TestTestModelsAreTouchedOnce(t *testing.T) {
	d := smallData(t, 0)
	before, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	// Their prints and means, by which they were split, stay what they were.
	for i, model := range d.Table.Models {
		if !slices.ContainsFunc(before.Set.Splits, func(s result.Split) bool {
			return s.Model == model && s.Scheme == schemeRandom && s.Part == partTest
		}) {
			continue
		}
		for j := range d.Table.Items {
			d.Table.Answers.Set(i, j, response.Answer((i+j)%2))
		}
	}
	o := smallOptions()
	after, err := Build(t.Context(), d, o, memoryCache{}, func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(before.Set.Selected, before.Set.Searches) != fmt.Sprint(after.Set.Selected, after.Set.Searches) {
		t.Error("test models decided what is selected")
	}
	if fmt.Sprint(before.Set.Items) != fmt.Sprint(after.Set.Items) {
		t.Error("test models decided parameters")
	}
	for k, m := range before.Set.Models {
		if string(m.Blob) != string(after.Set.Models[k].Blob) {
			t.Errorf("test models decided the model of form %s", m.Form)
		}
	}
	if fmt.Sprint(before.Set.Metrics) == fmt.Sprint(after.Set.Metrics) {
		t.Error("test models' answers changed nothing at all")
	}
}

// Models called otherwise, in another order, are the same models.
func TestNamesAndOrderDecideNothing(t *testing.T) {
	d := smallData(t, 3)
	for i := range d.Table.Models { // names that tell no family
		d.Table.Models[i] = fmt.Sprintf("%03d", i)
		d.Suite.Origins[i].Name = d.Table.Models[i]
	}
	want, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	n := len(d.Table.Models)
	backwards := make([]int, n)
	for i := range backwards {
		backwards[i] = n - 1 - i
	}
	other := &Data{Table: d.Table.SelectModels(backwards), Scores: pick(d.Scores, backwards), Fingerprint: "another", Suite: &Suite{
		Origins: pick(d.Suite.Origins, backwards), Means: pick(d.Suite.Means, backwards), Prints: pick(d.Suite.Prints, backwards),
	}}
	name := map[string]string{}
	for i, m := range other.Table.Models {
		renamed := fmt.Sprintf("%c%s", 'a'+i*7%26, m)
		name[renamed] = m
		other.Table.Models[i], other.Suite.Origins[i].Name = renamed, renamed
	}
	got, err := build(t.Context(), other, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Set.Selected, got.Set.Items, got.Set.Metrics, got.Set.Curve) != fmt.Sprint(want.Set.Selected, want.Set.Items, want.Set.Metrics, want.Set.Curve) {
		t.Error("other names give other numbers")
	}
	for k, s := range got.Set.Splits {
		w := want.Set.Splits[k]
		if name[s.Model] != w.Model || s.Part != w.Part || s.Scheme != w.Scheme {
			t.Fatalf("%s split, %s: %s; before %s: %s", s.Scheme, name[s.Model], s.Part, w.Model, w.Part)
		}
	}
}
