package hubtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// fileKind is what a file of a repository holds.
type fileKind int

const (
	plainFile fileKind = iota // given text
	detailsFile
	resultsJSON
	resultsParquet
	cardFile
	requestFile
	hostileFile // never served
)

// file is a file of a repository at some commit.
type file struct {
	path  string
	kind  fileKind
	entry *entry
	run   int
	plan  plan
	task  *task
	lay   layout
	salt  uint64 // answers: 0 the population's, else a variation on them
	hurt  damage
	text  string // plainFile
}

func (f *file) lfs() bool {
	return f.kind == detailsFile || f.kind == resultsParquet || f.kind == hostileFile
}

// revisions is the number of commits after the first, empty one: one a run.
func (c *Corpus) revisions(e *entry) int { return len(c.runs(e)) }

// commit is the id of the commit that brought the repository's revision k.
func (c *Corpus) commit(repo string, k int) string {
	return hexOf(key(c.options.Seed, "commit", repo, fmt.Sprint(k)), 40)
}

// files lists a details repository at revision k, in path order.
func (c *Corpus) files(e *entry, revision int) []*file {
	runs := c.runs(e)
	revision = min(revision, len(runs))
	out := []*file{{path: ".gitattributes", text: gitattributes, entry: e}}
	for k, p := range runs[:revision] {
		stamp := p.stamp()
		dir := stamp + "/"
		if e.kase == CaseFlat {
			dir = ""
		}
		for _, t := range c.tasks {
			if p.covers(t) {
				out = append(out, c.taskFile(e, k, p, t, dir))
			}
		}
		if p.generation == GenerationA && p.limit == 0 && p.at.Month() >= 9 {
			out = append(out, &file{path: fmt.Sprintf("%sdetails_harness|drop|3_%s.parquet", dir, stamp), kind: detailsFile,
				entry: e, run: k, plan: p, task: c.tasks[0], lay: layout{generation: p.generation, rows: []int{0}, declaredRows: -1}, salt: 1})
		}
		if e.kase == CaseOtherSuites {
			for _, name := range []string{"original|mmlu:anatomy|5", "lighteval|arc:easy|0", "helm|hellaswag|10"} {
				out = append(out, &file{path: fmt.Sprintf("%sdetails_%s_%s.parquet", dir, name, stamp), kind: detailsFile,
					entry: e, run: k, plan: p, task: c.tasks[0], lay: layout{generation: p.generation, declaredRows: -1}, salt: 2})
			}
		}
		out = append(out,
			&file{path: "results_" + stamp + ".json", kind: resultsJSON, entry: e, run: k, plan: p},
			&file{path: "results_" + stamp + ".parquet", kind: resultsParquet, entry: e, run: k, plan: p})
	}
	if e.kase != CaseNoCard && revision > 0 {
		out = append(out, &file{path: "README.md", kind: cardFile, entry: e, run: revision})
	}
	if e.kase == CaseHostilePaths {
		for _, p := range hostilePaths {
			out = append(out, &file{path: p, kind: hostileFile, entry: e})
		}
		out = append(out, &file{path: "readme.md", text: "differs from README.md in case only\n", entry: e})
	}
	slices.SortFunc(out, func(a, b *file) int { return strings.Compare(a.path, b.path) })
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

// taskFile is the evaluation file of a task in a run.
func (c *Corpus) taskFile(e *entry, k int, p plan, t *task, dir string) *file {
	lay, hurt := c.layout(e, p, t)
	return &file{
		path: fmt.Sprintf("%sdetails_harness|%s|%d_%s.parquet", dir, t.Harness, t.bench.Shots, p.stamp()),
		kind: detailsFile, entry: e, run: k, plan: p, task: t, lay: lay, hurt: hurt, salt: c.salt(e, k, t),
	}
}

// shuffled is an order of the questions in which repeated questions keep their
// relative order, so that the n-th of several equal rows is the n-th of the task.
func (t *task) shuffled(k uint64) []int {
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

// answers returns what a details file's run recorded, by position.
func (c *Corpus) answers(e *entry, t *task, salt uint64) []uint8 {
	a := c.population.Answers(e.model, t.bench.Name, t.Name)
	if len(a) != t.Items {
		panic(fmt.Sprintf("hubtest: population gives %d answers to %s/%s, which has %d questions", len(a), t.bench.Name, t.Name, t.Items))
	}
	return variant(a, salt)
}

// build makes a file's bytes.
func (c *Corpus) build(f *file) *content {
	switch f.kind {
	case detailsFile:
		answers := c.answers(f.entry, f.task, f.salt)
		whole := c.detailsFile(f.task, c.evaluate(f.task, answers, key(f.salt, f.entry.model, f.task.Name)), f.lay, f.hurt)
		return hurtContent(whole, f.hurt)
	case resultsJSON:
		return newContent(c.resultsJSON(f.entry, f.run, f.plan))
	case resultsParquet:
		body := c.resultsJSON(f.entry, f.run, f.plan)
		col := c.writers.encode(columnType{name: "results", kind: stringColumn}, 1, 1, false, stringCell(func(int) string { return string(body) }))
		return splice([]*column{col}, nil, -1)
	case cardFile:
		return newContent(c.card(f.entry, f.run))
	case hostileFile:
		return newContent([]byte("you should not have asked for this"))
	}
	return newContent([]byte(f.text))
}

// findFile returns the file at a path, nil when there is none.
func findFile(files []*file, name string) *file {
	k, ok := slices.BinarySearchFunc(files, name, func(f *file, n string) int { return strings.Compare(f.path, n) })
	if !ok {
		return nil
	}
	return files[k]
}

// directories returns the directories above the files, in order.
func directories(files []*file) []string {
	seen := map[string]bool{}
	var out []string
	for _, f := range files {
		for d := path.Dir(f.path); d != "." && d != "/" && f.kind != hostileFile && !seen[d]; d = path.Dir(d) {
			seen[d] = true
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

const gitattributes = "*.parquet filter=lfs diff=lfs merge=lfs -text\n*.bin filter=lfs diff=lfs merge=lfs -text\n"
