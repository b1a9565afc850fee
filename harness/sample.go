package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"metabench/corpus"
)

// Metric names what makes an answer correct: a metric of the harness, and the
// filter that took the answer out of the generated text ("" for none).
type Metric struct {
	Name   string
	Filter string
}

// String is the harness's own spelling, "exact_match,strict-match".
func (m Metric) String() string {
	if m.Filter == "" {
		return m.Name
	}
	return m.Name + "," + m.Filter
}

// binaryMetrics are those whose value per question is right or wrong.
var binaryMetrics = map[string]bool{"acc": true, "acc_norm": true, "exact_match": true, "mc1": true}

// sample are the parts of one object of a sample log that are needed.
type sample struct {
	line      int64
	docID     int64 // -1 if absent
	filter    string
	hasFilter bool
	values    []metricValue
	prompt    string // prompt_hash
	doc       document
}

type metricValue struct {
	metric Metric
	answer uint8 // 0, 1 or corpus.Missing
}

// document identifies the question. Documents of published tasks have metabench_idx, which
// for MMLU counts within the subject; ours have item, benchmark, form and permuted.
type document struct {
	index, subject, original string
	item, benchmark, form    string
	permuted                 bool
	guess                    string // benchmark by the document's other keys, see benchmarkOf
}

// key is the item's key in the catalogue's spelling: "17", or "anatomy.3".
func (d *document) key() string {
	switch {
	case d.item != "" && d.benchmark != "":
		return d.item
	case d.index == "":
		return ""
	case d.subject != "":
		return d.subject + "." + d.index
	}
	return d.index
}

// benchmarkOf says, by keys that only one benchmark's documents have, which one it is.
var benchmarkOf = map[string]string{
	"answerKey": "arc", "twentyfive_shot_preprompt": "arc",
	"ind": "hellaswag", "ten_shot_preprompt": "hellaswag",
	"mc1_targets": "truthfulqa", "sentence": "winogrande", "option1": "winogrande",
	"subject": "mmlu", "mb_sub_idx": "mmlu",
}

// parseSample decodes the needed parts of an object of a sample log.
func parseSample(file string, line int64, record []byte) (*sample, error) {
	s := &sample{line: line, docID: -1}
	hasDoc := false
	err := eachMember(record, func(key, value []byte) error {
		switch string(key) {
		case "doc":
			hasDoc = true
			return parseDocument(value, &s.doc)
		case "doc_id":
			if n, err := strconv.ParseInt(scalar(value), 10, 64); err == nil {
				s.docID = n
			}
		case "filter":
			s.hasFilter = true
			if s.filter = scalar(value); s.filter == "none" {
				s.filter = ""
			}
		case "prompt_hash":
			s.prompt = scalar(value)
		default:
			return s.addMetric(key, value)
		}
		return nil
	})
	var e *corpus.DataError
	switch {
	case errors.As(err, &e):
		e.File, e.Line, e.Item = file, line, s.doc.key()
		return nil, e
	case err != nil:
		return nil, &corpus.DataError{Kind: corpus.KindFormat, File: file, Line: line, Reason: "the sample can't be decoded", Err: err,
			Remedy: "Copy the file again or repeat the run"}
	case !hasDoc:
		return nil, &corpus.DataError{Kind: corpus.KindFormat, File: file, Line: line, Reason: "the object has no doc, so it is no sample",
			Remedy: "Give the files that lm_eval writes with --log_samples"}
	}
	return s, nil
}

// addMetric keeps a member that is a binary metric, named plainly or with its
// filter: "acc", "exact_match,strict-match".
func (s *sample) addMetric(key, value []byte) error {
	name, filter, _ := strings.Cut(string(key), ",")
	if !binaryMetrics[name] {
		return nil
	}
	answer, err := parseAnswer(value)
	if err != nil {
		return &corpus.DataError{Kind: corpus.KindValue, Reason: fmt.Sprintf("the metric %s %v", name, err),
			Remedy: "Use the tasks of metabench, whose metrics are 0 or 1 per question"}
	}
	if filter == "none" {
		filter = ""
	}
	s.values = append(s.values, metricValue{Metric{name, filter}, answer})
	return nil
}

func parseAnswer(value []byte) (uint8, error) {
	switch text := scalar(value); text {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	case "null", "NaN":
		return corpus.Missing, nil
	default:
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
			return 0, fmt.Errorf("is %s, not a number", corpus.Clip(string(value), 40))
		case v == 0:
			return 0, nil
		case v == 1:
			return 1, nil
		case math.IsNaN(v):
			return corpus.Missing, nil
		}
		return 0, fmt.Errorf("is %s, which is neither 0 nor 1", text)
	}
}

func parseDocument(value []byte, d *document) error {
	plainIndex := ""
	err := eachMember(value, func(key, value []byte) error {
		name := string(key)
		if b, ok := benchmarkOf[name]; ok && d.guess == "" {
			d.guess = b
		}
		switch name {
		case "metabench_idx":
			d.index = integer(scalar(value))
		case "subject":
			d.subject = scalar(value)
		case "mb_sub_idx":
			plainIndex = scalar(value)
		case "original_hash":
			d.original = scalar(value)
		case "item":
			d.item = scalar(value)
		case "benchmark":
			d.benchmark = scalar(value)
		case "form":
			d.form = scalar(value)
		case "permuted":
			d.permuted = scalar(value) == "true"
		case "answer", "five_shot_preprompt":
			if name == "five_shot_preprompt" && d.guess == "" {
				d.guess = "gsm8k"
			}
		}
		return nil
	})
	if subject, index, ok := cutLast(plainIndex, '.'); ok && d.index == "" && d.subject == "" {
		d.subject, d.index = subject, index
	}
	return err
}

// scalar returns a string's text, or any other value as it is written.
func scalar(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return string(value)
	}
	if text := value[1 : len(value)-1]; bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return string(value)
	}
	return s
}

// integer writes 17.0, as some writers spell whole numbers, as 17.
func integer(text string) string {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	if text == "null" {
		return ""
	}
	return text
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	k := strings.LastIndexByte(s, sep)
	if k < 0 {
		return s, "", false
	}
	return s[:k], s[k+1:], true
}
