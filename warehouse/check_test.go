package warehouse

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"metabench/corpus"
)

func mustCheck(t *testing.T, w *Warehouse, o CheckOptions) []Finding {
	t.Helper()
	found, err := w.Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// soundWarehouse has answers, results, a run and a release. It is made once and copied.
func soundWarehouse(t *testing.T) *Warehouse {
	t.Helper()
	files, err := soundFiles()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w.duckdb")
	for suffix, text := range files {
		if err := os.WriteFile(path+suffix, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return openAt(t, path)
}

var soundFiles = sync.OnceValues(func() (files map[string][]byte, err error) {
	dir, err := os.MkdirTemp("", "warehouse")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "w.duckdb")
	if err := makeSound(context.Background(), path); err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	for _, suffix := range []string{"", ".ledger"} {
		if files[suffix], err = os.ReadFile(path + suffix); err != nil {
			return nil, err
		}
	}
	return files, nil
})

func makeSound(ctx context.Context, path string) (err error) {
	w, err := Create(ctx, Options{Path: path, Now: clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	in := randomImport(1, 12, 8)
	for k := range in.Blocks {
		in.Blocks[k].File.Path = "/nowhere/gone.csv"
	}
	if _, err := w.Import(ctx, in); err != nil {
		return err
	}
	fingerprint, err := w.Fingerprint(ctx, "quiz")
	if err != nil {
		return err
	}
	a, err := w.BeginRun(ctx, Run{InputFingerprint: fingerprint})
	if err != nil {
		return err
	}
	s := someResults(2)
	s.Abilities[0].Model = "model 0003"
	if err := errors.Join(w.StoreResults(ctx, a.RunID, s), w.FinishRun(ctx, a, RunDone, nil)); err != nil {
		return err
	}
	_, _, err = w.CreateRelease(ctx, ReleaseOptions{Version: "v1"})
	return err
}

func TestSoundWarehouseHasNothingButNotes(t *testing.T) {
	t.Parallel()
	for _, f := range mustCheck(t, soundWarehouse(t), CheckOptions{ReadData: true}) {
		if f.Severity != Note {
			t.Error(f)
		}
	}
}

// TestCheckFindsEveryDamage alters a sound warehouse behind its back in every way
// that a check looks for.
func TestCheckFindsEveryDamage(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		statement string
		check     string
		severity  Severity
		readData  bool
	}{
		"answers_lost":           {"DELETE FROM response_block WHERE model_id = 3", "manifest_totals", Damage, false},
		"answers_exchanged":      {"UPDATE response_block SET hash = hash + 1 WHERE model_id = 3", "manifest_totals", Damage, false},
		"one_answer_altered":     {"UPDATE response_block SET correct = list_transform(correct, x -> 1 - x) WHERE model_id = 3", "block_hash", Damage, true},
		"block_twice":            {"INSERT INTO response_block FROM response_block WHERE model_id = 3", "duplicate_blocks", Damage, false},
		"model_lost":             {"DELETE FROM model WHERE model_id = 3", "orphan_blocks", Damage, false},
		"file_lost":              {"DELETE FROM source_file", "orphan_blocks", Damage, false},
		"revision_lost":          {"DELETE FROM revision", "orphan_blocks", Damage, false},
		"revision_twice":         {"INSERT INTO revision SELECT 9, repo, commit_hash FROM revision", "duplicate_names", Damage, false},
		"item_lost":              {"DELETE FROM item WHERE position = 7", "answers_without_item", Damage, false},
		"item_lost_in_between":   {"DELETE FROM item WHERE position = 3", "item_positions", Damage, false},
		"model_twice":            {"INSERT INTO model FROM model WHERE model_id = 3", "duplicate_names", Damage, false},
		"run_lost":               {"DELETE FROM run", "results_without_run", Damage, false},
		"run_of_left_out_lost":   {"INSERT INTO left_out VALUES ('quiz', 'form B', '', 'too few items', 'nowhere')", "left_out_without_run", Damage, false},
		"item_of_result_unknown": {"UPDATE selected_item SET item = 'x'", "results_of_unknown_items", Damage, false},
		"error_negative":         {"UPDATE reconstruction_metric SET rmse = -1", "results_out_of_range", Damage, false},
		"task_incomplete":        {"UPDATE task SET expected_items = 9", "incomplete_tasks", Warning, false},
		"file_unused":            {"INSERT INTO source_file SELECT 99, 1, 'x.csv', NULL, 1, '', 'none', NULL, NULL", "orphan_files", Note, false},
		"run_cut_off":            {"UPDATE run_attempt SET status = 'running'", "unfinished_runs", Note, false},
		"results_stale":          {"UPDATE threshold SET min_sd = 0.2", "stale_results", Warning, false},
		"text_of_no_item":        {"INSERT INTO question SELECT 1, 'x', NULL, '?', [], NULL, NULL, 1, '2026-11-23'", "questions_of_unknown_items", Warning, false},
		"released_item_gone":     {"DELETE FROM item WHERE item = '1'", "released_items_gone", Warning, false},
		"released_item_changed":  {"UPDATE released_item SET prompt_hash = 'x'; UPDATE item SET prompt_hash = 'y'", "released_items_gone", Warning, false},
		"release_altered":        {"UPDATE released_item SET item = '2'", "release_identity", Damage, false},
		"release_lost":           {"DELETE FROM release", "release_identity", Damage, false},
		"sums_wrong":             {"UPDATE item_sum SET sum_x = sum_x + 1 WHERE position = 2", "kept_sums", Damage, false},
		"part_of_no_block":       {"INSERT INTO response_part SELECT model_id, task_id, file_id, correct, [] FROM response_block WHERE model_id = 3", "parts_of_blocks", Damage, false},
		"parts_lost":             {"UPDATE response_block SET file_id = 0 WHERE model_id = 3", "parts_of_blocks", Damage, false},
		"published_score_off":    {"INSERT INTO leaderboard_score SELECT 3, 1, metric, 100, 1 FROM benchmark", "published_scores_differ", Warning, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := soundWarehouse(t)
			if _, err := w.conn.ExecContext(t.Context(), c.statement); err != nil {
				t.Fatal(err)
			}
			for _, f := range mustCheck(t, w, CheckOptions{ReadData: c.readData}) {
				if f.Check == c.check && f.Severity == c.severity && f.Object != "" && f.Detail != "" && f.Remedy != "" {
					return
				}
			}
			t.Errorf("not found by %s", c.check)
		})
	}
}

func TestEveryQualityCheckIsTriedByATest(t *testing.T) {
	checks, err := qualityChecks()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("check_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if !strings.Contains(string(text), `"`+c.name+`"`) {
			t.Errorf("%s has no case", c.name)
		}
	}
}

func TestChangedSourceFilesAreNoticed(t *testing.T) {
	w := fresh(t)
	dir := t.TempDir()
	content := map[string]string{"same": "0123456789", "cut": "0123", "longer": "0123456789ab", "other": "9876543210"}
	var in corpus.Import
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		b := blockOf(path, name, 1, 0)
		b.File.SHA256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882" // of 0123456789
		in.Blocks = append(in.Blocks, b)
	}
	mustImport(t, w, in)
	got := map[string]string{}
	for _, f := range mustCheck(t, w, CheckOptions{ReadData: true}) {
		got[filepath.Base(f.Object)] = f.Detail
	}
	for name, want := range map[string]string{"same": "", "cut": "was cut to 4", "longer": "was replaced", "other": "has other bytes"} {
		if !strings.HasPrefix(got[name], want) || (want == "" && got[name] != "") {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestRepairMendsWhatLosesNothing(t *testing.T) {
	w := soundWarehouse(t)
	for _, s := range []string{
		"INSERT INTO source_file SELECT 99, 1, 'x.csv', NULL, 1, '', 'none', NULL, NULL",
		"UPDATE item_sum SET sum_x = sum_x + 1 WHERE position = 2",
	} {
		if _, err := w.conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	repaired := 0
	for _, f := range mustCheck(t, w, CheckOptions{Repair: true}) {
		if f.Repaired {
			repaired++
		}
	}
	if repaired != 2 {
		t.Errorf("%d findings repaired, want 2", repaired)
	}
	for _, f := range mustCheck(t, w, CheckOptions{ReadData: true}) {
		if f.Check != "source_files" {
			t.Error(f)
		}
	}
}

// mustFind wants a finding of a check with everything that a finding has.
func mustFind(t *testing.T, found []Finding, check string, severity Severity) {
	t.Helper()
	for _, f := range found {
		if f.Check == check && f.Severity == severity && f.Object != "" && f.Detail != "" && f.Remedy != "" {
			return
		}
	}
	t.Errorf("no %s of %s among %v", severity, check, found)
}

func TestLedgerThatCannotNoticeLossesIsReported(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"missing":      os.Remove,
		"emptied":      func(path string) error { return os.Truncate(path, 0) },
		"cut_off":      func(path string) error { return os.Truncate(path, 20) },
		"older_copy":   func(path string) error { return os.WriteFile(path, []byte(`{"load":1,"source":"x"}`+"\n"), 0o644) },
		"of_something": func(path string) error { return os.WriteFile(path, []byte("else\n"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			path := soundWarehouse(t).path
			w := openAt(t, path+"2") // a file of its own, which is closed
			for seed := range uint64(3) {
				mustImport(t, w, randomImport(seed+1, 12, 8))
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(ledgerPath(w.path)); err != nil {
				t.Fatal(err)
			}
			r, err := OpenReadOnly(t.Context(), Options{Path: w.path})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			mustFind(t, mustCheck(t, r, CheckOptions{}), "ledger", Warning)
		})
	}
}

// Another warehouse's file under this one's name is noticed by the ledger that stayed,
// also after the program has worked on it.
func TestFileInThePlaceOfAnotherIsNoticed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "w.duckdb"), filepath.Join(dir, "other.duckdb")
	for seed, path := range map[uint64]string{1: ours, 2: theirs} {
		w := openAt(t, path)
		mustImport(t, w, randomImport(seed, 12, 8))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(theirs, ours); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w := openAt(t, ours)
		mustFind(t, mustCheck(t, w, CheckOptions{}), "replaced_file", Damage)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(ledgerPath(ours)); err != nil { // the exchange was meant
		t.Fatal(err)
	}
	if found := mustCheck(t, openAt(t, ours), CheckOptions{ReadData: true}); Damaged(found) {
		t.Error(found)
	}
}
