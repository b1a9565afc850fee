package warehouse

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
	"metabench/table"
)

// shard is a file of answers by model and item.
type shard struct {
	path    string
	answers map[[2]string]uint8
}

// importOf reads shards as table.ReadLong does: items in the order of their keys over
// all files, a block for each file and model.
func importOf(shards ...shard) corpus.Import {
	in := corpus.Import{Benchmarks: []corpus.Benchmark{{Name: "quiz", Title: "quiz", Metric: "acc", Tasks: []corpus.Task{{Name: "quiz"}}}}}
	items := map[string]bool{}
	for _, s := range shards {
		for key := range s.answers {
			items[key[1]] = true
		}
	}
	keys := sortedKeys(items)
	slices.SortFunc(keys, corpus.CompareKeys)
	in.Items = itemsOf(keys...)
	in.Benchmarks[0].Tasks[0].Items = len(keys)
	for _, s := range shards {
		models := map[string]bool{}
		for key := range s.answers {
			models[key[0]] = true
		}
		for _, model := range sortedKeys(models) {
			b := blockOf(s.path, model)
			b.File.SHA256 = fmt.Sprintf("%x", len(s.answers))
			for _, item := range keys {
				a, ok := s.answers[[2]string{model, item}]
				if !ok {
					a = corpus.Missing
				}
				b.Correct = append(b.Correct, a)
			}
			in.Blocks = append(in.Blocks, b)
		}
	}
	return in
}

// grid is a shard that gives some models' answers to some items.
func grid(path string, models []string, from, to int, answer func(model string, item int) uint8) shard {
	s := shard{path, map[[2]string]uint8{}}
	for _, m := range models {
		for k := from; k < to; k++ {
			s.answers[[2]string{m, fmt.Sprint("q", k)}] = answer(m, k)
		}
	}
	return s
}

func fixed(model string, item int) uint8 {
	return uint8((len(model)*7 + int(model[len(model)-1]) + item*item) % 3 % 2)
}

// answersOf spells the stored answers.
func answersOf(t *testing.T, w *Warehouse) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, row := range values(t, w, `SELECT model, string_agg(item || '=' || correct, ' ' ORDER BY position) FROM responses GROUP BY model`) {
		out[row[0].(string)] = row[1].(string)
	}
	return out
}

// checkClean fails where a check finds anything wrong, but for what only a warehouse that
// is closed and opened again can have in order, and source files that never were.
func checkClean(t *testing.T, w *Warehouse) {
	t.Helper()
	for _, f := range mustCheck(t, w, CheckOptions{ReadData: true}) {
		if !slices.Contains([]string{"source_files", "ledger", "orphan_files"}, f.Check) {
			t.Error(f)
		}
	}
}

// Shards of one benchmark, the same models and other items in each, add up.
func TestShardsAddUpByModelAndItem(t *testing.T) {
	models := []string{"m1", "m2", "m3", "m4", "m5"}
	w := fresh(t)
	first, second := grid("part-0.csv", models, 0, 20, fixed), grid("part-1.csv", models, 20, 40, fixed)
	if got := mustImport(t, w, importOf(first)); got.New != 5 || got.Responses != 100 {
		t.Errorf("first: %+v", got)
	}
	got := mustImport(t, w, importOf(second))
	if want := (ImportResult{Models: 5, Items: 40, Responses: 100, Extended: 5}); got != want {
		t.Errorf("second: %+v, want %+v", got, want)
	}
	if n := values(t, w, "SELECT count(*) FROM responses")[0][0]; n != int64(200) {
		t.Errorf("%v answers are left of 200", n)
	}
	want := [][]any{{"part-0.csv", int64(5), int64(100)}, {"part-1.csv", int64(5), int64(100)}}
	if diff := cmp.Diff(want, values(t, w, `SELECT path, count(*), sum(observed)::BIGINT FROM lineage GROUP BY path ORDER BY path`)); diff != "" {
		t.Errorf("lineage (-want +got):\n%s", diff)
	}
	byFile := values(t, w, `SELECT DISTINCT path, (item[2:]::INTEGER) // 20 FROM responses JOIN file USING (file_id) ORDER BY ALL`)
	if diff := cmp.Diff([][]any{{"part-0.csv", int32(0)}, {"part-1.csv", int32(1)}}, byFile); diff != "" {
		t.Errorf("files of the answers (-want +got):\n%s", diff)
	}
	checkClean(t, w)
	before := hashesOf(t, w)
	manifest := values(t, w, "FROM manifest")
	for _, s := range []shard{first, second} {
		if r := mustImport(t, w, importOf(s)); r.Unchanged != 5 || r.Changed() {
			t.Errorf("%s again: %+v", s.path, r)
		}
	}
	if r := mustImport(t, w, importOf(first, second)); r.Unchanged != 5 || r.Changed() {
		t.Errorf("both again: %+v", r)
	}
	if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
		t.Errorf("importing again changed:\n%s", diff)
	}
	if diff := cmp.Diff(manifest, values(t, w, "FROM manifest")); diff != "" {
		t.Error(diff)
	}
}

// However files come, in one call or several and in any order, with overlaps and with
// earlier versions of some, the same is stored in the end.
func TestOrderAndNumberOfImportsMakeNoDifference(t *testing.T) {
	t.Parallel()
	models := []string{"a", "b", "c/d", "e"}
	shards := []shard{
		grid("2.csv", models[:3], 3, 9, fixed), grid("1.csv", models, 7, 12, fixed),
		grid("10.csv", models[1:], 0, 4, fixed), grid("3.csv", []string{"f"}, 0, 12, fixed),
	}
	once := fresh(t)
	mustImport(t, once, importOf(shards...))
	want, wantAnswers := hashesOf(t, once), answersOf(t, once)
	state, err := once.Fingerprint(t.Context(), "quiz")
	if err != nil {
		t.Fatal(err)
	}
	checkClean(t, once)
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.duckdb")
			w := openAt(t, path)
			// An earlier version of one of the files, with other answers and other items.
			k := rng.IntN(len(shards))
			mustImport(t, w, importOf(grid(shards[k].path, []string{"a", "z"}, 2, 6, func(m string, i int) uint8 { return 1 - fixed(m, i) })))
			order := rng.Perm(len(shards))
			order = append([]int{k}, order...)
			for at := 0; at < len(order); {
				n := 1 + rng.IntN(len(order)-at)
				var some []shard
				for _, i := range order[at : at+n] {
					if !slices.ContainsFunc(some, func(s shard) bool { return s.path == shards[i].path }) {
						some = append(some, shards[i])
					}
				}
				mustImport(t, w, importOf(some...))
				at += n
				if rng.IntN(2) == 0 {
					if err := w.Close(); err != nil { // what is known by heart is read again
						t.Fatal(err)
					}
					w = openAt(t, path)
				}
			}
			if diff := cmp.Diff(wantAnswers, answersOf(t, w)); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			got := hashesOf(t, w)
			delete(got, "model") // z stays known, without answers
			expected := map[string]string{}
			for table, hash := range want {
				if table != "model" {
					expected[table] = hash
				}
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("tables (-want +got):\n%s", diff)
			}
			if now, err := w.Fingerprint(t.Context(), "quiz"); err != nil || now != state {
				t.Errorf("fingerprint %s, want %s, error %v", now, state, err)
			}
			checkClean(t, w)
		})
	}
}

// A path replaces what it gave itself, and nothing of the other files: also where both
// gave the same answer.
func TestPathReplacesOnlyWhatItGave(t *testing.T) {
	w := fresh(t)
	give := func(path string, answers map[[2]string]uint8) ImportResult {
		t.Helper()
		return mustImport(t, w, importOf(shard{path, answers}))
	}
	give("a.csv", map[[2]string]uint8{{"m", "q1"}: 1, {"m", "q2"}: 0, {"n", "q1"}: 1})
	if r := give("b.csv", map[[2]string]uint8{{"m", "q2"}: 0, {"m", "q3"}: 1}); r.Extended != 1 {
		t.Errorf("b: %+v", r)
	}
	// a is corrected: no answer of m to q2 any more, another to q1, and nothing of n.
	if r := give("a.csv", map[[2]string]uint8{{"m", "q1"}: 0}); r.Replaced != 1 || r.Removed != 1 {
		t.Errorf("a corrected: %+v", r)
	}
	if diff := cmp.Diff(map[string]string{"m": "q1=0 q2=0 q3=1"}, answersOf(t, w)); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	// b loses what only it gave: what is left is of one file.
	if r := give("b.csv", map[[2]string]uint8{{"o", "q3"}: 1}); r.New != 1 || r.Replaced != 1 {
		t.Errorf("b corrected: %+v", r)
	}
	if diff := cmp.Diff(map[string]string{"m": "q1=0", "o": "q3=1"}, answersOf(t, w)); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if n := values(t, w, "SELECT count(*) FROM response_part")[0][0]; n != int64(0) {
		t.Errorf("%v parts are left", n)
	}
	checkClean(t, w)
}

// Two files that contradict each other are refused with both names, in one call and in
// two, and nothing is stored of the second.
func TestContradictingFilesAreRefused(t *testing.T) {
	t.Parallel()
	a := shard{"a.csv", map[[2]string]uint8{{"m", "q1"}: 1, {"m", "q2"}: 0}}
	b := shard{"b.csv", map[[2]string]uint8{{"m", "q2"}: 1, {"m", "q3"}: 0}}
	refused := func(t *testing.T, w *Warehouse, in corpus.Import) {
		t.Helper()
		_, err := w.Import(t.Context(), in)
		var bad *corpus.DataError
		if !errors.As(err, &bad) {
			t.Fatalf("error %v, want a *corpus.DataError", err)
		}
		for _, part := range []string{"a.csv", "b.csv", `"m"`, `"q2"`, "read b.csv, model", "is 1, and 0 in a.csv"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the message lacks %s: %v", part, err)
			}
		}
	}
	t.Run("one_call", func(t *testing.T) {
		w := fresh(t)
		refused(t, w, importOf(a, b))
		if n := values(t, w, "SELECT count(*) FROM response_block")[0][0]; n != int64(0) {
			t.Errorf("%v blocks", n)
		}
	})
	t.Run("two_calls", func(t *testing.T) {
		w := fresh(t)
		mustImport(t, w, importOf(a))
		before := hashesOf(t, w)
		refused(t, w, importOf(b))
		if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
			t.Error(diff)
		}
		// The remedy: the first file corrected, then the second.
		mustImport(t, w, importOf(shard{"a.csv", map[[2]string]uint8{{"m", "q1"}: 1, {"m", "q2"}: 1}}))
		mustImport(t, w, importOf(b))
		if diff := cmp.Diff(map[string]string{"m": "q1=1 q2=1 q3=0"}, answersOf(t, w)); diff != "" {
			t.Error(diff)
		}
		checkClean(t, w)
	})
}

// What the crawl read stays as it is: a file may repeat it and add to it, never change
// it, and the crawl replaces a block whole as ever.
func TestFilesNeverChangeWhatTheCrawlRead(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	crawled := blockOf("details.parquet", "m", 1, 0, corpus.Missing)
	crawled.File.Repo, crawled.File.Commit = "open/m-details", strings.Repeat("1", 40)
	deliver := func() {
		t.Helper()
		err := w.Record(t.Context(), corpus.Delivery{Repo: corpus.RepoState{Repo: "open/m-details", Commit: crawled.File.Commit, Status: corpus.StatusDone},
			Items: itemsOf("q1", "q2", "q3"), Blocks: []corpus.Block{crawled}})
		if err != nil {
			t.Fatal(err)
		}
	}
	deliver()
	before := hashesOf(t, w)
	_, err := w.Import(t.Context(), importOf(shard{"a.csv", map[[2]string]uint8{{"m", "q1"}: 0, {"m", "q2"}: 0, {"m", "q3"}: 1}}))
	if err == nil || !strings.Contains(err.Error(), "open/m-details details.parquet") || !strings.Contains(err.Error(), "a.csv") {
		t.Fatalf("error %v, want both files", err)
	}
	if diff := cmp.Diff(before, hashesOf(t, w)); diff != "" {
		t.Error(diff)
	}
	mustImport(t, w, importOf(shard{"a.csv", map[[2]string]uint8{{"m", "q1"}: 1, {"m", "q2"}: 0, {"m", "q3"}: 1}}))
	if diff := cmp.Diff(map[string]string{"m": "q1=1 q2=0 q3=1"}, answersOf(t, w)); diff != "" {
		t.Error(diff)
	}
	want := [][]any{{"a.csv", int32(1)}, {"details.parquet", int32(2)}}
	if diff := cmp.Diff(want, values(t, w, "SELECT path, observed FROM lineage ORDER BY path")); diff != "" {
		t.Error(diff)
	}
	checkClean(t, w)
	deliver()
	if diff := cmp.Diff(map[string]string{"m": "q1=1 q2=0"}, answersOf(t, w)); diff != "" {
		t.Error(diff)
	}
	checkClean(t, w)
}

// Answers by another metric are other answers.
func TestShardOfAnotherMetricIsRefused(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, importOf(grid("a.csv", []string{"m"}, 0, 4, fixed)))
	in := importOf(grid("b.csv", []string{"n"}, 0, 4, fixed))
	in.Benchmarks[0].Metric = "exact_match"
	_, err := w.Import(t.Context(), in)
	var bad *corpus.DataError
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), "answers by acc") {
		t.Fatalf("error %v, want both metrics", err)
	}
	if got := values(t, w, "SELECT metric FROM benchmark")[0][0]; got != "acc" {
		t.Errorf("metric %v", got)
	}
	again := importOf(grid("a.csv", []string{"m"}, 0, 4, fixed)) // the only file may say it better
	again.Benchmarks[0].Metric = "exact_match"
	mustImport(t, w, again)
	if got := values(t, w, "SELECT metric FROM benchmark")[0][0]; got != "exact_match" {
		t.Errorf("metric %v", got)
	}
}

// What items ask may come before the answers or after them.
func TestPromptsMayComeInACallOfTheirOwn(t *testing.T) {
	answers := importOf(grid("a.csv", []string{"m"}, 0, 4, fixed))
	prompts := corpus.Import{Benchmarks: answers.Benchmarks, Items: itemsOf("q1", "q5")}
	for k := range prompts.Items {
		prompts.Items[k].Prompt, prompts.Items[k].Hash = "what is it", "h"+fmt.Sprint(k)
	}
	first, second := fresh(t), fresh(t)
	mustImport(t, first, answers)
	mustImport(t, first, prompts)
	mustImport(t, second, prompts)
	mustImport(t, second, answers)
	if diff := cmp.Diff(hashesOf(t, first), hashesOf(t, second)); diff != "" {
		t.Errorf("answers first and prompts first differ:\n%s", diff)
	}
	mustImport(t, first, answers)
	if diff := cmp.Diff(hashesOf(t, first), hashesOf(t, second)); diff != "" {
		t.Errorf("importing the answers again lost what the items ask:\n%s", diff)
	}
	if n := values(t, first, "SELECT count(*) FROM item WHERE prompt IS NOT NULL")[0][0]; n != int64(2) {
		t.Errorf("%v items have a prompt, want 2", n)
	}
}

// A load of several files is lost until each of them came again.
func TestLostLoadOfSeveralFilesNeedsAllOfThem(t *testing.T) {
	lost := []Load{{ID: 1, Source: "a.csv and 1 more", Sources: []string{"a.csv", "b.csv"}}, {ID: 2, Source: "c.csv"}}
	left := restored(lost, map[string]bool{"a.csv": true})
	if len(left) != 2 || !slices.Equal(left[0].Sources, []string{"b.csv"}) {
		t.Errorf("left after a.csv: %+v", left)
	}
	if left = restored(left, map[string]bool{"b.csv": true, "c.csv": true}); len(left) != 0 {
		t.Errorf("left after all: %+v", left)
	}
	w := fresh(t)
	mustImport(t, w, importOf(grid("b.csv", []string{"m"}, 0, 4, fixed), grid("a.csv", []string{"m"}, 2, 6, fixed)))
	if got := values(t, w, "SELECT DISTINCT source FROM manifest"); len(got) != 1 || got[0][0] != "a.csv and 1 more" {
		t.Errorf("manifest: %v", got)
	}
	loads, err := readLedger(w.path)
	if err != nil {
		t.Fatal(err)
	}
	if len(loads) == 0 || !slices.Equal(loads[len(loads)-1].Sources, []string{"a.csv", "b.csv"}) {
		t.Errorf("ledger: %+v", loads)
	}
}

// Real tables of a user, in shards: the same as in one file.
func TestShardsOfATableAreTheTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var paths []string
	for part := range 3 {
		var b strings.Builder
		b.WriteString("model,item,correct\n")
		for m := range 6 {
			for q := part; q < 30; q += 3 {
				fmt.Fprintf(&b, "m%d,item %d,%d\n", m, q, fixed(fmt.Sprint("m", m), q))
			}
		}
		path := filepath.Join(dir, fmt.Sprintf("part-%d.csv", part))
		writeText(t, path, b.String())
		paths = append(paths, path)
	}
	read := func(paths ...string) corpus.Import {
		t.Helper()
		in, err := table.ReadLong(t.Context(), paths, table.LongOptions{Benchmark: "mine", ReadAt: clock()})
		if err != nil {
			t.Fatal(err)
		}
		return *in
	}
	one, many := fresh(t), fresh(t)
	mustImport(t, one, read(paths...))
	for _, k := range []int{2, 0, 1} {
		mustImport(t, many, read(paths[k]))
	}
	if diff := cmp.Diff(hashesOf(t, one), hashesOf(t, many)); diff != "" {
		t.Errorf("one call and three differ:\n%s", diff)
	}
	if n := values(t, many, "SELECT count(*) FROM responses")[0][0]; n != int64(180) {
		t.Errorf("%v answers, want 180", n)
	}
	checkClean(t, many)
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
