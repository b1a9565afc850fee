package table

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"metabench/corpus"
)

// layout is which columns of a file hold what, and what its name tells. Columns are
// positions among the chosen ones, -1 for none.
type layout struct {
	benchmark string // from the option or the file's name; "" where a column has it
	task      string // from the file's name, as in mmlu_anatomy.csv

	columns                        []string
	model                          int // -1 in a file of prompts
	item                           int
	value                          int // the answer, or the prompt
	benchmarkColumn, subjectColumn int

	numbered bool   // the item's key is its number inside the subject
	metric   string // by the name of the answers' column, such as acc; empty if unknown
}

// layout recognises a file by its columns, and its benchmark by its name where no column has
// it.
func (im *importer) layout(path string, src source) (layout, error) {
	have := src.columns()
	l := layout{benchmark: im.o.Benchmark, benchmarkColumn: -1, subjectColumn: -1, model: -1}
	add := func(name string) int {
		l.columns = append(l.columns, name)
		return len(l.columns) - 1
	}
	subject, hasSubject := named(have, "subject")
	inSubject, hasNumber := named(have, "subject_item")
	if !hasSubject {
		subject = ""
	}
	if !hasNumber {
		inSubject = ""
	}
	user := Columns{Model: im.o.Model, Item: im.o.Item, Correct: im.o.Correct}
	roles := recognise(src, user)
	if roles.item == nil && hasNumber {
		roles.item = []string{inSubject}
	}
	prompt, published := named(have, "prompt") // that is, in the layout of the method's authors
	if published = published && roles.correct == nil; published {
		if len(roles.item) != 1 {
			return l, itemRole.missing(path, have)
		}
		l.item, l.value = add(roles.item[0]), add(prompt)
	} else {
		columns, err := roles.columns(path)
		if err != nil {
			return l, err
		}
		published = columns.Model == "source"
		l.model, l.item, l.value = add(columns.Model), add(columns.Item), add(columns.Correct)
		l.metric = metricOf(columns.Correct)
		if guess := columns.guess(user); guess != "" {
			im.notes = append(im.notes, path+": "+guess)
		}
	}
	if name, ok := named(have, "benchmark"); ok {
		l.benchmarkColumn = add(name)
	}
	benchmark, task := im.fromName(path)
	switch {
	case l.benchmark == "" && l.benchmarkColumn < 0 && (im.known(benchmark) != nil || published):
		l.benchmark, l.task = benchmark, task
	case l.benchmark == benchmark:
		l.task = task
	case l.benchmark == "" && l.benchmarkColumn < 0:
		return l, &corpus.DataError{Kind: corpus.KindColumn, File: path, Reason: "the benchmark of the answers is unknown",
			Remedy: "Name it with --benchmark, or add a column benchmark"}
	}
	if l.usesSubject(im, subject, inSubject) {
		l.subjectColumn = add(subject)
		if im.o.Item == "" && hasNumber {
			l.columns[l.item] = inSubject
		}
		l.numbered = l.columns[l.item] == inSubject
	}
	return l, nil
}

// usesSubject reports whether the column subject can divide a benchmark into tasks:
// the catalogue knows several, or the user numbered the items inside it.
func (l *layout) usesSubject(im *importer, subject, inSubject string) bool {
	if subject == "" || l.task != "" {
		return false
	}
	if inSubject != "" && im.o.Item != "" && im.o.Item != inSubject {
		return false // the user chose the number over all subjects
	}
	if b := im.known(l.benchmark); b != nil {
		return len(b.Tasks) > 1
	}
	return l.benchmarkColumn >= 0 || inSubject != ""
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
func checkPrompt(p location, column, text string) error {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return p.errorf(corpus.KindValue, column, "Save the table as UTF-8", "the prompt is not UTF-8 text")
	}
	return nil
}

// metric returns the metric of a file's answers: the user's, else that of the column's name,
// else empty.
func (r *longFile) metric() string { return cmp.Or(r.o.Metric, r.layout.metric) }

// checkMetric refuses answers by another metric than the benchmark's.
func (r *longFile) checkMetric(p location, b *corpus.Benchmark) error {
	metric := r.metric()
	if metric == "" || b.Metric == "" || metric == b.Metric {
		return nil
	}
	remedy := fmt.Sprintf("Import them as a benchmark of another name, such as %s_%s", b.Name, metric)
	if r.o.Metric == "" {
		remedy += fmt.Sprintf("; if the column holds %s despite its name, say --metric %s", b.Metric, b.Metric)
	}
	return p.errorf(corpus.KindValue, "", remedy, "the answers are by %s, and %s is kept by %s", metric, b.Name, b.Metric)
}
