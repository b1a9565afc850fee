package scraper_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
	"metabench/scraper/details"
	"metabench/scraper/hub"
)

// unread is a task with all of its questions unread, and the files that a crawl read.
func (b *bench) unread(benchmark, task string) corpus.UnreadTask {
	b.t.Helper()
	items, err := b.store.Items(b.t.Context(), benchmark, task)
	if err != nil {
		b.t.Fatal(err)
	}
	u := corpus.UnreadTask{Benchmark: benchmark, Task: task, Items: items}
	for k := range items {
		u.Unread = append(u.Unread, k)
	}
	for _, block := range b.store.Blocks() {
		if block.Benchmark == benchmark && block.Task == task {
			u.Files = append(u.Files, block.File)
		}
	}
	return u
}

func (b *bench) allUnread() []corpus.UnreadTask {
	var all []corpus.UnreadTask
	for _, bench := range b.truth().Benchmarks() {
		for _, t := range bench.Tasks {
			all = append(all, b.unread(bench.Name, t.Name))
		}
	}
	return all
}

// ask reads questions and returns them by task.
func (b *bench) ask(tasks []corpus.UnreadTask, change ...func(*hub.Options)) (map[[2]string][]corpus.Question, []*scraper.TextUnavailableError, error) {
	b.t.Helper()
	found := map[[2]string][]corpus.Question{}
	var mu sync.Mutex
	unavailable, err := scraper.ReadQuestions(b.t.Context(), scraper.QuestionOptions{
		Hub: b.hub(change...), Benchmarks: b.truth().Benchmarks(), Log: verbose(b.t),
		Keep: func(_ context.Context, questions []corpus.Question) error {
			if !mu.TryLock() {
				b.t.Error("two tasks were given to Keep at once")
			}
			defer mu.Unlock()
			key := [2]string{questions[0].Benchmark, questions[0].Task}
			if found[key] != nil {
				b.t.Errorf("%s was given to Keep twice", key)
			}
			found[key] = questions
			return nil
		}}, tasks)
	return found, unavailable, err
}

// wantQuestions compares questions with the truth, matched by hash in order of
// occurrence: the store's order is that of the first file.
func (b *bench) wantQuestions(got []corpus.Question) {
	b.t.Helper()
	places := map[string][]corpus.Question{}
	for _, q := range b.truth().Questions(got[0].Benchmark, got[0].Task) {
		places[q.Hash] = append(places[q.Hash], q)
	}
	for _, q := range got {
		same := places[q.Hash]
		if len(same) == 0 {
			b.t.Fatalf("%s %s is no question of the task", q.Benchmark, q.Key)
		}
		want := same[0]
		places[q.Hash] = same[1:]
		if corpus.QuestionHash(q.Prompt) != corpus.QuestionHash(want.Prompt) {
			b.t.Errorf("%s %s: prompt %q, want %q", q.Benchmark, q.Key, q.Prompt, want.Prompt)
		}
		if want.Target != "" && q.Target != want.Target && !strings.HasSuffix(want.Target, "#### "+q.Target) {
			b.t.Errorf("%s %s: target %q, want %q", q.Benchmark, q.Key, q.Target, want.Target)
		}
		ignore := cmpopts.IgnoreFields(corpus.Question{}, "Prompt", "Target", "Key", "Position", "File")
		if diff := cmp.Diff(want, q, ignore, cmpopts.EquateEmpty()); diff != "" {
			b.t.Errorf("%s %s (-want +got):\n%s", q.Benchmark, q.Key, diff)
		}
		if q.File.Repo == "" || q.File.Path == "" {
			b.t.Errorf("%s %s has no file", q.Benchmark, q.Key)
		}
	}
}

func TestQuestionsAreTheTruthInEveryGeneration(t *testing.T) {
	for generation, allThere := range map[hubtest.Generation]bool{
		hubtest.GenerationAEarly: true, hubtest.GenerationA: true, hubtest.GenerationB: false, hubtest.GenerationBText: false,
	} {
		t.Run(string(generation), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 2, Generation: generation}, hubtest.ServerOptions{})
			b.crawl()
			found, unavailable, err := b.ask(b.allUnread())
			if err != nil {
				t.Fatal(err)
			}
			for _, questions := range found {
				b.wantQuestions(questions)
			}
			if len(found)+len(unavailable) != 8 || len(found) == 0 || allThere == (len(unavailable) > 0) {
				t.Errorf("%d tasks have texts, %v have none", len(found), unavailable)
			}
			for _, u := range unavailable {
				if details.FaultOf(u) != details.FaultQuestions || u.Tried != 2 {
					t.Errorf("%s: %d files tried: %v", u.Task, u.Tried, u)
				}
			}
		})
	}
}

func TestQuestionsComeFromTheFirstFileThatTellsThem(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 30}, hubtest.ServerOptions{})
	b.crawl()
	tasks := b.allUnread()
	for k := range tasks {
		// The newest runs have empty lists in some tasks; the first file is gone.
		slices.SortFunc(tasks[k].Files, func(x, y corpus.File) int { return y.Run.Compare(x.Run) })
		gone := tasks[k].Files[0]
		gone.Path = "never there.parquet"
		tasks[k].Files = append([]corpus.File{gone}, tasks[k].Files...)
	}
	found, unavailable, err := b.ask(tasks)
	if err != nil || len(unavailable) > 0 || len(found) != 8 {
		t.Fatalf("%d tasks, %v, %v", len(found), unavailable, err)
	}
	later := 0
	for k, task := range tasks {
		questions := found[[2]string{task.Benchmark, task.Task}]
		b.wantQuestions(questions)
		if at := slices.Index(tasks[k].Files, questions[0].File); at > 1 {
			later++
		}
	}
	if later == 0 {
		t.Error("every second file has the texts: no other file was tried")
	}
}

func TestShuffledRowsAreFoundByContent(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 5, Models: 8, Broken: 0.5, Cases: []hubtest.Case{hubtest.CaseShuffled}}, hubtest.ServerOptions{})
	b.crawl()
	shuffled := 0
	for _, r := range b.truth().Repos() {
		for _, task := range r.Tasks {
			if !task.Realigned {
				continue
			}
			shuffled++
			u := b.unread(task.Benchmark, task.Task)
			u.Files = slices.DeleteFunc(u.Files, func(f corpus.File) bool { return f.Path != task.Path || f.Repo != r.Listed })
			u.Unread = slices.DeleteFunc(u.Unread, func(p int) bool { return p%3 > 0 })
			found, unavailable, err := b.ask([]corpus.UnreadTask{u})
			if err != nil {
				t.Fatal(err)
			}
			if len(unavailable) > 0 {
				continue // a file of 2024
			}
			questions := found[[2]string{task.Benchmark, task.Task}]
			for k, p := range u.Unread {
				if q := questions[k]; q.Position != p || q.Key != u.Items[p].Key || q.Hash != u.Items[p].Hash {
					t.Errorf("position %d: %s at %d", p, q.Key, q.Position)
				}
			}
			// All of them, because only the order distinguishes repeated questions.
			u.Unread = b.unread(task.Benchmark, task.Task).Unread
			if found, _, err = b.ask([]corpus.UnreadTask{u}); err != nil {
				t.Fatal(err)
			}
			b.wantQuestions(found[[2]string{task.Benchmark, task.Task}])
		}
	}
	if shuffled == 0 {
		t.Error("no file was shuffled: nothing was tested")
	}
}

// The text of another question under an item's name would make a wrong benchmark that
// nobody notices.
func TestForeignQuestionsAreRefused(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 2, Generation: hubtest.GenerationA}, hubtest.ServerOptions{})
	b.crawl()
	cases := map[string]struct {
		change func(*corpus.UnreadTask)
		say    string
	}{
		"one_item_is_another_question": {func(u *corpus.UnreadTask) { u.Items[3].Hash = strings.Repeat("0", 64) }, "not item 4"},
		"none_is_the_task's": {func(u *corpus.UnreadTask) {
			for k := range u.Items {
				u.Items[k].Hash = strings.Repeat("0", 64)
			}
		}, "not the task's questions"},
		"another_order_with_a_stranger": {func(u *corpus.UnreadTask) {
			u.Items[0].Hash, u.Items[1].Hash = u.Items[1].Hash, u.Items[0].Hash
			u.Items[2].Hash = strings.Repeat("0", 64)
		}, "not in its order"},
		"another_number_of_rows": {func(u *corpus.UnreadTask) { u.Items, u.Unread = u.Items[:20], u.Unread[:20] }, "60 rows of 20"},
		"no_file":                {func(u *corpus.UnreadTask) { u.Files = nil }, "none of 0 files"},
		"not_in_the_catalogue":   {func(u *corpus.UnreadTask) { u.Benchmark = "quiz" }, "catalogue"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			u := b.unread("arc", "arc")
			c.change(&u)
			found, unavailable, err := b.ask([]corpus.UnreadTask{u})
			if err != nil || len(found) > 0 || len(unavailable) != 1 || !strings.Contains(unavailable[0].Error(), c.say) {
				t.Errorf("found %d, unavailable %v, error %v; want %q", len(found), unavailable, err, c.say)
			}
		})
	}
	u := b.unread("arc", "arc")
	for k := range u.Items {
		u.Items[k].Hash = ""
	}
	found, unavailable, err := b.ask([]corpus.UnreadTask{u})
	if err != nil || len(unavailable) > 0 || len(found[[2]string{"arc", "arc"}]) != 60 {
		t.Errorf("items without hashes: %v, %v", unavailable, err)
	}
}

func TestReadingQuestionsSurvivesAndGivesUp(t *testing.T) {
	cases := map[string]struct {
		fault hubtest.Fault
		kind  hub.Kind // of the error; empty for none
	}{
		"ranges_ignored":      {hubtest.Fault{Kind: hubtest.FaultIgnoreRange}, ""},
		"resets":              {hubtest.Fault{Kind: hubtest.FaultReset, Rate: 0.2}, ""},
		"quota_used_up":       {hubtest.Fault{Kind: hubtest.FaultRetryAfter, Text: "864000"}, hub.KindQuota},
		"nobody_answers":      {hubtest.Fault{Kind: hubtest.FaultReset}, hub.KindNetwork},
		"bytes_damaged_twice": {hubtest.Fault{Kind: hubtest.FaultCorrupt, Bytes: 3000, Count: 2, Routes: []hubtest.Route{hubtest.RouteCDN}}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 3, Generation: hubtest.GenerationA}, hubtest.ServerOptions{})
			good.crawl()
			bad := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 3, Generation: hubtest.GenerationA}, hubtest.ServerOptions{Faults: []hubtest.Fault{c.fault}})
			found, unavailable, err := bad.ask(good.allUnread())
			if hub.KindOf(err) != c.kind || len(unavailable) > 0 {
				t.Fatalf("error %v, unavailable %v; want %q", err, unavailable, c.kind)
			}
			if c.kind != "" {
				return
			}
			if len(found) != 8 {
				t.Errorf("%d tasks", len(found))
			}
			for _, questions := range found {
				bad.wantQuestions(questions)
			}
		})
	}
	b := newBench(t, hubtest.CorpusOptions{Seed: 4, Models: 2}, hubtest.ServerOptions{})
	b.crawl()
	if _, _, err := b.ask(b.allUnread(), func(o *hub.Options) { o.Offline = true }); hub.KindOf(err) != hub.KindOffline {
		t.Errorf("offline: %v", err)
	}
	full := errors.New("the disk is full")
	_, err := scraper.ReadQuestions(t.Context(), scraper.QuestionOptions{Hub: b.hub(), Benchmarks: b.truth().Benchmarks(),
		Keep: func(context.Context, []corpus.Question) error { return full }}, b.allUnread())
	if !errors.Is(err, full) {
		t.Errorf("error %v, want what Keep returned", err)
	}
}
