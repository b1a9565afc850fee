package warehouse

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"metabench/analysis/result"
	"metabench/corpus"
)

// crawledQuiz is a warehouse with answers of some models from the Hub to a quiz of
// four items, of which form A has items 1 and 3, form B item 4, and a form that was
// made for comparison item 2.
func crawledQuiz(t *testing.T, models int) *Warehouse {
	t.Helper()
	w := fresh(t)
	for k := range models {
		repo := fmt.Sprintf("o/details_%02d", k)
		file := corpus.File{Repo: repo, Commit: strings.Repeat("c", 40), Path: "quiz.parquet", Size: int64(100 + k), SHA256: strings.Repeat("a", 64),
			Verified: corpus.VerifiedStructure, Run: time.Date(2023, 8, models-k, 0, 0, 0, 0, time.UTC)}
		d := corpus.Delivery{
			Repo:   corpus.RepoState{Repo: repo, Commit: file.Commit, Model: repo, Status: corpus.StatusDone},
			Blocks: []corpus.Block{{Model: repo, Benchmark: "quiz", Task: "quiz", File: file, Correct: []uint8{1, 0, 1, uint8(k % 2)}}},
		}
		for p := range 4 {
			d.Items = append(d.Items, corpus.Item{Benchmark: "quiz", Task: "quiz", Position: p, Key: fmt.Sprint(p + 1), Hash: fmt.Sprint("hash", p)})
		}
		if err := w.Record(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	selectItems(t, w, result.SelectedItem{Form: "A", Position: 1, Item: "3"}, result.SelectedItem{Form: "A", Position: 2, Item: "1"},
		result.SelectedItem{Form: "B", Position: 1, Item: "4"}, result.SelectedItem{Form: "A information", Position: 1, Item: "2"})
	return w
}

func selectItems(t *testing.T, w *Warehouse, selected ...result.SelectedItem) {
	t.Helper()
	s := someResults(1)
	s.Selected = selected
	if err := w.StoreResults(t.Context(), "r1", s); err != nil {
		t.Fatal(err)
	}
}

func unread(t *testing.T, w *Warehouse) []corpus.UnreadTask {
	t.Helper()
	tasks, err := w.UnreadQuestions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tasks
}

// texts are questions to the unread items of a task.
func texts(u corpus.UnreadTask) []corpus.Question {
	var all []corpus.Question
	for _, p := range u.Unread {
		it := u.Items[p]
		all = append(all, corpus.Question{Benchmark: u.Benchmark, Task: u.Task, Key: it.Key, Position: p, Hash: it.Hash,
			Prompt: "Why " + it.Key + "?\n'); DROP TABLE question;-- ✓", Choices: []string{" a", "", "c's \"x\", [y]"}, Gold: 2, File: u.Files[0]})
	}
	return all
}

func store(t *testing.T, w *Warehouse, questions []corpus.Question) {
	t.Helper()
	if err := w.StoreQuestions(t.Context(), questions); err != nil {
		t.Fatal(err)
	}
}

func selectedQuestions(t *testing.T, w *Warehouse, form string) []corpus.Question {
	t.Helper()
	questions, err := w.SelectedQuestions(t.Context(), "quiz", form)
	if err != nil {
		t.Fatal(err)
	}
	return questions
}

func TestTextsOfSelectedItemsComeBackInOrderOfSelection(t *testing.T) {
	w := crawledQuiz(t, 3)
	tasks := unread(t, w)
	if len(tasks) != 1 || !slices.Equal(tasks[0].Unread, []int{0, 2, 3}) || len(tasks[0].Items) != 4 {
		t.Fatalf("unread %+v", tasks)
	}
	questions := texts(tasks[0])
	questions[2].Choices, questions[2].Gold, questions[2].Target = nil, 0, "It is 2.\n#### 2"
	for range 2 { // the second replaces the first
		store(t, w, questions)
	}
	if tasks := unread(t, w); len(tasks) != 0 {
		t.Errorf("still unread: %+v", tasks)
	}
	ignore := cmpopts.IgnoreFields(corpus.Question{}, "File")
	if diff := cmp.Diff([]corpus.Question{questions[1], questions[0]}, selectedQuestions(t, w, "A"), ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("form A (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(questions[2:], selectedQuestions(t, w, "B"), ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("form B (-want +got):\n%s", diff)
	}
	got := values(t, w, `SELECT q.item, f.repo, q.gold FROM question AS q JOIN file AS f USING (file_id) ORDER BY ALL`)
	repo := questions[0].File.Repo
	if diff := cmp.Diff([][]any{{"1", repo, int32(2)}, {"3", repo, int32(2)}, {"4", repo, nil}}, got); diff != "" {
		t.Errorf("provenance (-want +got):\n%s", diff)
	}
}

// Formats changed with time: what is offered must reach from the oldest on.
func TestSourcesOfTextsAreSpreadOverTime(t *testing.T) {
	w := crawledQuiz(t, 20)
	files := unread(t, w)[0].Files
	if len(files) != sourcesTried {
		t.Fatalf("%d files", len(files))
	}
	for k, f := range files {
		if k > 0 && !files[k-1].Run.Before(f.Run) {
			t.Errorf("file %d of %s after one of %s", k, f.Run, files[k-1].Run)
		}
	}
	if files[0].Run.Day() != 1 || files[sourcesTried-1].Run.Day() < 17 {
		t.Errorf("from %s to %s", files[0].Run, files[sourcesTried-1].Run)
	}
}

func TestImportedAnswersHaveNoSourceOfTexts(t *testing.T) {
	w := fresh(t)
	mustImport(t, w, randomImport(1, 6, 5))
	selectItems(t, w, result.SelectedItem{Form: "A", Position: 1, Item: "1"})
	tasks := unread(t, w)
	if len(tasks) != 1 || len(tasks[0].Files) != 0 || len(tasks[0].Unread) != 1 {
		t.Errorf("unread %+v", tasks)
	}
}

func TestTextOfAnotherQuestionDoesNotCount(t *testing.T) {
	w := crawledQuiz(t, 3)
	store(t, w, texts(unread(t, w)[0]))
	if _, err := w.conn.ExecContext(t.Context(), `UPDATE item SET prompt_hash = 'other' WHERE item = '3'`); err != nil {
		t.Fatal(err)
	}
	if tasks := unread(t, w); len(tasks) != 1 || !slices.Equal(tasks[0].Unread, []int{2}) {
		t.Errorf("unread %+v", tasks)
	}
	if q := selectedQuestions(t, w, "A")[0]; q.Key != "3" || q.Prompt != "" || q.Choices != nil {
		t.Errorf("the old text is used: %+v", q)
	}
}

func TestTextsGoWithTheSelection(t *testing.T) {
	t.Parallel()
	w := crawledQuiz(t, 3)
	questions := texts(unread(t, w)[0])
	questions[0].File = corpus.File{Repo: "o/elsewhere", Commit: strings.Repeat("d", 40), Path: "x.parquet", Verified: corpus.Unverified}
	store(t, w, questions)
	path := w.Path()
	reopen := func() {
		t.Helper()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w = openAt(t, path)
	}
	reopen()
	if n := values(t, w, `SELECT count(*) FROM file WHERE repo = 'o/elsewhere'`)[0][0]; n != int64(1) {
		t.Errorf("the file that a text was read from is there %v times", n)
	}
	for _, f := range mustCheck(t, w, CheckOptions{}) {
		if f.Check == "orphan_files" || f.Check == "questions_of_unknown_items" {
			t.Error(f)
		}
	}
	selectItems(t, w, result.SelectedItem{Form: "A", Position: 1, Item: "3"})
	if got := values(t, w, `SELECT item FROM question`); len(got) != 1 || got[0][0] != "3" {
		t.Errorf("texts of %v, want item 3", got)
	}
	reopen()
	if n := values(t, w, `SELECT count(*) FROM file WHERE repo = 'o/elsewhere'`)[0][0]; n != int64(0) {
		t.Errorf("a file that nothing comes from is there %v times", n)
	}
}

func TestTextsArePublishedAndExported(t *testing.T) {
	t.Parallel()
	w := crawledQuiz(t, 3)
	w.now = time.Now // each version has a name of its own
	dir := t.TempDir()
	publish := PublishOptions{Dir: filepath.Join(dir, "published"), Keep: 3, Force: true}
	if _, err := w.Publish(t.Context(), publish); err != nil {
		t.Fatal(err)
	}
	store(t, w, texts(unread(t, w)[0]))
	publish.IfChanged = true
	s, err := w.Publish(t.Context(), publish)
	if err != nil || s.Version == "" {
		t.Fatalf("a snapshot without the texts says the same: %+v, %v", s, err)
	}
	for path, want := range map[string]bool{s.Path: true, s.Version: true, w.Path(): false} {
		if is, err := IsSnapshot(path); err != nil || is != want {
			t.Errorf("%s is a snapshot: %v, %v", path, is, err)
		}
	}
	r, err := OpenReadOnly(t.Context(), Options{Path: s.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if diff := cmp.Diff(selectedQuestions(t, w, "A"), selectedQuestions(t, r, "A")); diff != "" {
		t.Errorf("snapshot (-ours +theirs):\n%s", diff)
	}
	lake := filepath.Join(dir, "lake")
	if _, err := w.Export(t.Context(), ExportOptions{Dir: lake}); err != nil {
		t.Fatal(err)
	}
	got := values(t, w, `SELECT benchmark, item, choices[gold + 1] FROM read_parquet(?, hive_partitioning = true) ORDER BY ALL`, filepath.Join(lake, "question", "*", "*.parquet"))
	want := [][]any{{"quiz", "1", "c's \"x\", [y]"}, {"quiz", "3", "c's \"x\", [y]"}, {"quiz", "4", "c's \"x\", [y]"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lake (-want +got):\n%s", diff)
	}
}

func TestTextsOfNoItemAreRefused(t *testing.T) {
	w := crawledQuiz(t, 1)
	for name, q := range map[string]corpus.Question{"unknown_benchmark": {Benchmark: "poem", Key: "1"}, "no_key": {Benchmark: "quiz"}} {
		if err := w.StoreQuestions(t.Context(), []corpus.Question{q}); err == nil {
			t.Errorf("%s was stored", name)
		}
	}
	if n := values(t, w, `SELECT count(*) FROM question`)[0][0]; n != int64(0) {
		t.Errorf("%v questions", n)
	}
}
