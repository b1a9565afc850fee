package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"metabench/corpus"
	"metabench/scraper"
)

// Benchmarks is the catalogue of the contract, for stores that register benchmarks first.
func Benchmarks() []corpus.Benchmark {
	return []corpus.Benchmark{
		{Name: "arc", Metric: "acc_norm", Shots: 25, Options: 4, Tasks: []corpus.Task{{Name: "arc", Items: 3, Harness: "arc:challenge"}}},
		{Name: "mmlu", Metric: "acc", Shots: 5, Options: 4, Tasks: []corpus.Task{
			{Name: "anatomy", Items: 2, Harness: "hendrycksTest-anatomy"},
			{Name: "virology", Items: 2, Harness: "hendrycksTest-virology"},
		}},
	}
}

// Opened is a store under test, with functions that read its content without the interface.
type Opened struct {
	Store  scraper.Store
	Blocks func() []corpus.Block // ordered by model, benchmark, task
	Models func() []corpus.Model // ordered by name
	Scores func() []corpus.Score // ordered by model, benchmark, metric
}

// Run tests the contract of scraper.Store. Each case gets a fresh, empty store.
// Provenance (corpus.File) is compared by its Repo, Commit, Path, Size, SHA256 and
// Verified; times to the microsecond.
func Run(t *testing.T, open func(t *testing.T) Opened) {
	t.Helper()
	cases := map[string]func(*testing.T, Opened){
		"empty_store_knows_nothing":             emptyStore,
		"delivery_comes_back_whole":             wholeDelivery,
		"delivering_twice_is_delivering_once":   twice,
		"newer_state_replaces_older":            newerState,
		"block_of_same_model_and_task_replaced": replacedBlock,
		"items_are_never_overwritten":           itemsStay,
		"model_facts_add_up":                    modelFacts,
		"hostile_names_are_only_values":         hostileNames,
		"gone_is_kept_and_taken_back":           goneAndBack,
		"failing_is_a_state":                    standing,
		"bad_block_leaves_nothing_behind":       badBlock,
		"cancelled_record_leaves_nothing":       cancelledRecord,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var at = time.Date(2026, 11, 23, 10, 11, 12, 130000, time.UTC)

func ptr[T any](v T) *T { return &v }

// delivery is a complete one for a model of a repository.
func delivery(repo, model string) corpus.Delivery {
	commit := strings.Repeat("c0ffee00", 5)
	file := corpus.File{
		Repo: repo, Commit: commit, Path: "2023-09-18T03-05-58.053951/details_harness|arc:challenge|25_2023-09-18T03-05-58.053951.parquet",
		Size: 1289113, SHA256: strings.Repeat("ab", 32), Verified: corpus.VerifiedStructure,
		Run: at.Add(-time.Hour), ReadAt: at,
	}
	return corpus.Delivery{
		Repo: corpus.RepoState{Repo: repo, Commit: commit, Model: model, Status: corpus.StatusDone, Attempts: 1, Updated: at},
		Files: []corpus.FileState{
			{Repo: repo, Commit: commit, Benchmark: "arc", Task: "arc", Path: file.Path, Size: file.Size, SHA256: file.SHA256,
				Status: corpus.StatusDone, Attempts: 1, Updated: at},
			{Repo: repo, Commit: commit, Benchmark: "mmlu", Task: "anatomy", Status: corpus.StatusMissing, Attempts: 1, Updated: at},
			{Repo: repo, Commit: commit, Benchmark: "mmlu", Task: "virology", Path: "a/b.parquet", Size: 7, Status: corpus.StatusPermanent,
				Attempts: 2, Error: "10 rows of 166", Updated: at},
		},
		Blocks: []corpus.Block{{Model: model, Benchmark: "arc", Task: "arc", File: file, Correct: []uint8{1, 0, corpus.Missing}}},
		Items: []corpus.Item{
			{Benchmark: "arc", Task: "arc", Position: 0, Key: "1", Hash: strings.Repeat("0", 64), Prompt: "Why?"},
			{Benchmark: "arc", Task: "arc", Position: 1, Key: "2", Hash: strings.Repeat("1", 64)},
			{Benchmark: "arc", Task: "arc", Position: 2, Key: "3"},
		},
		Model: &corpus.Model{Name: model, Parameters: ptr(6.74), ParamsSource: "safetensors", Architecture: "LlamaForCausalLM",
			Precision: "float16", License: "mit", Merged: ptr(false), Available: ptr(true), Revision: "main"},
		Scores: []corpus.Score{{Model: model, Benchmark: "arc", Metric: "acc_norm", Value: 54.86, File: file}},
	}
}

func record(t *testing.T, s scraper.Store, ds ...corpus.Delivery) {
	t.Helper()
	for _, d := range ds {
		if err := s.Record(t.Context(), d); err != nil {
			t.Fatalf("record %s: %v", d.Repo.Repo, err)
		}
	}
}

func repos(t *testing.T, s scraper.Store) []corpus.RepoState {
	t.Helper()
	all, err := s.Repos(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func files(t *testing.T, s scraper.Store, repo string) []corpus.FileState {
	t.Helper()
	all, err := s.Files(t.Context(), repo)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func items(t *testing.T, s scraper.Store, benchmark, task string) []corpus.Item {
	t.Helper()
	all, err := s.Items(t.Context(), benchmark, task)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	opts := cmp.Options{
		cmpopts.EquateEmpty(),
		cmpopts.EquateApproxTime(time.Microsecond),
		cmpopts.IgnoreFields(corpus.File{}, "Run", "ReadAt"),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func emptyStore(t *testing.T, o Opened) {
	same(t, "repos", repos(t, o.Store), []corpus.RepoState{})
	same(t, "files", files(t, o.Store, "a/b"), []corpus.FileState{})
	same(t, "items", items(t, o.Store, "arc", "arc"), []corpus.Item{})
}

func wholeDelivery(t *testing.T, o Opened) {
	b, a := delivery("o/details_b", "b"), delivery("o/details_a", "x/a")
	record(t, o.Store, b, a)
	same(t, "repos", repos(t, o.Store), []corpus.RepoState{a.Repo, b.Repo})
	same(t, "files", files(t, o.Store, "o/details_a"), a.Files)
	same(t, "items", items(t, o.Store, "arc", "arc"), a.Items)
	same(t, "items of a task nobody delivered", items(t, o.Store, "mmlu", "anatomy"), []corpus.Item{})
	same(t, "blocks", o.Blocks(), []corpus.Block{b.Blocks[0], a.Blocks[0]})
	same(t, "models", o.Models(), []corpus.Model{*b.Model, *a.Model})
	same(t, "scores", o.Scores(), []corpus.Score{b.Scores[0], a.Scores[0]})
}

func twice(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	record(t, o.Store, d, d, d)
	same(t, "repos", repos(t, o.Store), []corpus.RepoState{d.Repo})
	same(t, "files", files(t, o.Store, d.Repo.Repo), d.Files)
	same(t, "items", items(t, o.Store, "arc", "arc"), d.Items)
	same(t, "blocks", o.Blocks(), d.Blocks)
	same(t, "scores", o.Scores(), d.Scores)
}

func newerState(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	record(t, o.Store, d)
	repo, file := d.Repo, d.Files[2]
	repo.Commit, repo.Status, repo.Error, repo.Attempts = strings.Repeat("d", 40), corpus.StatusTransient, "503", 2
	file.Commit, file.Status, file.Error = repo.Commit, corpus.StatusDone, ""
	file.Updated, repo.Updated = at.Add(time.Minute), at.Add(time.Minute)
	record(t, o.Store, corpus.Delivery{Repo: repo, Files: []corpus.FileState{file}})
	same(t, "repos", repos(t, o.Store), []corpus.RepoState{repo})
	same(t, "files", files(t, o.Store, repo.Repo), []corpus.FileState{d.Files[0], d.Files[1], file})
}

func replacedBlock(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	record(t, o.Store, d)
	block := d.Blocks[0]
	block.Correct = []uint8{0, 1, 1}
	block.File.Commit, block.File.Verified = strings.Repeat("e", 40), corpus.VerifiedHash
	record(t, o.Store, corpus.Delivery{Repo: d.Repo, Blocks: []corpus.Block{block}})
	same(t, "blocks", o.Blocks(), []corpus.Block{block})
}

func itemsStay(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	record(t, o.Store, d)
	again := []corpus.Item{
		{Benchmark: "arc", Task: "arc", Position: 0, Key: "1", Hash: strings.Repeat("9", 64), Prompt: "Other?"},
		{Benchmark: "arc", Task: "arc", Position: 1, Key: "2", Prompt: "How?"},
		{Benchmark: "arc", Task: "arc", Position: 2, Key: "3", Hash: strings.Repeat("2", 64)},
	}
	record(t, o.Store, corpus.Delivery{Repo: d.Repo, Items: again})
	want := []corpus.Item{d.Items[0], d.Items[1], again[2]}
	want[1].Prompt = "How?"
	same(t, "items", items(t, o.Store, "arc", "arc"), want)
}

func modelFacts(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	record(t, o.Store, d, corpus.Delivery{Repo: d.Repo, Model: &corpus.Model{
		Name: "x/a", Flagged: ptr(true), Available: ptr(false), BaseModel: "meta-llama/Llama-2-7b-hf"}})
	want := *d.Model
	want.Flagged, want.Available, want.BaseModel = ptr(true), ptr(false), "meta-llama/Llama-2-7b-hf"
	same(t, "models", o.Models(), []corpus.Model{want})
}

func hostileNames(t *testing.T, o Opened) {
	names := []string{
		`x" AS y`,
		"a'); DROP TABLE responses;--",
		"org/Привет–你好 💥",
		"org/" + strings.Repeat("long", 1000),
		"$1 ? :name %s {}",
	}
	for _, name := range names {
		d := delivery("o/details_"+name, name)
		record(t, o.Store, d)
		same(t, fmt.Sprintf("files of %.40q", name), files(t, o.Store, d.Repo.Repo), d.Files)
	}
	if got := len(repos(t, o.Store)); got != len(names) {
		t.Errorf("%d repositories, want %d", got, len(names))
	}
	got := map[string]bool{}
	for _, m := range o.Models() {
		got[m.Name] = true
	}
	for _, name := range names {
		if !got[name] {
			t.Errorf("model %.40q is not there verbatim", name)
		}
	}
	same(t, "items", items(t, o.Store, "arc", "arc"), delivery("", "").Items)
}

func goneAndBack(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	d.Repo.Gone = at.Add(time.Hour)
	record(t, o.Store, d)
	same(t, "a gone repository", repos(t, o.Store), []corpus.RepoState{d.Repo})
	same(t, "blocks of a gone repository", o.Blocks(), d.Blocks)
	d.Repo.Gone = time.Time{}
	record(t, o.Store, corpus.Delivery{Repo: d.Repo})
	same(t, "a repository that is back", repos(t, o.Store), []corpus.RepoState{d.Repo})
}

func standingOf(t *testing.T, s scraper.Store) corpus.Standing {
	t.Helper()
	all, err := s.StandingFailures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func standing(t *testing.T, o Opened) {
	same(t, "standing of an empty store", standingOf(t, o.Store), corpus.Standing{})
	d := delivery("o/details_a", "x/a") // arc was read, anatomy is missing, virology permanent
	record(t, o.Store, d)
	want := corpus.Standing{Files: corpus.Failing{Permanent: 1}, Read: 1, Benchmarks: []corpus.StandingBenchmark{
		{Benchmark: "arc", Models: 1, Answered: 1}, {Benchmark: "mmlu", Models: 1, Permanent: 1},
	}}
	same(t, "standing", standingOf(t, o.Store), want)

	// An inaccessible repository counts in every benchmark.
	closed := corpus.RepoState{Repo: "o/details_b", Commit: d.Repo.Commit, Model: "x/b", Status: corpus.StatusPolicy, Error: "gated", Attempts: 1, Updated: at}
	record(t, o.Store, corpus.Delivery{Repo: closed})
	want.Repositories.Policy = 1
	want.Benchmarks = []corpus.StandingBenchmark{{Benchmark: "arc", Models: 2, Answered: 1, Policy: 1}, {Benchmark: "mmlu", Models: 2, Permanent: 1, Policy: 1}}
	same(t, "with a closed repository", standingOf(t, o.Store), want)

	// A second file of a task, with a transient failure, a description, and a summary of results.
	later := d.Files[2]
	later.Path, later.Status, later.Error = "a/c.parquet", corpus.StatusTransient, "503"
	description := corpus.FileState{Repo: d.Repo.Repo, Commit: d.Repo.Commit, Status: corpus.StatusTransient, Attempts: 1, Error: "503", Updated: at}
	results := corpus.FileState{Repo: "o/results", Commit: strings.Repeat("1", 40), Path: "results.json", Status: corpus.StatusPermanent, Attempts: 1, Error: "cut", Updated: at}
	record(t, o.Store, corpus.Delivery{Repo: d.Repo, Files: []corpus.FileState{later, description}},
		corpus.Delivery{Repo: corpus.RepoState{Repo: "o/results", Commit: strings.Repeat("2", 40), Status: corpus.StatusDone, Updated: at}, Files: []corpus.FileState{results}})
	want.Files = corpus.Failing{Transient: 2, Permanent: 1}
	want.Benchmarks[1].Permanent, want.Benchmarks[1].Transient = 0, 1
	same(t, "with failures that may pass", standingOf(t, o.Store), want)

	// The task was read from a third file, and the description too.
	later.Path, later.Status, later.Error = "a/d.parquet", corpus.StatusDone, ""
	description.Status, description.Error = corpus.StatusDone, ""
	record(t, o.Store, corpus.Delivery{Repo: d.Repo, Files: []corpus.FileState{later, description}})
	want.Files, want.Read = corpus.Failing{Permanent: 1}, 2
	want.Benchmarks[1].Transient, want.Benchmarks[1].Answered = 0, 1
	same(t, "with all tasks read", standingOf(t, o.Store), want)

	// After another commit, the states of its files are history.
	moved := d.Repo
	moved.Commit, moved.Status, moved.Error = strings.Repeat("e", 40), corpus.StatusTransient, "503"
	record(t, o.Store, corpus.Delivery{Repo: moved})
	want.Repositories.Transient, want.Read = 1, 0
	want.Benchmarks = []corpus.StandingBenchmark{{Benchmark: "arc", Models: 2, Transient: 1, Policy: 1}, {Benchmark: "mmlu", Models: 2, Transient: 1, Policy: 1}}
	same(t, "at another commit", standingOf(t, o.Store), want)

	// A vanished repository has no failures.
	moved.Gone, closed.Gone = at, at
	record(t, o.Store, corpus.Delivery{Repo: moved}, corpus.Delivery{Repo: closed})
	same(t, "gone", standingOf(t, o.Store), corpus.Standing{Files: corpus.Failing{Permanent: 1}, Vanished: 2,
		Benchmarks: []corpus.StandingBenchmark{{Benchmark: "arc", Vanished: 1}}})
}

func badBlock(t *testing.T, o Opened) {
	d := delivery("o/details_a", "x/a")
	d.Blocks[0].Correct = []uint8{1, 7, 0}
	if err := o.Store.Record(t.Context(), d); err == nil {
		t.Error("an answer of 7 was accepted")
	}
	d.Blocks[0].Correct = append(make([]uint8, len(d.Items)), 1)
	if err := o.Store.Record(t.Context(), d); err == nil {
		t.Error("a block longer than its task was accepted")
	}
	emptyStore(t, o)
	same(t, "models", o.Models(), []corpus.Model{})
}

func cancelledRecord(t *testing.T, o Opened) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Store.Record(ctx, delivery("o/details_a", "x/a")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	emptyStore(t, o)
	same(t, "blocks", o.Blocks(), []corpus.Block{})
}
