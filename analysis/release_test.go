package analysis

import (
	"fmt"
	"slices"
	"testing"

	"metabench/analysis/response"
	"metabench/analysis/result"
)

// releasedOf is a released form of some items of the data.
func releasedOf(d *Data, name string, columns ...int) Released {
	r := Released{Name: name}
	for _, j := range columns {
		r.Items = append(r.Items, d.Table.Items[j])
	}
	return r
}

// A release takes nothing from the selection, and nothing is selected for it.
func TestReleasedFormStandsBesideTheSelection(t *testing.T) {
	plain, err := build(t.Context(), smallData(t, 0), smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	d := smallData(t, 0)
	columns := []int{30, 3, 11, 12, 25, 7}
	d.Released = []Released{releasedOf(d, "A@v1", columns...)}
	filtered := *d // the filters drop an item that the release has
	verdict := Verdict{make([]string, len(d.Table.Items)), make([]bool, len(d.Table.Models))}
	verdict.Dropped[30] = "too easy"
	filtered.Verdicts = map[string]Verdict{schemeRandom: verdict, schemeFamily: verdict}
	built, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	of := func(set *result.Set, form string) (rows []string) {
		for _, s := range set.Selected {
			if s.Form == form {
				rows = append(rows, s.Item)
			}
		}
		for _, p := range set.Predictions {
			if p.Form == form {
				rows = append(rows, fmt.Sprint(p.Scheme, p.Model, p.Predicted, p.Lower, p.Upper))
			}
		}
		for _, m := range set.Metrics {
			if m.Form == form {
				rows = append(rows, fmt.Sprint(m.Scheme, m.Group, m.RMSE))
			}
		}
		return rows
	}
	for _, form := range []string{"A", "B", "random A", "A information"} {
		if a, b := of(plain.Set, form), of(built.Set, form); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("form %s is another one beside a release", form)
		}
	}
	if built, err = build(t.Context(), &filtered, smallOptions()); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, j := range columns {
		want = append(want, d.Table.Items[j])
	}
	if got := of(built.Set, "A@v1"); len(got) < 6 || !slices.Equal(got[:6], want) {
		t.Errorf("the released form has the items %v, want %v", got[:min(6, len(got))], want)
	}
	schemes := map[string]bool{}
	for _, m := range built.Set.Metrics {
		if m.Form == "A@v1" && m.Group == "all" && m.Models > 0 && m.Items == 6 {
			schemes[m.Scheme] = true
		}
	}
	if !schemes[schemeRandom] || !schemes[schemeFamily] {
		t.Errorf("errors of the schemes %v", schemes)
	}
	for k, c := range built.Set.Calibrated {
		if c.Form != "A@v1" || c.Item != want[k] || !(c.SEA > 0) || !(c.SED > 0) || c.ShareCorrect <= 0 || c.ShareCorrect >= 1 {
			t.Errorf("calibrated: %+v", c)
		}
	}
	if len(built.Set.Calibrated) != 6 {
		t.Errorf("%d items calibrated, want 6", len(built.Set.Calibrated))
	}
}

// Items that nobody answered, or all alike, neither stop a build nor spoil the others.
func TestReleasedItemsMayLoseTheirAnswers(t *testing.T) {
	d := smallData(t, 0)
	for i := range d.Table.Models {
		d.Table.Answers.Set(i, 3, response.Missing)
		d.Table.Answers.Set(i, 11, response.Correct)
	}
	d.Released = []Released{releasedOf(d, "A@v0", 30, 3), releasedOf(d, "A@v1", 30, 3, 11, 12, 25, 7)}
	built, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	if len(built.Released) != 1 || len(built.Set.Calibrated) != 5 {
		t.Errorf("%d released forms, %d items calibrated", len(built.Released), len(built.Set.Calibrated))
	}
	var left []string
	for _, l := range built.Set.LeftOut {
		left = append(left, l.Part+" "+l.Item)
	}
	if !slices.Contains(left, "form A@v0 ") || !slices.Contains(left, "form A@v1 "+d.Table.Items[3]) {
		t.Errorf("left out: %q", left)
	}
}

// Items that most of the fitting models have selected predict these better than models
// that come later. The intervals of such a form are those of a form selected now, to the
// last bit where nothing has changed since; taking the items as given makes them narrower.
func TestIntervalsOfAReleaseCountTheSelection(t *testing.T) {
	d := smallData(t, 0)
	plain, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := plain.form("A")
	selected, given := releasedOf(d, "A@v1", a.Columns...), releasedOf(d, "A@v2", a.Columns...)
	selected.Selected = true
	d.Released = []Released{selected, given}
	built, err := build(t.Context(), d, smallOptions())
	if err != nil {
		t.Fatal(err)
	}
	width := map[string]float64{}
	for _, m := range built.Set.Metrics {
		if m.Scheme == schemeRandom && m.Group == "all" && m.Method == methodProcess {
			width[m.Form] = m.Width
		}
	}
	if width["A"] <= 0 || width["A@v1"] != width["A"] || width["A@v2"] >= width["A"] {
		t.Errorf("widths of intervals: %v", width)
	}
}
