package warehouse

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

// crawled records each block as the answers of a repository of its own.
func crawled(t *testing.T, w *Warehouse, blocks []corpus.Block) {
	t.Helper()
	for _, b := range blocks {
		setGone(t, w, b.Model, false)
		d := corpus.Delivery{Repo: stateOf(b.Model, false), Blocks: []corpus.Block{b}}
		if err := w.Record(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
}

func stateOf(model string, gone bool) corpus.RepoState {
	s := corpus.RepoState{Repo: "o/details_" + model, Commit: "c0ffee", Model: model, Status: corpus.StatusDone, Updated: clock()}
	if gone {
		s.Gone = clock()
	}
	return s
}

func setGone(t *testing.T, w *Warehouse, model string, gone bool) {
	t.Helper()
	if err := w.Record(t.Context(), corpus.Delivery{Repo: stateOf(model, gone)}); err != nil {
		t.Fatal(err)
	}
}

// Answers of vanished models are kept, and count unless the setting says that they
// don't: then not in item statistics, filters, scores' means, the matrix and the
// fingerprint that decides whether to build.
func TestVanishedModelsCountAsTheSettingSays(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	const items = 12
	blocks := randomBlocks(9, 60, items, 0.05)
	numbered := make([]string, items)
	for k := range numbered {
		numbered[k] = fmt.Sprint(k + 1)
	}
	if err := w.Record(t.Context(), corpus.Delivery{Items: itemsOf(numbered...)}); err != nil {
		t.Fatal(err)
	}
	crawled(t, w, blocks)
	include := func(yes bool) {
		t.Helper()
		h := DefaultThresholds()
		h.IncludeVanished = yes
		if err := w.SetThresholds(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	fingerprint := func() string {
		t.Helper()
		f, err := w.Fingerprint(t.Context(), "quiz")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	// want compares everything that reads answers with the blocks that are to count.
	want := func(step string, counting []corpus.Block) {
		t.Helper()
		compareStatistics(t, w, "quiz", counting, items) // added up by the view where the kept sums are of others
		if err := w.RefreshStatistics(t.Context()); err != nil {
			t.Fatal(err)
		}
		compareStatistics(t, w, "quiz", counting, items)
		if n := values(t, w, `SELECT count(*) FROM item_sum JOIN analysed_state USING (benchmark_id, fingerprint)`)[0][0]; n != int64(items) {
			t.Errorf("%s: %v kept sums hold, want %d", step, n, items)
		}
		var models []string
		for _, b := range counting {
			models = append(models, b.Model)
		}
		table, _, err := w.Responses(t.Context(), "quiz", Kept)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(models, table.Models); diff != "" {
			t.Errorf("%s: models of the matrix:\n%s", step, diff)
		}
		if table, _, err = w.Responses(t.Context(), "quiz", All); err != nil || !slices.Equal(table.Models, models) {
			t.Errorf("%s: models with all items: %v, %v", step, table.Models, err)
		}
		prints, err := w.Prints(t.Context(), []string{"quiz"})
		if err != nil || !slices.Equal(sortedKeys(prints), models) {
			t.Errorf("%s: prints of %v, %v", step, sortedKeys(prints), err)
		}
		means, err := w.MeanScores(t.Context(), []string{"quiz"}, 0)
		if err != nil || len(means) != len(counting) {
			t.Errorf("%s: mean scores of %d models, %v; want %d", step, len(means), err, len(counting))
		}
		for _, f := range mustCheck(t, w, CheckOptions{ReadData: true}) {
			if f.Severity == Damage {
				t.Errorf("%s: %v", step, f)
			}
		}
	}
	without := func(from ...int) []corpus.Block {
		var left []corpus.Block
		for k, b := range blocks {
			if !slices.Contains(from, k) {
				left = append(left, b)
			}
		}
		return left
	}
	all := fingerprint()
	want("all there", blocks)
	include(false)
	if fingerprint() != all {
		t.Error("none has vanished, and the setting alone asks for a build")
	}
	for _, k := range []int{0, 7, 59} {
		setGone(t, w, blocks[k].Model, true)
	}
	three := fingerprint()
	want("three left out", without(0, 7, 59))
	include(true)
	if fingerprint() != all || three == all {
		t.Errorf("fingerprints: %s of all, %s with three vanished that count, %s with these left out", all, fingerprint(), three)
	}
	want("three vanished that count", blocks)
	if got := values(t, w, `SELECT model, left_out, gone_since IS NOT NULL FROM vanished_models ORDER BY model`); len(got) != 3 || got[0][0] != blocks[0].Model || got[0][1] != false || got[0][2] != true {
		t.Errorf("vanished models %v", got)
	}
	include(false)
	setGone(t, w, blocks[7].Model, false)
	if two := fingerprint(); two == three || two == all {
		t.Error("one is back, and the fingerprint does not tell")
	}
	want("one is back", without(0, 59))
	// A model with another repository that is still there has not vanished.
	other := stateOf(blocks[0].Model, false)
	other.Repo = "p/details_" + blocks[0].Model
	if err := w.Record(t.Context(), corpus.Delivery{Repo: other}); err != nil {
		t.Fatal(err)
	}
	want("one has a second repository", without(59))
}
