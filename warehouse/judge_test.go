package warehouse

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

// viewVerdict is what the views say of all models.
func viewVerdict(t *testing.T, w *Warehouse) Verdict {
	t.Helper()
	v := Verdict{Dropped: map[string]string{}, Outlier: -1}
	for _, r := range values(t, w, `SELECT item, reason FROM item_filter WHERE dropped`) {
		v.Dropped[r[0].(string)] = r[1].(string)
	}
	for _, r := range values(t, w, `SELECT max(share_correct) FROM outlier_models HAVING count(*) > 0`) {
		v.Outlier = r[0].(float64)
	}
	return v
}

func judge(t *testing.T, w *Warehouse, heldOut []string) Verdict {
	t.Helper()
	v, err := w.Judge(t.Context(), "quiz", heldOut)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What is held out decides nothing: the verdict is that of a corpus without it, whatever
// it answered, and with nothing held out it is the views'.
func TestVerdictsDoNotKnowWhatIsHeldOut(t *testing.T) {
	t.Parallel()
	const models, items = 1200, 60
	blocks := randomBlocks(9, models, items, 0.02)
	keys := make([]string, items)
	for k := range keys {
		keys[k] = fmt.Sprint("q", k)
	}
	var heldOut []string
	var others []corpus.Block
	for i, b := range blocks {
		b.Correct[1] = b.Correct[0] // the same answers
		b.Correct[2] = 1
		if i%10 > 0 {
			others = append(others, b)
			continue
		}
		heldOut = append(heldOut, b.Model)
		for k := range b.Correct { // another population: its answers would move every statistic
			b.Correct[k] = uint8(k % 2)
		}
	}
	all, part := fresh(t), fresh(t)
	mustImport(t, all, corpus.Import{Items: itemsOf(keys...), Blocks: blocks})
	mustImport(t, part, corpus.Import{Items: itemsOf(keys...), Blocks: others})
	want := viewVerdict(t, part)
	if len(want.Dropped) < 2 || want.Outlier < 0 || cmp.Equal(want, viewVerdict(t, all)) {
		t.Fatalf("the models held out would change nothing: %+v", want)
	}
	if diff := cmp.Diff(want, judge(t, all, heldOut)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(viewVerdict(t, all), judge(t, all, nil)); diff != "" {
		t.Error("with nothing held out, the views say otherwise:\n", diff)
	}
}

func TestPrintsStandForAnswersOnly(t *testing.T) {
	w := fresh(t)
	named := func(file string, names ...string) {
		t.Helper()
		var blocks []corpus.Block
		for k, answers := range [][]uint8{{1, 0, 1}, {1, 0, 0}, {1, 0, corpus.Missing}, {1, 0, 1}} {
			blocks = append(blocks, blockOf(file, names[k], answers...))
		}
		mustImport(t, w, corpus.Import{Items: itemsOf("a", "b", "c"), Blocks: blocks})
	}
	named("first.csv", "m1", "m2", "m3", "m4")
	named("second.csv", "z9", "z8", "z7", "z6")
	p, err := w.Prints(t.Context(), []string{"quiz", "not there"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p) != 8 || p["m1"] != p["z9"] || p["m2"] != p["z8"] || p["m3"] != p["z7"] || p["m1"] != p["m4"] {
		t.Errorf("equal answers have different prints: %v", p)
	}
	if p["m1"] == p["m2"] || p["m2"] == p["m3"] || p["m1"] == p["m3"] {
		t.Errorf("different answers have equal prints: %v", p)
	}
}
