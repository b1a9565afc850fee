package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"metabench/corpus"
)

// Names of the two filters of GSM8K.
const (
	strictMatch     = "strict-match"
	flexibleExtract = "flexible-extract"
)

// Task is one evaluated task: which questions, and the answer by each metric.
type Task struct {
	Name      string // as the harness calls it: "metabench_arc_secondary"
	Benchmark string // as the catalogue calls it: "arc"
	Form      Form   // "" if neither the documents nor the name have it
	Permuted  bool   // the options are in another order than on the leaderboard
	Model     string
	Time      string // of the run, as in the file's name; "" if that has none
	File      string
	Run       Run  // that it belongs to
	Exported  bool // by tasks of an export, whose documents have the corpus's hashes
	Original  bool // the harness's own task of the benchmark, which asks with other words and examples than the leaderboard
	Table     bool // rows of a user's table rather than a log: nothing is known of prompts and settings

	Items   []string           // keys, in order of doc_id
	Answers map[Metric][]uint8 // aligned with Items: 0, 1 or corpus.Missing

	PromptHashes   []string // SHA-256 of what the model saw, aligned with Items; may be ""
	OriginalHashes []string // SHA-256 of the question, as published tasks have it; may be ""

	Duplicates []string // items that occur more than once with the same answers
	Warnings   []string
	Settings   Settings

	// Failed is why the file can't be used; of such a task only what the name and the first
	// samples have is known.
	Failed error
}

// Metrics lists the metrics that the task was evaluated by, sorted.
func (t *Task) Metrics() []Metric {
	metrics := make([]Metric, 0, len(t.Answers))
	for m := range t.Answers {
		metrics = append(metrics, m)
	}
	slices.SortFunc(metrics, func(a, b Metric) int { return strings.Compare(a.String(), b.String()) })
	return metrics
}

// By returns the answers by a metric of the catalogue, and the harness's metric that
// they are. The two have one name except for two benchmarks: TruthfulQA's mc1 is the
// task's acc, whose first choice is the best answer, and GSM8K's acc is exact_match after
// strict-match. No other metric is ever taken instead: acc is of no use to a model that
// was fitted on acc_norm.
func (t *Task) By(metric string) ([]uint8, Metric, error) {
	wanted := []Metric{{Name: metric}}
	switch {
	case t.Table: // nobody but its user says what its answers are
	case t.Benchmark == "truthfulqa" && metric == "mc1":
		wanted = append(wanted, Metric{Name: "acc"})
	case t.Benchmark == "gsm8k" && (metric == "acc" || metric == "exact_match"):
		wanted = []Metric{{"exact_match", strictMatch}, {Name: "exact_match"}}
	}
	for _, m := range wanted {
		if answers, ok := t.Answers[m]; ok {
			return answers, m, nil
		}
	}
	have := make([]string, 0, len(t.Answers))
	for _, m := range t.Metrics() {
		have = append(have, m.String())
	}
	return nil, Metric{}, &corpus.DataError{Kind: corpus.KindValue, File: t.File,
		Reason: fmt.Sprintf("%s is needed by %s, and the samples hold %s", t.Benchmark, metric, strings.Join(have, ", ")),
		Remedy: "Evaluate a task that logs this metric; another one can't stand in for it"}
}

// maxSamples bounds the samples of one task. The largest benchmark has 14,042.
const maxSamples = 1_000_000

// collector gathers the samples of one file.
type collector struct {
	file    string
	samples int
	items   []*itemSamples
	byKey   map[string]*itemSamples
	doc     document // the first one: benchmark, form and permuted hold for all
	unnamed int      // samples that don't name their filter

	original *original // the harness's own task that the file's name means; nil for others
}

// itemSamples are the samples of one item.
type itemSamples struct {
	key     string
	docID   int64
	samples []*sample
}

func (c *collector) add(s *sample) error {
	key := s.doc.key()
	if key == "" && c.original != nil {
		key = c.original.key(s.docID)
	}
	if key == "" || key == "." {
		return &corpus.DataError{Kind: corpus.KindItem, File: c.file, Line: s.line,
			Reason: "the sample doesn't say which item it is: its doc has neither metabench_idx nor benchmark and item",
			Remedy: "Evaluate the metabench tasks of lm-evaluation-harness, or those of metabench export harness"}
	}
	if c.samples == 0 {
		c.doc = s.doc
		c.byKey = map[string]*itemSamples{}
	}
	if d := &s.doc; d.benchmark != c.doc.benchmark || d.form != c.doc.form || d.permuted != c.doc.permuted {
		return &corpus.DataError{Kind: corpus.KindItem, File: c.file, Line: s.line, Item: key,
			Reason: fmt.Sprintf("the sample is of %s form %s, the first one of %s form %s", d.benchmark, d.form, c.doc.benchmark, c.doc.form),
			Remedy: "Give one file per task"}
	}
	if c.samples++; c.samples > maxSamples {
		return &corpus.DataError{Kind: corpus.KindLimit, File: c.file, Line: s.line, Reason: fmt.Sprintf("more than %d samples", maxSamples)}
	}
	if !s.hasFilter {
		c.unnamed++
	}
	item := c.byKey[key]
	if item == nil {
		item = &itemSamples{key: key, docID: s.docID}
		c.byKey[key] = item
		c.items = append(c.items, item)
	}
	item.samples = append(item.samples, s)
	return nil
}

// task turns the samples into answers.
func (c *collector) task(name fileName) (*Task, error) {
	if c.samples == 0 {
		return nil, &corpus.DataError{Kind: corpus.KindEmpty, File: c.file, Reason: "the file holds no samples"}
	}
	t := &Task{Name: name.task, Time: name.time, File: c.file, Model: modelOfDirectory(c.file), Answers: map[Metric][]uint8{}}
	if err := c.identify(t); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.items, func(a, b *itemSamples) int { return cmp.Compare(a.docID, b.docID) })
	for _, item := range c.items {
		t.Items = append(t.Items, item.key)
		t.PromptHashes = append(t.PromptHashes, item.samples[0].prompt)
		t.OriginalHashes = append(t.OriginalHashes, item.samples[0].doc.original)
	}
	c.nameFilters(t)
	for k, item := range c.items {
		if err := c.answer(t, k, item); err != nil {
			return nil, err
		}
	}
	if len(t.Answers) == 0 {
		return nil, &corpus.DataError{Kind: corpus.KindValue, File: c.file,
			Reason: "no sample has a metric that is right or wrong: acc, acc_norm, exact_match or mc1"}
	}
	if n := len(t.Duplicates); n > 0 {
		t.warn("%d items occur more than once, always with the same result: %s", n, some(t.Duplicates))
	}
	return t, nil
}

// identify sets benchmark and form of the task: by the documents, else by the name.
func (c *collector) identify(t *Task) error {
	if c.doc.benchmark != "" && c.doc.item != "" {
		t.Benchmark, t.Form, t.Permuted, t.Exported = c.doc.benchmark, Form(c.doc.form), c.doc.permuted, true
		return nil
	}
	if c.original != nil && c.doc.key() == "" {
		t.Benchmark, t.Original = c.original.benchmark, true
		return nil
	}
	if benchmark, form, permuted, ok := publishedTask(t.Name); ok {
		t.Benchmark, t.Form, t.Permuted = benchmark, form, permuted
		if g := c.doc.guess; g != "" && g != benchmark {
			return &corpus.DataError{Kind: corpus.KindTask, File: c.file,
				Reason: fmt.Sprintf("the file's name says %s, its documents are those of %s", benchmark, g),
				Remedy: "Give the file the name that the harness gave it"}
		}
		return nil
	}
	if c.doc.guess == "" {
		return &corpus.DataError{Kind: corpus.KindTask, File: c.file,
			Reason: "neither the file's name nor its documents say which benchmark this is",
			Remedy: "Give the file the name that the harness gave it: samples_{task}_{time}.jsonl"}
	}
	t.Benchmark = c.doc.guess
	t.warn("the file's name isn't that of a known task; by its documents it is %s, but form and order of options are unknown", t.Benchmark)
	return nil
}

// nameFilters names the filters of old logs, which don't: generated answers are then listed
// once per filter, all of the first before all of the second.
func (c *collector) nameFilters(t *Task) {
	if c.unnamed != c.samples {
		return
	}
	for _, item := range c.items {
		if len(item.samples) != 2 || !onlyMetric(item.samples[0], "exact_match") || !onlyMetric(item.samples[1], "exact_match") {
			return
		}
	}
	for _, item := range c.items {
		item.samples[0].setFilter(strictMatch)
		item.samples[1].setFilter(flexibleExtract)
	}
	t.warn("the samples don't name their filter and every item occurs twice: the first is taken as %s, the second as %s",
		strictMatch, flexibleExtract)
}

func onlyMetric(s *sample, name string) bool {
	return len(s.values) == 1 && s.values[0].metric.Name == name && s.values[0].metric.Filter == ""
}

func (s *sample) setFilter(filter string) {
	s.filter = filter
	for k := range s.values {
		s.values[k].metric.Filter = filter
	}
}

// answer stores the answers of one item. An item that occurs twice must have the same ones
// both times.
func (c *collector) answer(t *Task, k int, item *itemSamples) error {
	from := map[Metric]*sample{}
	repeated := false
	for _, s := range item.samples {
		for _, v := range s.values {
			m := v.metric
			if m.Filter == "" {
				m.Filter = s.filter
			}
			answers := t.Answers[m]
			if answers == nil {
				answers = slices.Repeat([]uint8{corpus.Missing}, len(t.Items))
				t.Answers[m] = answers
			}
			before, ok := from[m]
			if !ok {
				from[m] = s
				answers[k] = v.answer
				continue
			}
			repeated = true
			if answers[k] != v.answer {
				return &corpus.DataError{Kind: corpus.KindDuplicate, File: c.file, Line: s.line, Item: item.key,
					Reason: fmt.Sprintf("%s is %s here and %s in line %d", m, spell(v.answer), spell(answers[k]), before.line),
					Remedy: "Two runs seem to be in one file: repeat the evaluation into an empty directory"}
			}
		}
	}
	if repeated {
		t.Duplicates = append(t.Duplicates, item.key)
	}
	return nil
}

func spell(answer uint8) string {
	switch answer {
	case 0:
		return "0"
	case 1:
		return "1"
	}
	return "missing"
}

func (t *Task) warn(format string, args ...any) {
	t.Warnings = append(t.Warnings, fmt.Sprintf(format, args...))
}

// some lists the first few names.
func some(names []string) string {
	if len(names) <= 5 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
}
