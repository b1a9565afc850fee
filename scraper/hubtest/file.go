package hubtest

import (
	"bytes"
	"crypto/sha1" // git's object names
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
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

// damage is what happened to a file's bytes before it was uploaded.
type damage string

const (
	unhurt        damage = ""
	emptied       damage = "emptied"
	cutShort      damage = "cut"
	flippedFooter damage = "flipped footer"
	flippedPage   damage = "flipped page"
	replacedHTML  damage = "html"
	bombed        damage = "bomb"
)

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

// layout is how a run's file of a task is written, and what happened to it then: what
// the repository's case does to single files.
func (c *Corpus) layout(e *entry, p plan, t *task) (layout, damage) {
	lay := layout{generation: p.generation, shape: p.shape, declaredRows: -1, checksums: c.options.Checksums}
	switch {
	case p.limit > 0:
		lay.rows = identity(max(min(p.limit, t.Items-1), 1))
	case e.kase == CaseShuffled && (t.bench.Name == "arc" || t.bench.Name == "winogrande" || c.oneSubject(t)):
		lay.rows = t.shuffled(key(c.options.Seed, "shuffle", e.model, t.Name))
	case e.kase == CaseShortTask && t.bench.Name == "winogrande":
		lay.rows = identity(t.Items - min(3, t.Items-1))
	case e.kase == CaseLongTask && t.bench.Name == "winogrande":
		lay.rows = append(identity(t.Items), 0)
	}
	if t.bench.Name != "gsm8k" {
		return lay, unhurt
	}
	if p.broken {
		return lay, cutShort
	}
	switch e.kase {
	case CaseEmptyFile:
		return lay, emptied
	case CaseCutFile:
		return lay, cutShort
	case CaseFlippedFile:
		return lay, flippedFooter
	case CaseFlippedPage:
		lay.checksums = true
		return lay, flippedPage
	case CaseHTMLFile:
		return lay, replacedHTML
	case CaseBomb:
		return lay, bombed
	case CaseNoMetric:
		lay.shape = MetricAbsent
	case CaseNaNMetric:
		lay.shape, lay.poison = MetricDouble, PoisonNaN
	case CaseTwoMetric:
		lay.shape, lay.poison = MetricDouble, PoisonTwo
	case CaseNullMetric:
		lay.poison = PoisonNull
	case CaseHugeRows:
		lay.declaredRows = 1_000_000_000
	}
	return lay, unhurt
}

// shuffled is an order of the questions in which repeated questions keep their
// relative order, so that the n-th of several equal rows is the n-th of the task.
func (t *task) shuffled(k uint64) []int {
	order := stream(k).Perm(t.Items)
	at := make([]int, t.Items)
	for row, p := range order {
		at[p] = row
	}
	for p := range t.Items {
		if d := t.duplicateOf(p); d >= 0 && at[d] > at[p] {
			at[d], at[p] = at[p], at[d]
			order[at[d]], order[at[p]] = d, p
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

// hurtContent damages a file's bytes.
func hurtContent(whole *content, d damage) *content {
	if d == unhurt || d == flippedPage || d == bombed { // the latter are done to a column
		return whole
	}
	var b bytes.Buffer
	must(whole.WriteTo(&b))
	data := b.Bytes()
	switch d {
	case emptied:
		data = nil
	case cutShort:
		data = data[:len(data)/2]
	case flippedFooter:
		for i := len(data) - 40; i < len(data)-20; i++ {
			data[i] ^= 0xa5
		}
		data[len(data)-6] ^= 0x40 // and the footer's length
	case replacedHTML:
		data = []byte("<!DOCTYPE html><html><head><title>504 Gateway Time-out</title></head><body>504</body></html>\n")
	}
	return newContent(data)
}

// content returns a file's bytes, made now or a little while ago.
func (c *Corpus) content(f *file) *content {
	return c.recent.get(c.fileKey(f), func() *content { return c.build(f) })
}

func (c *Corpus) fileKey(f *file) uint64 {
	repo := ""
	if f.entry != nil {
		repo = f.entry.repo
	}
	return key(c.options.Seed, repo, f.path, fmt.Sprint(f.kind == cardFile, f.run))
}

// digest is a file's size and hash: SHA-256 for a file in large-file storage, else the git
// blob id.
type digest struct {
	size int64
	sum  [32]byte
	lfs  bool
}

func (d digest) hex() string {
	if d.lfs {
		return hex.EncodeToString(d.sum[:])
	}
	return hex.EncodeToString(d.sum[:20])
}

// pointer is the text that git keeps in place of a large file.
func (d digest) pointer() string {
	return fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", d.hex(), d.size)
}

// blob is the file's git object id; that of the pointer for a large file.
func (d digest) blob() string {
	if d.lfs {
		return gitBlob([]byte(d.pointer()))
	}
	return d.hex()
}

// xet is the hash under which the CDN knows a large file. It equals no other.
func (d digest) xet() string {
	sum := sha256.Sum256(append([]byte("xet:"), d.sum[:]...))
	return hex.EncodeToString(sum[:])
}

func gitBlob(data []byte) string {
	h := sha1.New()
	_, _ = fmt.Fprintf(h, "blob %d\x00", len(data)) // a hash's Write never fails
	_, _ = h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// digests remembers the digest of every file that was asked about: 48 bytes each.
type digests struct {
	mu sync.Mutex
	m  map[uint64]digest
}

func (c *Corpus) digest(f *file) digest {
	k := c.fileKey(f)
	c.digests.mu.Lock()
	d, ok := c.digests.m[k]
	c.digests.mu.Unlock()
	if ok {
		return d
	}
	data := c.content(f)
	d = digest{size: data.size, lfs: f.lfs()}
	if d.lfs {
		h := sha256.New()
		must(data.WriteTo(h))
		h.Sum(d.sum[:0])
	} else {
		h := sha1.New()
		_, _ = fmt.Fprintf(h, "blob %d\x00", data.size) // a hash's Write never fails
		must(data.WriteTo(h))
		h.Sum(d.sum[:0])
	}
	c.digests.mu.Lock()
	defer c.digests.mu.Unlock()
	if c.digests.m == nil {
		c.digests.m = map[uint64]digest{}
	}
	c.digests.m[k] = d
	return d
}

// recentFiles keeps the files made last, since a reader asks for several parts.
type recentFiles struct {
	mu    sync.Mutex
	m     map[uint64]*content
	order []uint64
}

const recentMax = 256

func (r *recentFiles) get(k uint64, build func() *content) *content {
	r.mu.Lock()
	c := r.m[k]
	r.mu.Unlock()
	if c != nil {
		return c
	}
	c = build()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[uint64]*content{}
	}
	if r.m[k] == nil {
		if len(r.order) >= recentMax {
			delete(r.m, r.order[0])
			r.order = r.order[1:]
		}
		r.order = append(r.order, k)
	}
	r.m[k] = c
	return c
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
