package table

import (
	"context"
	"errors"
	"fmt"
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
// benchmark, subject and subject_item. Columns are recognised as by ReadResponses; the
// name of a metric, such as acc, is the metric of the answers. ReadLong also reads the layout
// in which the authors of metabench published their corpus: arc.csv or mmlu_anatomy.csv with
// source, item and correct, and arc_prompts.csv with item and prompt.
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
			return nil, err
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
	t, err := openLong(src, path, layout.columns, layout.model, layout.item, layout.value, im.missing)
	if err != nil {
		return explainWide(err)
	}
	r := &longFile{importer: im, layout: layout, longTable: t, index: len(im.files)}
	if err := t.eachRow(func(i int) error { return r.take(ctx, i) }); err != nil {
		return err
	}
	if r.used == 0 {
		return noSuchValue(path, "benchmark", im.o.Benchmark, r.dicts[layout.benchmarkColumn].values)
	}
	for _, g := range im.groups {
		g.keep(r)
	}
	size, hash, err := src.finish()
	if err != nil {
		return fmt.Errorf("hash %s: %w", path, err)
	}
	im.files = append(im.files, corpus.File{Path: filepath.Clean(path), Size: size, SHA256: hash,
		Verified: corpus.VerifiedHash, ReadAt: im.o.ReadAt})
	return nil
}

// explainWide adds to the error of a missing column that a table with a column per item
// can't be imported.
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
	*longTable
	layout layout
	index  int   // among the files
	used   int64 // rows of the benchmark that is read

	prefixes map[[2]uint32]*prefix
	last     *prefix
	lastCode [2]uint32
}

// prefix is one combination of benchmark and subject in a file, with the items that the
// codes stand for in it.
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

func (r *longFile) take(ctx context.Context, i int) error {
	p := r.prefix(i)
	if p.skip {
		return nil
	}
	r.used++
	item, err := r.itemCode(i)
	if err != nil {
		return err
	}
	for int(item) >= len(p.refs) {
		p.refs = append(p.refs, itemRef{})
	}
	ref := &p.refs[item]
	if ref.group == nil {
		if *ref, err = r.resolve(r.at(i), p, r.items.dict.values[item]); err != nil {
			return err
		}
	}
	if r.model < 0 {
		return r.putPrompt(ctx, i, ref)
	}
	model, err := r.modelCode(i)
	if err != nil {
		return err
	}
	a, err := r.answer(i, model, item, ref.group.benchmark.Metric)
	if err != nil {
		return err
	}
	if !ref.group.grid(r.index).put(int(model), ref.item, a) {
		return r.duplicate(ctx, i, r.identity()...)
	}
	return nil
}

// prefix returns the benchmark and subject of a row.
func (r *longFile) prefix(i int) *prefix {
	l := &r.layout
	code := [2]uint32{missingCode, missingCode}
	if l.benchmarkColumn >= 0 {
		code[0] = r.code(l.benchmarkColumn, i)
	}
	if l.subjectColumn >= 0 {
		code[1] = r.code(l.subjectColumn, i)
	}
	if r.last != nil && code == r.lastCode {
		return r.last
	}
	p := r.prefixes[code]
	if p == nil {
		p = &prefix{benchmark: l.benchmark, subject: l.task}
		if l.benchmarkColumn >= 0 {
			p.benchmark = strings.TrimSpace(r.text(l.benchmarkColumn, i))
			p.skip = r.o.Benchmark != "" && p.benchmark != r.o.Benchmark
		}
		if l.subjectColumn >= 0 {
			p.subject = strings.TrimSpace(r.text(l.subjectColumn, i))
		}
		if r.prefixes == nil {
			r.prefixes = map[[2]uint32]*prefix{}
		}
		r.prefixes[code] = p
	}
	r.last, r.lastCode = p, code
	return p
}

func (r *longFile) putPrompt(ctx context.Context, i int, ref *itemRef) error {
	text := r.text(r.value, i)
	if err := checkPrompt(r.at(i), r.columns[r.value], text); err != nil {
		return err
	}
	switch before, ok := ref.group.prompts[ref.item]; {
	case ok && before.file == r.index:
		return r.duplicate(ctx, i, r.identity()...)
	case ok && before.text != text:
		e := r.at(i).errorf(corpus.KindDuplicate, r.columns[r.value], "Correct one of the two files",
			"the item has another prompt in %s", r.files[before.file].Path)
		e.Item = r.text(r.item, i)
		return e
	}
	ref.group.prompts[ref.item] = prompt{text, r.index}
	return nil
}

// identity are the columns that tell rows apart.
func (r *longFile) identity() []int {
	all := []int{r.model, r.item, r.layout.benchmarkColumn, r.layout.subjectColumn}
	return slices.DeleteFunc(all, func(k int) bool { return k < 0 })
}
