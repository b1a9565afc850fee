package hubtest

import (
	"fmt"
	"strings"
	"time"

	"metabench/corpus"
)

// Truth is what a correct crawl delivers.
type Truth struct {
	c        *Corpus
	faithful bool
}

// Truth returns what a correct crawl of the corpus, as it is now, delivers when it
// selects the best run of each task: the newest one with the full row count.
func (c *Corpus) Truth() Truth { return Truth{c: c} }

// Faithful returns what a correct crawl delivers when it selects runs as the original
// scraper does, right or wrong: what the card's split "latest" names first, else the
// first file of the task in listing order, which is the oldest run (§2.6).
func (c *Corpus) Faithful() Truth { return Truth{c: c, faithful: true} }

// choices are the choices by task.
func (t Truth) choices(e *entry) []choice {
	runs := t.c.runs(e)
	if t.faithful {
		return t.c.chooseFaithfully(e, runs)
	}
	return t.c.choose(e, runs)
}

// RepoTruth is what becomes of one model's repository.
type RepoTruth struct {
	Model  string
	Repo   string // canonical id
	Listed string // id in the listing: a former name when the repository was renamed
	Commit string // head
	Case   Case
	// Status is policy or permanent when the repository can't be had at all, else
	// done, also when some of its tasks can't.
	Status corpus.Status
	Tasks  []TaskTruth
}

// TaskTruth is what becomes of one task of a model.
type TaskTruth struct {
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
func (t Truth) Repos() []RepoTruth {
	out := make([]RepoTruth, len(t.c.entries))
	for i, e := range t.c.entries {
		out[i] = t.repo(e)
	}
	return out
}

// Repo returns the truth about a model's repository.
func (t Truth) Repo(model string) (RepoTruth, bool) {
	e := t.c.byModel[model]
	if e == nil {
		return RepoTruth{}, false
	}
	return t.repo(e), true
}

func (t Truth) repo(e *entry) RepoTruth {
	c := t.c
	runs := c.runs(e)
	r := RepoTruth{Model: e.model, Repo: e.repo, Listed: e.listed, Commit: c.commit(e.repo, len(runs)), Case: e.kase,
		Status: corpus.StatusDone}
	switch e.kase {
	case CaseGated, CaseDisabled:
		r.Status = corpus.StatusPolicy
	case CaseDeleted, CasePrivate:
		r.Status = corpus.StatusPermanent
	}
	files := map[string]*file{}
	for _, f := range c.files(e, len(runs)) {
		if f.kind == detailsFile {
			files[f.path[strings.LastIndex(f.path, "/")+1:]] = f
		}
	}
	chosen := t.choices(e)
	for _, tk := range c.tasks {
		ch := chosen[tk.n]
		tt := TaskTruth{Benchmark: tk.bench.Name, Task: tk.Name, Status: ch.status}
		if ch.status == corpus.StatusDone {
			base := fmt.Sprintf("details_harness|%s|%d_%s.parquet", tk.Harness, tk.bench.Shots, runs[ch.run].stamp())
			f := files[base]
			d := c.digest(f)
			tt.Path, tt.SHA256, tt.Size = f.path, d.hex(), d.size
			tt.Run, tt.Rows, tt.Realigned = runs[ch.run].at, tk.Items, ch.realigned
		}
		r.Tasks = append(r.Tasks, tt)
	}
	return r
}

// Answers returns a model's answers to a task by position; nil unless the task is
// done.
func (t Truth) Answers(model, benchmark, task string) []uint8 {
	e := t.c.byModel[model]
	tk := t.c.task(benchmark, task)
	if e == nil || tk == nil {
		return nil
	}
	ch := t.choices(e)[tk.n]
	if ch.status != corpus.StatusDone {
		return nil
	}
	return t.c.answers(e, tk, t.c.salt(e, ch.run, tk))
}

// Items returns the questions of a task in order. Prompt is the question as the
// files of 2023 show it, with white space folded; Hash is HashQuestion of it, and the
// same in every generation unless the corpus is Rerendered.
func (t Truth) Items(benchmark, task string) []corpus.Item {
	tk := t.c.task(benchmark, task)
	if tk == nil {
		return nil
	}
	out := make([]corpus.Item, tk.Items)
	for p := range out {
		text := strings.Join(strings.Fields(tk.rendered(tk.question(p), GenerationA)), " ")
		k := fmt.Sprint(p + 1)
		if len(tk.bench.Tasks) > 1 {
			k = task + "." + k
		}
		out[p] = corpus.Item{Benchmark: benchmark, Task: task, Position: p, Key: k, Hash: HashQuestion(text), Prompt: text}
	}
	return out
}

// Questions returns what the files of 2023 say was asked in a task, in order. Prompts
// of other years differ in white space; the hash is that of Items.
func (t Truth) Questions(benchmark, task string) []corpus.Question {
	tk := t.c.task(benchmark, task)
	var out []corpus.Question
	for p, it := range t.Items(benchmark, task) {
		q := tk.question(p)
		out = append(out, corpus.Question{Benchmark: benchmark, Task: task, Key: it.Key, Position: p, Hash: it.Hash,
			Prompt: tk.fullPrompt(p, tk.rendered(q, GenerationA)), Choices: q.choices, Gold: q.gold, Target: q.worked})
	}
	return out
}

// Scores returns a model's published scores: those of its newest results file that
// can be read.
func (t Truth) Scores(model string) []corpus.Score {
	if e := t.c.byModel[model]; e != nil {
		return t.c.published(e)
	}
	return nil
}

// Model returns what the requests repository and the Hub say of a model.
func (t Truth) Model(model string) (corpus.Model, bool) {
	e := t.c.byModel[model]
	if e == nil {
		return corpus.Model{}, false
	}
	return t.c.modelTruth(e), true
}

func (c *Corpus) task(benchmark, name string) *task {
	for _, t := range c.tasks {
		if t.bench.Name == benchmark && t.Name == name {
			return t
		}
	}
	return nil
}
