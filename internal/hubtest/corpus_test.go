package hubtest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

// populationFunc makes a population of a function.
type populationFunc func(model, benchmark, task string) []uint8

func (f populationFunc) Answers(model, benchmark, task string) []uint8 {
	return f(model, benchmark, task)
}

// A population from outside decides the answers; names from outside come first.
func TestPopulationFromOutside(t *testing.T) {
	benchmarks := small()
	items := map[string]int{}
	for _, b := range benchmarks {
		for _, task := range b.Tasks {
			items[task.Name] = task.Items
		}
	}
	answers := func(model, _, task string) []uint8 {
		out := make([]uint8, items[task])
		for k := range out {
			out[k] = uint8((k + len(model)) % 2)
		}
		return out
	}
	names := []string{"lab/first", "lab/second-7b"}
	c := serve(t, hubtest.CorpusOptions{Seed: 1, Models: 3, Names: names, Benchmarks: benchmarks,
		Population: populationFunc(answers)}, hubtest.ServerOptions{})
	correct := truth.Of(c.corpus)
	if got := c.corpus.Models(); len(got) != 3 || !slices.Equal(got[:2], names) {
		t.Fatalf("models %v", got)
	}
	for _, model := range c.corpus.Models() {
		for outcome, o := range crawl(t, c, hubtest.Namespace+"/details_"+strings.ReplaceAll(model, "/", "__"), benchmarks) {
			benchmark, task, _ := strings.Cut(outcome, "/")
			want := answers(model, benchmark, task)
			if !bytes.Equal(o.answers, want) || !bytes.Equal(correct.Answers(model, benchmark, task), want) {
				t.Errorf("%s %s: %v, want %v", model, outcome, o.answers, want)
			}
		}
	}
}

func TestPopulationOfTheWrongSizePanics(t *testing.T) {
	c := hubtest.NewCorpus(hubtest.CorpusOptions{Models: 1, Benchmarks: small(),
		Population: populationFunc(func(_, _, _ string) []uint8 { return []uint8{1} })})
	defer func() {
		if recover() == nil {
			t.Error("a population that answers too few questions went unnoticed")
		}
	}()
	truth.Of(c).Answers(c.Models()[0], "arc", "arc")
}

// A push makes one commit in one repository, with other answers; old commits stay as
// they are.
func TestPush(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 2, Models: 3, Generation: hubtest.GenerationA}, hubtest.ServerOptions{})
	hub := c.corpus
	before := truth.Of(hub).Repos()
	model := before[1].Model
	old := truth.Of(hub).Answers(model, "arc", "arc")
	if !hub.Push(model) || hub.Push("nobody/nothing") {
		t.Fatal("Push reports wrongly which models there are")
	}
	for i, r := range truth.Of(hub).Repos() {
		if changed := r.Commit != before[i].Commit; changed != (i == 1) {
			t.Errorf("%s: commit changed %v", r.Repo, changed)
		}
	}
	if bytes.Equal(truth.Of(hub).Answers(model, "arc", "arc"), old) {
		t.Error("the new run has the old answers")
	}
	after, _ := truth.Of(hub).Repo(model)
	if after.Tasks[0].Status != corpus.StatusDone || after.Tasks[0].Path == before[1].Tasks[0].Path {
		t.Errorf("%+v", after.Tasks[0])
	}
	if got := c.fetch(before[1].Repo, before[1].Commit, before[1].Tasks[0].Path); int64(len(got)) != before[1].Tasks[0].Size {
		t.Error("the old commit's file changed")
	}
	for _, e := range decode[[]dataset](t, c.get(listing+"&expand=sha")) {
		if r := repoOf(t, c, e.ID); e.SHA != r.Commit {
			t.Errorf("%s: listed at %s, head %s", e.ID, e.SHA, r.Commit)
		}
	}
}

// The catalogue has the leaderboard's numbers, and scaling one changes a copy.
func TestCatalogue(t *testing.T) {
	items, tasks := 0, 0
	for _, b := range hubtest.Leaderboard() {
		items += b.Items()
		tasks += len(b.Tasks)
	}
	if items != 28659 || tasks != 62 {
		t.Errorf("%d questions in %d tasks", items, tasks)
	}
	whole := hubtest.Leaderboard()
	for i, b := range hubtest.Scaled(whole, 0.001, 3) {
		for k, task := range b.Tasks {
			if task.Items < 3 || task.Items > whole[i].Tasks[k].Items {
				t.Errorf("%s has %d questions", task.Name, task.Items)
			}
		}
	}
	if whole[1].Items() != 10042 {
		t.Error("scaling changed its argument")
	}
}
