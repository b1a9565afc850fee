package hubtest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// fileKind is what a file of a repository holds.
type fileKind int

const (
	plainFile   fileKind = iota // given text
	detailsFile                 // answers to one task
	resultsJSON
	resultsParquet
	cardFile
	requestFile
	hostileFile // never served
)

// File is a file of a repository at some commit.
type File struct {
	Path string
	Run  int   // position among the repository's runs; of a card, the number of runs that it describes
	Task *Task // of an evaluation file

	kind  fileKind
	entry *Entry
	plan  Run
	lay   layout
	salt  uint64 // answers: 0 the population's, else a variation on them
	hurt  damage
	text  string // plainFile
}

// HoldsAnswers reports whether it is an evaluation file.
func (f *File) HoldsAnswers() bool { return f.kind == detailsFile }

func (f *File) lfs() bool {
	return f.HoldsAnswers() || f.kind == resultsParquet || f.kind == hostileFile
}

// revisions is the number of commits after the first, empty one: one a run.
func (c *Corpus) revisions(e *Entry) int { return len(c.Runs(e)) }

// Commit is the id of the commit that brought the repository's revision k.
func (c *Corpus) Commit(repo string, k int) string {
	return hexOf(key(c.options.Seed, "commit", repo, fmt.Sprint(k)), 40)
}

// Files lists a details repository at revision k, in path order.
func (c *Corpus) Files(e *Entry, revision int) []*File {
	runs := c.Runs(e)
	revision = min(revision, len(runs))
	out := []*File{{Path: ".gitattributes", text: gitattributes, entry: e}}
	for k, p := range runs[:revision] {
		stamp := p.Stamp()
		dir := stamp + "/"
		if e.Case == CaseFlat {
			dir = ""
		}
		for _, t := range c.Tasks() {
			if p.covers(t) {
				out = append(out, c.taskFile(e, k, p, t, dir))
			}
		}
		if p.generation == GenerationA && p.limit == 0 && p.At.Month() >= 9 {
			out = append(out, &File{Path: fmt.Sprintf("%sdetails_harness|drop|3_%s.parquet", dir, stamp), kind: detailsFile,
				entry: e, Run: k, plan: p, Task: c.tasks[0], lay: layout{generation: p.generation, rows: []int{0}, declaredRows: -1}, salt: 1})
		}
		if e.Case == CaseOtherSuites {
			for _, name := range []string{"original|mmlu:anatomy|5", "lighteval|arc:easy|0", "helm|hellaswag|10"} {
				out = append(out, &File{Path: fmt.Sprintf("%sdetails_%s_%s.parquet", dir, name, stamp), kind: detailsFile,
					entry: e, Run: k, plan: p, Task: c.tasks[0], lay: layout{generation: p.generation, declaredRows: -1}, salt: 2})
			}
		}
		out = append(out,
			&File{Path: "results_" + stamp + ".json", kind: resultsJSON, entry: e, Run: k, plan: p},
			&File{Path: "results_" + stamp + ".parquet", kind: resultsParquet, entry: e, Run: k, plan: p})
	}
	if e.Case != CaseNoCard && revision > 0 {
		out = append(out, &File{Path: "README.md", kind: cardFile, entry: e, Run: revision})
	}
	if e.Case == CaseHostilePaths {
		for _, p := range hostilePaths {
			out = append(out, &File{Path: p, kind: hostileFile, entry: e})
		}
		out = append(out, &File{Path: "readme.md", text: "differs from README.md in case only\n", entry: e})
	}
	slices.SortFunc(out, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// hostilePaths are names that a tree must not be able to write to. They look like
// evaluation files, so that a crawler has a reason to want them.
var hostilePaths = []string{
	"../../etc/details_harness|gsm8k|5_2098-01-01T00-00-00.000001.parquet",
	"/abs/details_harness|gsm8k|5_2098-01-01T00-00-00.000002.parquet",
	`C:\x\details_harness|gsm8k|5_2098-01-01T00-00-00.000003.parquet`,
	"a/../../details_harness|gsm8k|5_2098-01-01T00-00-00.000004.parquet",
	"nul\x00/details_harness|gsm8k|5_2098-01-01T00-00-00.000005.parquet",
	strings.Repeat("deep/", 800) + "details_harness|gsm8k|5_2098-01-01T00-00-00.000006.parquet",
}

// FileName is the base name of the task's file in a run.
func (t *Task) FileName(p Run) string {
	return fmt.Sprintf("details_harness|%s|%d_%s.parquet", t.Harness, t.Bench.Shots, p.Stamp())
}

// taskFile is the evaluation file of a task in a run.
func (c *Corpus) taskFile(e *Entry, k int, p Run, t *Task, dir string) *File {
	lay, hurt := c.layout(e, p, t)
	return &File{
		Path: dir + t.FileName(p),
		kind: detailsFile, entry: e, Run: k, plan: p, Task: t, lay: lay, hurt: hurt, salt: c.Salt(e, k, t),
	}
}

// shuffled is an order of the questions in which repeated questions keep their
// relative order, so that the n-th of several equal rows is the n-th of the task.
func (t *Task) shuffled(k uint64) []int {
	order := stream(k).Perm(t.Items)
	rowsOf := map[int][]int{} // by the first position of a question that is repeated
	for p := range t.Items {
		if d := t.duplicateOf(p); d >= 0 {
			rowsOf[d] = nil
		}
	}
	origin := func(p int) int {
		if d := t.duplicateOf(p); d >= 0 {
			return d
		}
		return p
	}
	for row, p := range order {
		if rows, repeated := rowsOf[origin(p)]; repeated {
			rowsOf[origin(p)] = append(rows, row)
		}
	}
	for p := range t.Items { // the earliest position gets the earliest row
		if rows := rowsOf[origin(p)]; len(rows) > 0 {
			order[rows[0]] = p
			rowsOf[origin(p)] = rows[1:]
		}
	}
	return order
}

// variant changes about a tenth of the answers, at least one. Salt 0 changes none.
func variant(answers []uint8, salt uint64) []uint8 {
	if salt == 0 {
		return answers
	}
	out := slices.Clone(answers)
	for k := range out {
		if unit(salt, k) < 0.1 || uint64(k) == salt%uint64(len(out)) {
			out[k] ^= 1
		}
	}
	return out
}

// Answers returns what a details file's run recorded, by position.
func (c *Corpus) Answers(e *Entry, t *Task, salt uint64) []uint8 {
	a := c.population.Answers(e.Model, t.Bench.Name, t.Name)
	if len(a) != t.Items {
		panic(fmt.Sprintf("hubtest: population gives %d answers to %s/%s, which has %d questions", len(a), t.Bench.Name, t.Name, t.Items))
	}
	return variant(a, salt)
}

// build makes a file's bytes.
func (c *Corpus) build(f *File) *content {
	switch f.kind {
	case detailsFile:
		answers := c.Answers(f.entry, f.Task, f.salt)
		whole := c.detailsFile(f.Task, c.evaluate(f.Task, answers, key(f.salt, f.entry.Model, f.Task.Name)), f.lay, f.hurt)
		return hurtContent(whole, f.hurt)
	case resultsJSON:
		return newContent(c.resultsJSON(f.entry, f.Run, f.plan))
	case resultsParquet:
		body := c.resultsJSON(f.entry, f.Run, f.plan)
		one := encoding{rows: 1, groupRows: 1, codec: &parquet.Snappy}
		col := one.encode("results", textNode, textCell(func(int) string { return string(body) }))
		return splice([]*column{col}, nil, -1)
	case cardFile:
		return newContent(c.cardText(f.entry, f.Run))
	case hostileFile:
		return newContent([]byte("you should not have asked for this"))
	}
	return newContent([]byte(f.text))
}

// findFile returns the file at a path, nil when there is none.
func findFile(files []*File, name string) *File {
	k, ok := slices.BinarySearchFunc(files, name, func(f *File, n string) int { return strings.Compare(f.Path, n) })
	if !ok {
		return nil
	}
	return files[k]
}

// directories returns the directories above the files, in order.
func directories(files []*File) []string {
	seen := map[string]bool{}
	var out []string
	for _, f := range files {
		for d := path.Dir(f.Path); d != "." && d != "/" && f.kind != hostileFile && !seen[d]; d = path.Dir(d) {
			seen[d] = true
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

const gitattributes = "*.parquet filter=lfs diff=lfs merge=lfs -text\n*.bin filter=lfs diff=lfs merge=lfs -text\n"
