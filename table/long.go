package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"metabench/corpus"
)

// LongOptions says how to read long tables for import.
type LongOptions struct {
	// Benchmark names what the files are about. It may be empty where a column
	// benchmark or the file's name says so; with such a column it chooses rows.
	Benchmark string

	// Metric is what makes an answer correct. Empty means the catalogue's metric,
	// or acc for a benchmark that the catalogue doesn't know. Another metric than
	// the catalogue's is refused: such answers can't be compared.
	Metric string

	Catalogue []corpus.Benchmark
	ReadAt    time.Time // stored with every file

	Model, Item, Correct string // columns; recognised by their names

	Missing []string // codes for no answer, besides the empty cell: -1, 9
}

// ReadLong reads files with one row per answer, all of them or none: the columns
// model, item and correct in Parquet or CSV, gzipped or not, perhaps with
// benchmark, subject and subject_item. Columns are recognised as ReadResponses does; one
// called after a metric, such as acc, says by what the answers are correct. It reads the layout in which metabench's
// authors published their corpus too: arc.csv or mmlu_anatomy.csv with source, item
// and correct, and arc_prompts.csv with item and prompt.
//
// The position of an item, its index in Block.Correct, comes from its key. A task
// of the catalogue that expects n items numbers them 1 to n; anything else is
// refused, because answers in a wrong place would be worse than none. MMLU's items
// may be numbered 1 to 14042 over the subjects in alphabetical order, written
// subject.number, or numbered inside the column subject (subject_item, else item).
// A benchmark of the user's own gets the order of its sorted keys over all files.
//
// Errors are of type *corpus.DataError, or those of the file system or the context.
func ReadLong(ctx context.Context, paths []string, o LongOptions) (*corpus.Import, error) {
	im := &importer{o: o, groups: map[[2]string]*group{}}
	var err error
	if im.missing, err = newMissingCodes(strings.Join(paths[:min(1, len(paths))], ""), o.Missing); err != nil {
		return nil, err
	}
	for k, path := range paths {
		if slices.ContainsFunc(paths[:k], func(p string) bool { return filepath.Clean(p) == filepath.Clean(path) }) {
			return nil, &corpus.DataError{Kind: corpus.KindDuplicate, File: path, Reason: "the file is named twice"}
		}
		if err := im.readFile(ctx, path); err != nil {
			return nil, locateDuplicate(ctx, path, err)
		}
	}
	return im.finish()
}

// importer collects files. What it holds is one byte per answer.
type importer struct {
	o      LongOptions
	groups map[[2]string]*group         // by benchmark and task
	own    map[string]*corpus.Benchmark // benchmarks that the catalogue doesn't know
	files  []corpus.File

	missing missingCodes
	notes   []string
}

func (im *importer) readFile(ctx context.Context, path string) (err error) {
	src, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := src.close(); err == nil {
			err = closing
		}
	}()
	layout, err := im.layout(path, src)
	if err != nil {
		return explainWide(err)
	}
	if err := chooseByName(src, path, layout.columns); err != nil {
		return explainWide(err)
	}
	r := &longFile{importer: im, layout: layout, path: path, index: len(im.files)}
	for k := range layout.columns {
		r.dicts = append(r.dicts, src.dictionary(k))
	}
	r.answers = answers{dict: r.dicts[layout.value], missing: im.missing}
	if layout.model >= 0 {
		r.models.dict = r.dicts[layout.model]
	}
	r.items.dict = r.dicts[layout.item]
	var b batch
	for {
		if err := src.next(&b); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return err
		}
		if err := r.take(&b); err != nil {
			return err
		}
	}
	if err := r.check(); err != nil {
		return err
	}
	size, hash, err := src.finish()
	if err != nil {
		return fmt.Errorf("hash %s: %w", path, err)
	}
	im.files = append(im.files, corpus.File{Path: filepath.Clean(path), Size: size, SHA256: hash,
		Verified: corpus.VerifiedHash, ReadAt: im.o.ReadAt})
	return nil
}

// explainWide adds to a missing column what the user may not know: a table with a
// column per item is not for import.
func explainWide(err error) error {
	var e *corpus.DataError
	if errors.As(err, &e) && e.Kind == corpus.KindColumn && e.Column != "" {
		e.Remedy += ". An import has one row per answer, with the columns model, item and correct"
	}
	return err
}

// longFile is one file being read: of answers, or of prompts.
type longFile struct {
	*importer
	layout
	path    string
	index   int // among the files
	dicts   []*dictionary
	models  names
	items   names
	answers answers
	rows    int64
	used    int64

	prefixes map[[2]uint32]*prefix
	last     *prefix
	lastCode [2]uint32
}

// prefix is one combination of benchmark and subject in a file, and what the item
// codes mean there.
type prefix struct {
	benchmark, subject string
	skip               bool // another benchmark than the one chosen
	refs               []itemRef
}

// itemRef is an item resolved: its group and its number in there.
type itemRef struct {
	group *group
	item  int
}

func (r *longFile) take(b *batch) error {
	r.rows += int64(b.n)
	for i := range b.n {
		p := r.prefix(b, i)
		if p.skip {
			continue
		}
		r.used++
		item, err := r.items.of(b, r.item, i, r.path, r.columns[r.item])
		if err != nil {
			return err
		}
		for int(item) >= len(p.refs) {
			p.refs = append(p.refs, itemRef{})
		}
		ref := &p.refs[item]
		if ref.group == nil {
			if *ref, err = r.resolve(b.location(r.path, i), p, r.dicts[r.item].values[item]); err != nil {
				return err
			}
		}
		if r.model < 0 {
			err = r.putPrompt(b, i, ref)
		} else {
			err = r.putAnswer(b, i, ref, item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prefix returns what the columns benchmark and subject of a row say.
func (r *longFile) prefix(b *batch, i int) *prefix {
	code := [2]uint32{missingCode, missingCode}
	if r.benchmarkColumn >= 0 {
		code[0] = textCode(&b.cells[r.benchmarkColumn], r.dicts[r.benchmarkColumn], i)
	}
	if r.subjectColumn >= 0 {
		code[1] = textCode(&b.cells[r.subjectColumn], r.dicts[r.subjectColumn], i)
	}
	if r.last != nil && code == r.lastCode {
		return r.last
	}
	p := r.prefixes[code]
	if p == nil {
		p = &prefix{benchmark: r.benchmark, subject: r.task}
		if r.benchmarkColumn >= 0 {
			p.benchmark = strings.TrimSpace(cellText(&b.cells[r.benchmarkColumn], r.dicts[r.benchmarkColumn], i))
			p.skip = r.o.Benchmark != "" && p.benchmark != r.o.Benchmark
		}
		if r.subjectColumn >= 0 {
			p.subject = strings.TrimSpace(cellText(&b.cells[r.subjectColumn], r.dicts[r.subjectColumn], i))
		}
		if r.prefixes == nil {
			r.prefixes = map[[2]uint32]*prefix{}
		}
		r.prefixes[code] = p
	}
	r.last, r.lastCode = p, code
	return p
}

// textCode is the code of a cell as text. The dictionary of a column of numbers has
// their digits.
func textCode(c *cells, d *dictionary, i int) uint32 {
	if c.numeric() {
		return d.code([]byte(cellText(c, d, i)))
	}
	return c.codes[i]
}

func (r *longFile) putAnswer(b *batch, i int, ref *itemRef, item uint32) error {
	model, err := r.models.of(b, r.model, i, r.path, r.columns[r.model])
	if err != nil {
		return err
	}
	a := r.answers.of(&b.cells[r.value], i)
	if a == notBinary {
		e := wrongAnswer(b.location(r.path, i), r.columns[r.value],
			cellText(&b.cells[r.value], r.dicts[r.value], i), ref.group.metric())
		e.Model, e.Item = r.models.dict.values[model], r.items.dict.values[item]
		return e
	}
	if !ref.group.grid(r.index).put(int(model), ref.item, a) {
		return r.duplicate(b, i)
	}
	return nil
}

func (r *longFile) putPrompt(b *batch, i int, ref *itemRef) error {
	text := cellText(&b.cells[r.value], r.dicts[r.value], i)
	if err := checkPrompt(b.location(r.path, i), r.columns[r.value], text); err != nil {
		return err
	}
	switch before, ok := ref.group.prompts[ref.item]; {
	case ok && before.file == r.index:
		return r.duplicate(b, i)
	case ok && before.text != text:
		e := b.location(r.path, i).errorf(corpus.KindDuplicate, r.columns[r.value], "Correct one of the two files",
			"the item has another prompt in %s", r.files[before.file].Path)
		e.Item = cellText(&b.cells[r.item], r.dicts[r.item], i)
		return e
	}
	ref.group.prompts[ref.item] = prompt{text, r.index}
	return nil
}

// duplicate names the columns that identify the row, for locateDuplicate. The model,
// or nothing, comes first, the item second.
func (r *longFile) duplicate(b *batch, i int) error {
	d := &duplicateError{at: b.location(r.path, i)}
	for _, k := range []int{r.model, r.item, r.benchmarkColumn, r.subjectColumn} {
		if k >= 0 {
			d.columns = append(d.columns, r.columns[k])
			d.values = append(d.values, cellText(&b.cells[k], r.dicts[k], i))
		}
	}
	d.prompt = r.model < 0
	return d
}

// check looks at a file as a whole.
func (r *longFile) check() error {
	if r.rows == 0 {
		return &corpus.DataError{Kind: corpus.KindEmpty, File: r.path, Reason: "the table has a header but no rows"}
	}
	if r.used == 0 {
		return noSuchValue(r.path, "benchmark", r.o.Benchmark, r.dicts[r.benchmarkColumn].values)
	}
	for _, g := range r.sortedGroups() {
		g.keep(r)
	}
	return nil
}
