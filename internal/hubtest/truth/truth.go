// Package truth computes what a correct crawl of the replica delivers, for tests to compare
// with. Only tests import it.
package truth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"metabench/corpus"
	"metabench/internal/hubtest"
)

// Truth is what a correct crawl delivers.
type Truth struct {
	c        *hubtest.Corpus
	faithful bool
}

// Of returns what a correct crawl of a corpus, as it is now, delivers when it selects the
// best run of each task: the newest one with the full row count.
func Of(c *hubtest.Corpus) Truth { return Truth{c: c} }

// Faithful returns what a correct crawl delivers when it selects runs as the original
// scraper does, right or wrong: what the card's split "latest" names first, else the
// first file of the task in listing order, which is the oldest run (§2.6).
func Faithful(c *hubtest.Corpus) Truth { return Truth{c: c, faithful: true} }

// Benchmarks returns the catalogue that the corpus was made of.
func (t Truth) Benchmarks() []corpus.Benchmark {
	var all []corpus.Benchmark
	for _, task := range t.c.Tasks() {
		if n := len(all); n == 0 || all[n-1].Name != task.Bench.Name {
			all = append(all, task.Bench)
		}
	}
	return all
}

// Repo is what becomes of one model's repository.
type Repo struct {
	Model  string
	Repo   string // canonical id
	Listed string // id in the listing: a former name when the repository was renamed
	Commit string // head
	Case   hubtest.Case
	// Status is policy or permanent when the repository can't be had at all, else
	// done, also when some of its tasks can't.
	Status corpus.Status
	Tasks  []Task
}

// Task is what becomes of one task of a model.
type Task struct {
	Benchmark string
	Task      string
	Status    corpus.Status // done, missing, permanent or policy
	// The rest is known of tasks that are done.
	Path      string // file that the answers come from
	SHA256    string
	Size      int64
	Run       time.Time
	Rows      int
	Realigned bool // rows are in another order and must be matched by content
}

// Repos returns the truth about every repository, in the order of Corpus.Models.
func (t Truth) Repos() []Repo {
	var out []Repo
	for _, e := range t.c.Entries() {
		out = append(out, t.repo(e))
	}
	return out
}

// Repo returns the truth about a model's repository.
func (t Truth) Repo(model string) (Repo, bool) {
	e := t.c.Entry(model)
	if e == nil {
		return Repo{}, false
	}
	return t.repo(e), true
}

func (t Truth) repo(e *hubtest.Entry) Repo {
	c := t.c
	runs := c.Runs(e)
	r := Repo{Model: e.Model, Repo: e.Repo, Listed: e.Listed, Commit: c.Commit(e.Repo, len(runs)), Case: e.Case,
		Status: corpus.StatusDone}
	switch e.Case {
	case hubtest.CaseGated, hubtest.CaseDisabled:
		r.Status = corpus.StatusPolicy
	case hubtest.CaseDeleted, hubtest.CasePrivate:
		r.Status = corpus.StatusPermanent
	}
	files := map[string]*hubtest.File{}
	for _, f := range c.Files(e, len(runs)) {
		if f.HoldsAnswers() {
			files[f.Path[strings.LastIndex(f.Path, "/")+1:]] = f
		}
	}
	chosen := t.choices(e)
	for _, tk := range c.Tasks() {
		ch := chosen[tk.Index]
		tt := Task{Benchmark: tk.Bench.Name, Task: tk.Name, Status: ch.Status}
		if ch.Status == corpus.StatusDone {
			f := files[tk.FileName(runs[ch.Run])]
			d := c.Digest(f)
			tt.Path, tt.SHA256, tt.Size = f.Path, d.Hex(), d.Size
			tt.Run, tt.Rows, tt.Realigned = runs[ch.Run].At, tk.Items, ch.Realigned
		}
		r.Tasks = append(r.Tasks, tt)
	}
	return r
}

// Answers returns a model's answers to a task by position; nil unless the task is
// done.
func (t Truth) Answers(model, benchmark, task string) []uint8 {
	e := t.c.Entry(model)
	tk := t.task(benchmark, task)
	if e == nil || tk == nil {
		return nil
	}
	ch := t.choices(e)[tk.Index]
	if ch.Status != corpus.StatusDone {
		return nil
	}
	return t.c.Answers(e, tk, t.c.Salt(e, ch.Run, tk))
}

// Items returns the questions of a task in order. Prompt is the question as the
// files of 2023 show it, with every run of white space replaced by one blank; Hash is HashQuestion of it, and the
// same in every generation unless the corpus is Rerendered.
func (t Truth) Items(benchmark, task string) []corpus.Item {
	tk := t.task(benchmark, task)
	if tk == nil {
		return nil
	}
	out := make([]corpus.Item, tk.Items)
	for p := range out {
		text := strings.Join(strings.Fields(tk.Rendered(tk.Question(p), hubtest.GenerationA)), " ")
		k := fmt.Sprint(p + 1)
		if len(tk.Bench.Tasks) > 1 {
			k = task + "." + k
		}
		out[p] = corpus.Item{Benchmark: benchmark, Task: task, Position: p, Key: k, Hash: HashQuestion(text), Prompt: text}
	}
	return out
}

// Questions returns what the files of 2023 say was asked in a task, in order. Prompts
// of other years differ in white space; the hash is that of Items.
func (t Truth) Questions(benchmark, task string) []corpus.Question {
	tk := t.task(benchmark, task)
	var out []corpus.Question
	for p, it := range t.Items(benchmark, task) {
		q := tk.Question(p)
		out = append(out, corpus.Question{Benchmark: benchmark, Task: task, Key: it.Key, Position: p, Hash: it.Hash,
			Prompt: tk.FullPrompt(p, tk.Rendered(q, hubtest.GenerationA)), Choices: q.Choices, Gold: q.Gold, Target: q.Worked})
	}
	return out
}

// Scores returns a model's published scores: those of its newest results file that
// can be read.
func (t Truth) Scores(model string) []corpus.Score {
	if e := t.c.Entry(model); e != nil {
		return t.published(e)
	}
	return nil
}

// Model returns what the requests repository and the Hub say of a model.
func (t Truth) Model(model string) (corpus.Model, bool) {
	e := t.c.Entry(model)
	if e == nil {
		return corpus.Model{}, false
	}
	return describe(model, t.c.Info(e)), true
}

func (t Truth) task(benchmark, name string) *hubtest.Task {
	for _, tk := range t.c.Tasks() {
		if tk.Bench.Name == benchmark && tk.Name == name {
			return tk
		}
	}
	return nil
}

// HashQuestion is the hash that Items gives to a question: SHA-256, in hexadecimal digits,
// of the text with every run of white space replaced by one blank.
func HashQuestion(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(text), " ")))
	return hex.EncodeToString(sum[:])
}
