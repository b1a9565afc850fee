package evallog

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// run is what one file has of one model's answers to one task: items × measures.
type run struct {
	file     corpus.File
	tool     string // as a suffix of names: "lm_eval"
	model    string // "org/name", "org/name@revision"
	task     string
	shots    string   // examples in the prompt; empty when unknown
	settings []string // how it was run, for people

	items   []item
	numbers map[string]int // of items, by id
	columns []*column
	of      map[measure]*column

	lower     map[string]bool     // metrics of which less is better
	means     map[string][]string // what a metric without a name of its own may be
	suggested []string            // metrics that score an answer, where the log has many that don't
}

// item is a question as a log names it.
type item struct {
	id     string // in the task
	hash   string // of its content; empty when the log has none
	prompt string // empty where the log has the question only as part of something else
	check  string // what has to be the same everywhere, where the question itself isn't known
}

// differs reports whether two items can't be the same.
func (a item) differs(b item) bool {
	return a.hash != "" && b.hash != "" && a.hash != b.hash || a.check != b.check
}

// measure is one way in which an item was scored.
type measure struct {
	metric string
	filter string // how the answer was taken out of the text; empty for not at all
	epoch  string // which of several answers to the same question; empty where there is one
}

// column has the scores of one measure by the number of the item.
type column struct {
	measure
	scores []score
	unread string // a value that is no score, as it is written; empty if there is none
}

// score is a value: right is 1, wrong is 0, and others are between or beyond.
type score struct {
	value float64 // NaN where the tool has none
	given bool    // there is a row
}

func newRun(file corpus.File, tool string) *run {
	return &run{file: file, tool: tool, numbers: map[string]int{}, of: map[measure]*column{}, lower: map[string]bool{}, means: map[string][]string{}}
}

// number returns the number of an item, a new one for one that is new. The same item must ask
// the same everywhere in a file.
func (r *run) number(it item, line int64) (int, error) {
	k, ok := r.numbers[it.id]
	if !ok {
		if it.id == "" {
			return 0, r.fault(line, corpus.KindItem, "", "the sample doesn't say which item it answers", "Log the run again with a current version of the tool")
		}
		k = len(r.items)
		it.id = strings.Clone(it.id)
		r.items = append(r.items, it)
		r.numbers[it.id] = k
		return k, nil
	}
	if before := &r.items[k]; before.differs(it) {
		return 0, r.fault(line, corpus.KindItem, it.id, "asks something else than the item of that name before it", "Give the log of one task: two runs may have been written into one file")
	} else if before.hash == "" {
		before.hash, before.prompt = it.hash, it.prompt
	}
	return k, nil
}

// put keeps a score. The same score may be there twice, another one for the same measure
// may not.
func (r *run) put(k int, m measure, v float64, line int64) error {
	c := r.column(m)
	for len(c.scores) <= k {
		c.scores = append(c.scores, score{value: math.NaN()})
	}
	s := &c.scores[k]
	if s.given && s.value != v && !(math.IsNaN(s.value) && math.IsNaN(v)) {
		return r.fault(line, corpus.KindDuplicate, r.items[k].id,
			fmt.Sprintf("%s is %s here, and %s earlier in the file", m.metric, format(v), format(s.value)), "Give the log of one run")
	}
	*s = score{v, true}
	return nil
}

func (r *run) column(m measure) *column {
	c := r.of[m]
	if c == nil {
		m = measure{strings.Clone(m.metric), strings.Clone(m.filter), strings.Clone(m.epoch)}
		c = &column{measure: m}
		r.of[m] = c
		r.columns = append(r.columns, c)
	}
	return c
}

// putText keeps a score as a tool writes it. A list or an object is none, and its measure
// can't be chosen.
func (r *run) putText(k int, m measure, text string, line int64) error {
	v, ok := parseScore(text)
	if !ok {
		if c := r.column(m); c.unread == "" {
			c.unread = corpus.Clip(strings.Clone(text), 40)
		}
		return nil
	}
	return r.put(k, m, v, line)
}

// parseScore reads a number, a truth value or nothing, as JSON or Python writes them.
func parseScore(text string) (float64, bool) {
	switch text {
	case "true", "True":
		return 1, true
	case "false", "False":
		return 0, true
	case "null", "None", "NaN", "nan", "":
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

func format(v float64) string {
	if math.IsNaN(v) {
		return "missing"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// metrics lists the names of the metrics in alphabetical order.
func (r *run) metrics() []string {
	names := map[string]bool{}
	for _, c := range r.columns {
		names[c.metric] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// binary reports whether every score by a metric is right, wrong or missing, and some are not
// missing.
func (r *run) binary(metric string) bool {
	some := false
	for _, c := range r.columns {
		if c.metric != metric {
			continue
		}
		if c.unread != "" {
			return false
		}
		for _, s := range c.scores {
			if !s.given || math.IsNaN(s.value) {
				continue
			}
			if s.value != 0 && s.value != 1 {
				return false
			}
			some = true
		}
	}
	return some
}

func (r *run) fault(line int64, kind corpus.Kind, item, reason, remedy string) *corpus.DataError {
	return &corpus.DataError{Kind: kind, File: r.file.Path, Line: line, Item: item, Reason: reason, Remedy: remedy}
}
