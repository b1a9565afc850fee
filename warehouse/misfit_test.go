package warehouse

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"metabench/analysis/response"
	"metabench/corpus"
)

// twoTasks has two tasks of two items; three models answered both.
func twoTasks(t *testing.T) *Warehouse {
	t.Helper()
	w := fresh(t)
	d := corpus.Delivery{Repo: corpus.RepoState{Repo: "o/r", Commit: "c", Status: corpus.StatusDone}}
	for _, task := range []string{"anatomy", "virology"} {
		for k := range 2 {
			d.Items = append(d.Items, corpus.Item{Benchmark: "mmlu", Task: task, Position: k, Key: fmt.Sprint(task, ".", k+1)})
		}
		for i := range 3 {
			file := corpus.File{Repo: "o/r", Commit: "c", Path: fmt.Sprint(task, i), Size: 1, SHA256: "00", Verified: corpus.VerifiedHash, ReadAt: clock()}
			d.Blocks = append(d.Blocks, corpus.Block{Model: fmt.Sprint("m", i), Benchmark: "mmlu", Task: task, File: file, Correct: []uint8{0, 0}})
			d.Files = append(d.Files, corpus.FileState{Repo: "o/r", Commit: "c", Benchmark: "mmlu", Task: task, Path: file.Path, Size: 1, SHA256: "00", Status: corpus.StatusDone})
		}
	}
	if err := w.Record(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBlockLongerThanItsTaskIsNotTakenIn(t *testing.T) {
	w := twoTasks(t)
	before := hashesOf(t, w)
	long := corpus.Block{Model: "m9", Benchmark: "mmlu", Task: "anatomy", Correct: []uint8{1, 1, 1}, File: corpus.File{Repo: "o/r9", Path: "x.parquet"}}
	var bad *corpus.DataError
	err := w.Record(t.Context(), corpus.Delivery{Repo: corpus.RepoState{Repo: "o/r9"}, Blocks: []corpus.Block{long}})
	if !errors.As(err, &bad) || !strings.Contains(bad.Reason, "3 answers to 2 items") || !strings.Contains(bad.Object, "m9") || bad.File != "o/r9 x.parquet" {
		t.Errorf("error %v", err)
	}
	gap := []corpus.Item{{Benchmark: "mmlu", Task: "anatomy", Position: 3, Key: "far"}}
	if err := w.Record(t.Context(), corpus.Delivery{Items: gap}); !errors.As(err, &bad) || !strings.Contains(bad.Reason, "none at position 2") {
		t.Errorf("items with a gap: error %v", err)
	}
	if got := hashesOf(t, w); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Error("something of a refused delivery was kept")
	}
	// With the items that it needs it is taken in.
	item := []corpus.Item{{Benchmark: "mmlu", Task: "anatomy", Position: 2, Key: "anatomy.3"}}
	if err := w.Record(t.Context(), corpus.Delivery{Items: item, Blocks: []corpus.Block{long}}); err != nil {
		t.Error(err)
	}
}

// lengthen gives a stored block one correct answer too many, and the manifest what it
// then counts: an older program let such blocks in.
func lengthen(t *testing.T, w *Warehouse, model, task string) {
	t.Helper()
	for _, s := range []string{
		`UPDATE response_block SET correct = list_append(correct, 1), correct_count = correct_count + 1, observed_count = observed_count + 1, hash = hash + 1
		 WHERE model_id = (SELECT model_id FROM model WHERE model = '` + model + `') AND task_id = (SELECT task_id FROM task WHERE task = '` + task + `')`,
		`UPDATE manifest SET observed = observed + 1, correct = correct + 1, fingerprint = ((fingerprint::HUGEINT + 1) % 18446744073709551616::HUGEINT)::UBIGINT`,
		`DELETE FROM item_sum`,
	} {
		if _, err := w.conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	known, err := loadCatalogue(t.Context(), w.conn)
	if err != nil {
		t.Fatal(err)
	}
	w.known = known
}

func TestBlockLongerThanItsTaskIsNotReadIntoTheNext(t *testing.T) {
	t.Parallel()
	for _, task := range []string{"anatomy", "virology"} { // the next one's first item, and beyond the last item
		w := twoTasks(t)
		lengthen(t, w, "m1", task)
		for _, which := range []Which{All, Kept} {
			_, _, err := w.Responses(t.Context(), "mmlu", which)
			var misfit *AnswersError
			if !errors.As(err, &misfit) || misfit.Model != "m1" || misfit.Task != task || !strings.Contains(err.Error(), "metabench check") {
				t.Errorf("%s: error %v", task, err)
			}
		}
		if _, err := w.Export(t.Context(), ExportOptions{Dir: t.TempDir() + "/lake"}); err == nil {
			t.Errorf("%s: such answers were exported", task)
		}
	}
	w := twoTasks(t)
	if _, err := w.conn.ExecContext(t.Context(), `UPDATE item SET position = 2 WHERE item = 'anatomy.2'`); err != nil {
		t.Fatal(err)
	}
	var misfit *AnswersError
	if _, _, err := w.Responses(t.Context(), "mmlu", All); !errors.As(err, &misfit) || misfit.Task != "anatomy" || misfit.Model != "" {
		t.Errorf("items with a gap: error %v", err)
	}
}

func TestRepairTakesOutMisfitsAndHasThemReadAgain(t *testing.T) {
	w := twoTasks(t)
	lengthen(t, w, "m1", "anatomy")
	mustFind(t, mustCheck(t, w, CheckOptions{}), "answers_without_item", Damage)
	repaired := false
	for _, f := range mustCheck(t, w, CheckOptions{Repair: true}) {
		repaired = repaired || f.Check == "answers_without_item" && f.Repaired && strings.Contains(f.Object, "m1")
	}
	if !repaired {
		t.Error("not repaired")
	}
	if found := mustCheck(t, w, CheckOptions{ReadData: true}); Damaged(found) {
		t.Error(found)
	}
	table, _, err := w.Responses(t.Context(), "mmlu", All)
	if err != nil || len(table.Models) != 3 || table.Answers.At(1, 0) != response.Missing || table.Answers.At(1, 2) != 0 {
		t.Errorf("after repairing: %v, error %v", table, err)
	}
	states := values(t, w, `SELECT path, status FROM file_states WHERE status <> 'done'`)
	if len(states) != 1 || states[0][0] != "anatomy1" || states[0][1] != "pending" {
		t.Errorf("states %v, want that of the file alone to be pending", states)
	}
	if got := values(t, w, `SELECT status FROM repo_state`); got[0][0] != "pending" {
		t.Errorf("repository %v", got)
	}
}

func TestLostItemsAreNotRepairedByTakingOutAnswers(t *testing.T) {
	w := twoTasks(t)
	if _, err := w.conn.ExecContext(t.Context(), `DELETE FROM item WHERE item = 'anatomy.2'`); err != nil {
		t.Fatal(err)
	}
	for _, f := range mustCheck(t, w, CheckOptions{Repair: true}) {
		if f.Check == "answers_without_item" && f.Repaired {
			t.Error(f)
		}
	}
	if n := values(t, w, `SELECT count(*) FROM response_block`)[0][0]; n != int64(6) {
		t.Errorf("%v blocks left, want all 6", n)
	}
}
