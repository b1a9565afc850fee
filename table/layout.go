package table

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"metabench/corpus"
)

// layout says which columns of a file hold what, and what the file's name says.
// Columns are given as positions in the chosen columns, -1 where there is none.
type layout struct {
	benchmark string // from the option or the file's name; "" where a column says it
	task      string // from the file's name, as in mmlu_anatomy.csv

	columns                        []string
	model                          int // -1 in a file of prompts
	item                           int
	value                          int // the answer, or the prompt
	benchmarkColumn, subjectColumn int
}

// layout recognises a file by its columns, and by its name where they don't say
// which benchmark it is about.
func (im *importer) layout(path string, have []string) (layout, error) {
	l := layout{benchmark: im.o.Benchmark, benchmarkColumn: -1, subjectColumn: -1, model: -1}
	add := func(name string) int {
		l.columns = append(l.columns, name)
		return len(l.columns) - 1
	}
	item := defaultName(im.o.Item, "item")
	seeds := !slices.Contains(have, "model") && slices.Contains(have, "source")
	switch prompts := slices.Contains(have, "prompt") && !slices.Contains(have, defaultName(im.o.Correct, "correct")); {
	case prompts:
		seeds = true
		l.item, l.value = add(item), add("prompt")
	default:
		l.model = add(modelColumn(im.o.Model, have))
		l.item, l.value = add(item), add(defaultName(im.o.Correct, "correct"))
	}
	if slices.Contains(have, "benchmark") {
		l.benchmarkColumn = add("benchmark")
	}
	benchmark, task := im.fromName(path)
	switch {
	case l.benchmark == "" && l.benchmarkColumn < 0 && (im.known(benchmark) != nil || seeds):
		l.benchmark, l.task = benchmark, task
	case l.benchmark == benchmark:
		l.task = task
	case l.benchmark == "" && l.benchmarkColumn < 0:
		return l, &Error{Kind: KindColumn, File: path, Problem: "nothing says which benchmark the answers belong to",
			Remedy: "Name it with --benchmark, or add a column benchmark"}
	}
	if l.usesSubject(im, have) {
		l.subjectColumn = add("subject")
		if im.o.Item == "" && slices.Contains(have, "subject_item") {
			l.columns[l.item] = "subject_item"
		}
	}
	return l, nil
}

// usesSubject reports whether the column subject can divide a benchmark into tasks:
// the catalogue knows several, or the user numbered the items inside it.
func (l *layout) usesSubject(im *importer, have []string) bool {
	if !slices.Contains(have, "subject") || l.task != "" {
		return false
	}
	if slices.Contains(have, "subject_item") && im.o.Item != "" && im.o.Item != "subject_item" {
		return false // the user chose the number over all subjects
	}
	if b := im.known(l.benchmark); b != nil {
		return len(b.Tasks) > 1
	}
	return l.benchmarkColumn >= 0 || slices.Contains(have, "subject_item")
}

// fromName reads the published layout's file names: arc.csv, mmlu_anatomy.csv and
// the same with _prompts.
func (im *importer) fromName(path string) (benchmark, task string) {
	base := filepath.Base(path)
	for _, suffix := range []string{".gz", ".csv", ".parquet", ".pq"} {
		base = strings.TrimSuffix(base, suffix)
	}
	base = strings.TrimSuffix(base, "_prompts")
	for _, b := range im.o.Catalogue {
		if subject, ok := strings.CutPrefix(base, b.Name+"_"); ok && len(b.Tasks) > 1 && taskOf(&b, subject) != nil {
			return b.Name, subject
		}
	}
	return base, ""
}

// known returns the catalogue's entry of a benchmark, nil if it has none.
func (im *importer) known(name string) *corpus.Benchmark {
	for k := range im.o.Catalogue {
		if im.o.Catalogue[k].Name == name {
			return &im.o.Catalogue[k]
		}
	}
	return nil
}

func taskOf(b *corpus.Benchmark, name string) *corpus.Task {
	for k := range b.Tasks {
		if b.Tasks[k].Name == name {
			return &b.Tasks[k]
		}
	}
	return nil
}

// checkPrompt refuses text that can't be stored.
func checkPrompt(p place, column, text string) error {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return p.errorf(KindValue, column, "Save the table as UTF-8", "the prompt is not UTF-8 text")
	}
	return nil
}

// checkMetric refuses answers by another metric than the benchmark's.
func (im *importer) checkMetric(p place, b *corpus.Benchmark) error {
	if im.o.Metric == "" || im.o.Metric == b.Metric {
		return nil
	}
	return p.errorf(KindValue, "", fmt.Sprintf("Import them as a benchmark of another name, such as %s_%s", b.Name, im.o.Metric),
		"answers by %s, but %s is kept by %s", im.o.Metric, b.Name, b.Metric)
}
