package warehouse

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
	"metabench/internal/refdata"
	"metabench/table"
)

func hashesOf(t *testing.T, w *Warehouse) map[string]string {
	t.Helper()
	h, err := w.TableHashes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestImportingTheSameAgainWritesNothing(t *testing.T) {
	w := fresh(t)
	in := corpus.Import{Blocks: randomBlocks(1, 20, 15, 0.2)}
	first := mustImport(t, w, in)
	if first.New != 20 || first.Models != 20 || first.Items != 15 {
		t.Errorf("first import: %+v", first)
	}
	before := hashesOf(t, w)
	manifest := values(t, w, "FROM manifest")
	again := mustImport(t, w, in)
	if again.Unchanged != 20 || again.Changed() {
		t.Errorf("second import: %+v", again)
	}
	if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(manifest, values(t, w, "FROM manifest")); diff != "" {
		t.Error(diff)
	}
}

func TestChangedFileReplacesWhatItGaveBefore(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, corpus.Import{Items: itemsOf("1", "2", "3"), Blocks: []corpus.Block{
		blockOf("a.csv", "kept", 1, 0, 1), blockOf("a.csv", "altered", 1, 1, 1), blockOf("a.csv", "vanished", 0, 0, 0),
	}})
	mustImport(t, w, corpus.Import{Items: itemsOf("1", "2", "3"), Blocks: []corpus.Block{blockOf("b.csv", "other file", 0, 1, 0)}})
	altered := blockOf("a.csv", "altered", 1, 0, 1)
	added := blockOf("a.csv", "added", 0, 0, 1)
	kept := blockOf("a.csv", "kept", 1, 0, 1)
	for _, b := range []*corpus.Block{&altered, &added, &kept} {
		b.File.SHA256 = "11"
	}
	got := mustImport(t, w, corpus.Import{Items: itemsOf("1", "2", "3"), Blocks: []corpus.Block{kept, altered, added}})
	want := ImportResult{Models: 3, Items: 3, Responses: 9, New: 1, Replaced: 1, Unchanged: 1, Removed: 1}
	if got != want {
		t.Errorf("import: %+v, want %+v", got, want)
	}
	rows := values(t, w, `SELECT model, list(correct ORDER BY item)::VARCHAR, any_value(path), any_value(sha256)
		FROM responses JOIN file USING (file_id) GROUP BY model ORDER BY model`)
	wantRows := [][]any{
		{"added", "[0, 0, 1]", "a.csv", "11"}, {"altered", "[1, 0, 1]", "a.csv", "11"},
		{"kept", "[1, 0, 1]", "a.csv", "11"}, {"other file", "[0, 1, 0]", "b.csv", "00"},
	}
	if diff := cmp.Diff(wantRows, rows); diff != "" {
		t.Error(diff)
	}
}

func TestFilesWithDifferentItemsMeetByKey(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, corpus.Import{Items: itemsOf("a", "b", "c"), Blocks: []corpus.Block{blockOf("1.csv", "m1", 1, 0, 1)}})
	second := corpus.Import{Items: itemsOf("c", "d", "a"), Blocks: []corpus.Block{blockOf("2.csv", "m2", 0, 1, 1)}}
	mustImport(t, w, second)
	if r := mustImport(t, w, second); r.Unchanged != 1 || r.Changed() {
		t.Errorf("importing the second again: %+v", r)
	}
	got := values(t, w, `SELECT model, string_agg(item || correct, ' ' ORDER BY item) FROM responses GROUP BY model ORDER BY model`)
	want := [][]any{{"m1", "a1 b0 c1"}, {"m2", "a1 c0 d1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewItemOrderOfTheOnlyFileIsTakenOver(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, corpus.Import{Items: itemsOf("a", "b"), Blocks: []corpus.Block{blockOf("1.csv", "m1", 1, 0)}})
	mustImport(t, w, corpus.Import{Items: itemsOf("z", "b"), Blocks: []corpus.Block{blockOf("1.csv", "m1", 1, 1)}})
	got := values(t, w, `SELECT item, correct FROM responses ORDER BY position`)
	if diff := cmp.Diff([][]any{{"z", uint8(1)}, {"b", uint8(1)}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBadImportIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	items := itemsOf("1", "2")
	items[1].Position = 5
	otherQuestion := itemsOf("1", "2")
	otherQuestion[0].Hash = "bb"
	cases := map[string]corpus.Import{
		"answer_of_2":                         {Blocks: []corpus.Block{blockOf("x.csv", "m", 1, 2)}},
		"model_twice":                         {Blocks: []corpus.Block{blockOf("x.csv", "m", 1), blockOf("x.csv", "m", 0)}},
		"model_without_name":                  {Blocks: []corpus.Block{blockOf("x.csv", "", 1)}},
		"name_not_utf8":                       {Blocks: []corpus.Block{blockOf("x.csv", "a\xff", 1)}},
		"gap_in_positions":                    {Items: items, Blocks: []corpus.Block{blockOf("x.csv", "m", 1)}},
		"item_key_twice":                      {Items: itemsOf("1", "1"), Blocks: []corpus.Block{blockOf("x.csv", "m", 1, 1)}},
		"more_answers_than_items":             {Items: itemsOf("1"), Blocks: []corpus.Block{blockOf("x.csv", "m", 1, 1)}},
		"another_question_under_the_same_key": {Items: otherQuestion, Blocks: []corpus.Block{blockOf("x.csv", "m", 1, 1)}},
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			known := itemsOf("1", "2")
			known[0].Hash = "aa"
			mustImport(t, w, corpus.Import{Items: known, Blocks: []corpus.Block{blockOf("known.csv", "known", 1, 0)}})
			before := hashesOf(t, w)
			var bad *corpus.DataError
			if _, err := w.Import(t.Context(), in); !errors.As(err, &bad) {
				t.Fatalf("error %v, want a *corpus.DataError", err)
			}
			if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
				t.Error(diff)
			}
			mustImport(t, w, corpus.Import{Items: itemsOf("1"), Blocks: []corpus.Block{blockOf("later.csv", "later", 1)}})
		})
	}
}

// TestManifestCountsWhatIsStored compares the totals kept with every load with
// what is in the table.
func TestManifestCountsWhatIsStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	w := openAt(t, path)
	for seed := range uint64(4) {
		mustImport(t, w, corpus.Import{Blocks: randomBlocks(seed, 10+int(seed), 12, 0.1)})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = openAt(t, path) // totals are read back
	mustImport(t, w, corpus.Import{Blocks: randomBlocks(9, 5, 12, 0.1)})
	got := values(t, w, `SELECT blocks, observed, correct, fingerprint::VARCHAR FROM corpus_state`)
	want := values(t, w, `SELECT count(*), sum(observed_count)::BIGINT, sum(correct_count)::BIGINT,
		(sum(hash) % 18446744073709551616::HUGEINT)::VARCHAR FROM response_block`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRealBenchmarkOfAUsersOwn(t *testing.T) {
	t.Parallel()
	path := refdata.Path(t, "oll2", "mmlu_pro_math.parquet")
	in, err := table.ReadLong(t.Context(), []string{path}, table.LongOptions{Benchmark: "mmlu_pro_math", ReadAt: clock()})
	if err != nil {
		t.Fatal(err)
	}
	w := fresh(t)
	r := mustImport(t, w, *in)
	if r.Models != 3235 || r.Items != 1351 || r.Responses != 3235*1351 {
		t.Errorf("import: %+v", r)
	}
	kept, scores, err := w.Responses(t.Context(), "mmlu_pro_math", Kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Validate(); err != nil {
		t.Error(err)
	}
	if models, items := kept.Answers.Dims(); models != 3232 || items >= 1351 || items < 1000 || len(scores) != models {
		t.Errorf("kept %d × %d with %d scores", models, items, len(scores))
	}
}

// randomImport is one file with named items.
func randomImport(seed uint64, models, items int) corpus.Import {
	keys := make([]string, items)
	for k := range keys {
		keys[k] = fmt.Sprint(k + 1)
	}
	return corpus.Import{Items: itemsOf(keys...), Blocks: randomBlocks(seed, models, items, 0)}
}
