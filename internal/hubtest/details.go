package hubtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Generation is a schema of the evaluation files (§5.1).
type Generation string

// The schema generations.
const (
	GenerationAEarly Generation = "A-early"  // July 2023: example holds the source's id, query the question
	GenerationA      Generation = "A"        // 2023: top-level acc, acc_norm, mc1, mc2
	GenerationB      Generation = "B"        // 2024: struct metrics, alphabetical columns, empty lists of null
	GenerationBText  Generation = "B-string" // 2024: every cell a string, Python's repr
)

// MetricShape is how a file stores its metrics.
type MetricShape string

// The shapes of metrics that files have.
const (
	MetricDouble MetricShape = "double"
	MetricInt    MetricShape = "int64"
	MetricBool   MetricShape = "bool"
	MetricDotted MetricShape = "dotted" // a top-level column whose name is "metrics.acc"
	MetricText   MetricShape = "text"   // "1", "0.0", "True": strings at top level
	MetricAbsent MetricShape = "absent" // no metric column at all
)

// Poison is a bad value in a metric column.
type Poison string

// The bad values.
const (
	PoisonNone Poison = ""
	PoisonNaN  Poison = "nan"
	PoisonTwo  Poison = "two"
	PoisonNull Poison = "null"
)

// layout is how an evaluation file is written.
type layout struct {
	generation   Generation
	shape        MetricShape
	poison       Poison
	rows         []int // position of each row; nil: every question in order
	declaredRows int64 // rows that the footer claims; -1: the truth
	checksums    bool  // pages of metrics and predictions carry checksums
}

// shared are the encoded columns that do not depend on the model.
type shared struct {
	mu sync.Mutex
	m  map[sharedKey]*sharedColumns
}

type sharedKey struct {
	task       *Task
	generation Generation
}

type sharedColumns struct {
	once sync.Once
	cols map[string]*column
}

// questionColumns returns the columns of prompts, choices and tokens; those of whole
// files are kept.
func (c *Corpus) questionColumns(t *Task, lay layout) map[string]*column {
	if lay.rows != nil {
		return c.encodeQuestions(t, lay.generation, lay.rows)
	}
	c.shared.mu.Lock()
	k := sharedKey{t, lay.generation}
	s := c.shared.m[k]
	if s == nil {
		if c.shared.m == nil {
			c.shared.m = map[sharedKey]*sharedColumns{}
		}
		s = &sharedColumns{}
		c.shared.m[k] = s
	}
	c.shared.mu.Unlock()
	s.once.Do(func() { s.cols = c.encodeQuestions(t, lay.generation, identity(t.Items)) })
	return s.cols
}

func identity(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// encodeQuestions makes every column that all models share, for the given rows.
func (c *Corpus) encodeQuestions(t *Task, g Generation, rows []int) map[string]*column {
	questions := make([]Question, len(rows))
	examples := make([]string, len(rows))
	prompts := make([]string, len(rows))
	for k, p := range rows {
		questions[k] = t.Question(p)
		examples[k] = t.Rendered(questions[k], g)
		prompts[k] = t.FullPrompt(p, examples[k])
	}
	tokens := func(k int) []int64 { return tokensOf(prompts[k]) }
	continuations := func(k int) [][]int64 {
		out := make([][]int64, len(questions[k].Choices))
		for j, choice := range questions[k].Choices {
			out[j] = tokensOf(choice)
		}
		return out
	}
	example := func(k int) string { return examples[k] }
	prompt := func(k int) string { return prompts[k] }
	shots := int64(t.Bench.Shots)
	cols := map[string]*column{}
	how := encoding{rows: len(rows), groupRows: c.options.RowGroupRows, codec: c.options.Compression.codec()}
	put := func(name string, node parquet.Node, value cell) { cols[name] = how.encode(name, node, value) }
	switch g {
	case GenerationBText:
		text := func(name string, f func(k int) string) { put(name, textNode, textCell(f)) }
		empty := func(int) string { return "[]" }
		choices, gold, index := empty, empty, empty
		if t.listsChoices() {
			choices = func(k int) string { return pythonTexts(questions[k].Choices) }
			gold = func(k int) string { return pythonTexts(questions[k].right()) }
			index = func(k int) string { return fmt.Sprint(questions[k].rightIndex()) }
		}
		text("choices", choices)
		text("cont_tokens", func(k int) string { return pythonList(continuations(k)) })
		text("example", example)
		text("full_prompt", prompt)
		text("gold", gold)
		text("gold_index", index)
		text("input_tokens", func(k int) string { return pythonList(tokens(k)) })
		text("instruction", func(int) string { return "" })
		text("num_asked_few_shots", func(int) string { return fmt.Sprint(shots) })
		text("num_effective_few_shots", func(int) string { return fmt.Sprint(shots) })
		text("padded", func(int) string { return "['0']" })
		text("pred_logits", empty)
		text("truncated", func(int) string { return "['0']" })
		return cols
	case GenerationB:
		put("pred_logits", nullList, emptyListCell)
		if t.listsChoices() {
			put("choices", textList, listCell(func(k int) []string { return questions[k].Choices }, textValue))
			put("gold", textList, listCell(func(k int) []string { return questions[k].right() }, textValue))
			put("gold_index", intList, listCell(func(k int) []int64 { return questions[k].rightIndex() }, parquet.Int64Value))
		} else {
			for _, name := range []string{"choices", "gold", "gold_index"} {
				put(name, nullList, emptyListCell)
			}
		}
		put("instruction", textNode, textCell(func(int) string { return "" }))
	default:
		put("choices", textList, listCell(func(k int) []string { return questions[k].Choices }, textValue))
		if t.Bench.Options == 0 {
			put("gold", textNode, textCell(func(k int) string {
				if g == GenerationAEarly {
					return questions[k].answer
				}
				return questions[k].Worked
			}))
		} else {
			put("gold", intDict, scalarCell(func(k int) int64 { return int64(questions[k].Gold) }, parquet.Int64Value))
		}
		put("hashes", structOf(textNode, hashed), structCell(len(hashed), func(k, m int) string {
			return hexOf(key(uint64(m), examples[k]), 16)
		}, textValue))
	}
	put("example", textNode, textCell(example))
	if g == GenerationAEarly {
		switch t.Bench.Name {
		case "arc":
			put("example", textNode, textCell(func(k int) string { return questions[k].id }))
			put("query", textNode, textCell(example))
		case "truthfulqa":
			put("question", textNode, textCell(example))
			delete(cols, "example")
		}
	}
	put("full_prompt", textNode, textCell(prompt))
	put("input_tokens", intList, listCell(tokens, parquet.Int64Value))
	put("cont_tokens", intListList, intListListCell(continuations))
	put("num_asked_few_shots", intDict, scalarCell(func(int) int64 { return shots }, parquet.Int64Value))
	put("num_effective_few_shots", intDict, scalarCell(func(int) int64 { return shots }, parquet.Int64Value))
	none := func(int) []int64 { return []int64{0} }
	put("padded", intList, listCell(none, parquet.Int64Value))
	put("truncated", intList, listCell(none, parquet.Int64Value))
	return cols
}

// hashed are the columns of which the files of 2023 give hashes.
var hashed = []string{"cont_tokens", "example", "full_prompt", "input_tokens"}

// tokensOf is a made-up tokenisation: a number for every four bytes.
func tokensOf(text string) []int64 {
	out := make([]int64, 0, len(text)/4+1)
	for i := 0; i < len(text); i += 4 {
		h := uint64(0)
		for _, b := range []byte(text[i:min(i+4, len(text))]) {
			h = h<<8 | uint64(b)
		}
		out = append(out, int64(mix(h)%32000))
	}
	return out
}

// pythonList writes nested lists of integers as Python's str does.
func pythonList(v any) string {
	return strings.ReplaceAll(string(must(json.Marshal(v))), ",", ", ")
}

// pythonTexts writes a list of texts as Python's str does.
func pythonTexts(list []string) string {
	parts := make([]string, len(list))
	for k, text := range list {
		parts[k] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(text) + "'"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// columnOrder is the order of columns in a file; those a file lacks are skipped.
func columnOrder(g Generation) []string {
	if g == GenerationB || g == GenerationBText {
		return []string{"choices", "cont_tokens", "example", "full_prompt", "gold", "gold_index", "input_tokens",
			"instruction", "metrics", "metrics.acc", "metrics.acc_norm", "metrics.mc1", "metrics.mc2",
			"num_asked_few_shots", "num_effective_few_shots", "padded", "pred_logits", "predictions", "truncated"}
	}
	return []string{"example", "query", "full_prompt", "choices", "gold", "acc", "acc_norm", "mc1", "mc2",
		"metrics.acc", "metrics.acc_norm", "metrics.mc1", "metrics.mc2", "question", "predictions", "hashes",
		"input_tokens", "cont_tokens", "num_asked_few_shots", "num_effective_few_shots", "truncated", "padded"}
}

// detailsFile makes the Parquet file of one task of one run.
func (c *Corpus) detailsFile(t *Task, e *evaluation, lay layout, hurt damage) *content {
	rows := lay.rows
	if rows == nil {
		rows = identity(t.Items)
	}
	cols := map[string]*column{}
	for name, col := range c.questionColumns(t, lay) {
		cols[name] = col
	}
	how := encoding{rows: len(rows), groupRows: c.options.RowGroupRows, codec: c.options.Compression.codec(), checksums: lay.checksums}
	put := func(name string, node parquet.Node, value cell) { cols[name] = how.encode(name, node, value) }
	c.putPredictions(t, e, lay, rows, put)
	putMetrics(e.metrics(t), lay, rows, put)
	for _, name := range []string{"acc", "metrics", "mc1"} {
		if col := cols[name]; col != nil && (hurt == flippedPage || hurt == bombed) {
			cols[name] = hurtColumn(col, hurt)
		}
	}
	var columns []*column
	for _, name := range columnOrder(lay.generation) {
		if col := cols[name]; col != nil {
			columns = append(columns, col)
		}
	}
	return splice(columns, []format.KeyValue{{Key: "huggingface", Value: `{"info": {"features": {}}}`}}, lay.declaredRows)
}

type putColumn func(name string, node parquet.Node, value cell)

func (c *Corpus) putPredictions(t *Task, e *evaluation, lay layout, rows []int, put putColumn) {
	switch {
	case lay.generation == GenerationBText:
		put("predictions", textNode, textCell(func(k int) string {
			if e.texts != nil {
				return fmt.Sprintf("['%s']", strings.ReplaceAll(e.texts[rows[k]], "\n", `\n`))
			}
			parts := make([]string, len(e.loglik[rows[k]]))
			for j, v := range e.loglik[rows[k]] {
				parts[j] = pythonFloat(v)
			}
			return "[" + strings.Join(parts, ", ") + "]"
		}))
	case t.Bench.Options == 0:
		put("predictions", textList, listCell(func(k int) []string { return e.texts[rows[k] : rows[k]+1] }, textValue))
	default:
		put("predictions", realList, listCell(func(k int) []float64 { return e.loglik[rows[k]] }, parquet.DoubleValue))
	}
}

// putMetrics writes the metrics in the layout's shape, with the bad value, if any,
// in the middle of the first metric.
func putMetrics(metrics []metric, lay layout, rows []int, put putColumn) {
	bad := len(rows) / 2
	value := func(m metric, k int) float64 {
		if k == bad && lay.poison == PoisonNaN {
			return nan()
		}
		if k == bad && lay.poison == PoisonTwo {
			return 2
		}
		return m.at(rows[k])
	}
	switch {
	case lay.shape == MetricAbsent:
	case lay.generation == GenerationBText:
		put("metrics", textNode, textCell(func(k int) string {
			parts := make([]string, len(metrics))
			for i, m := range metrics {
				parts[i] = fmt.Sprintf("'%s': %s", m.name, pythonFloat(value(m, k)))
			}
			return "{" + strings.Join(parts, ", ") + "}"
		}))
	case lay.generation == GenerationB && lay.shape != MetricDotted:
		keys := make([]string, len(metrics))
		for i, m := range metrics {
			keys[i] = m.name
		}
		inner := structCell(len(metrics), func(k, m int) float64 { return value(metrics[m], k) }, parquet.DoubleValue)
		put("metrics", structOf(realDict, keys), nullAt(inner, lay.poison, bad, len(metrics), 1))
	default:
		for _, m := range metrics {
			name := m.name
			if lay.shape == MetricDotted {
				name = "metrics." + name
			}
			real := func(k int) float64 { return value(m, k) }
			integral := m.name != "mc2" // mc2 is a share, whatever the others are
			switch {
			case lay.shape == MetricInt && integral:
				put(name, intDict, nullAt(scalarCell(func(k int) int64 { return int64(real(k)) }, parquet.Int64Value), lay.poison, bad, 1, 0))
			case lay.shape == MetricBool && integral:
				put(name, boolNode, nullAt(scalarCell(func(k int) bool { return real(k) != 0 }, parquet.BooleanValue), lay.poison, bad, 1, 0))
			case lay.shape == MetricText:
				put(name, textNode, textCell(func(k int) string { return spelled(real(k), k) }))
			default:
				put(name, realDict, nullAt(scalarCell(real, parquet.DoubleValue), lay.poison, bad, 1, 0))
			}
		}
	}
}

// nullAt makes a cell null in one row when that is the poison.
func nullAt(inner cell, poison Poison, bad, leaves, level int) cell {
	if poison != PoisonNull {
		return inner
	}
	return func(row parquet.Row, k int) parquet.Row {
		if k != bad {
			return inner(row, k)
		}
		for leaf := range leaves {
			row = append(row, parquet.NullValue().Level(0, level, leaf))
		}
		return row
	}
}

// spelled writes 0 and 1 in the ways seen in string columns.
func spelled(v float64, k int) string {
	if v != 0 && v != 1 {
		return pythonFloat(v)
	}
	words := [2][3]string{{"0", "0.0", "False"}, {"1", "1.0", "True"}}
	return words[int(v)][k%3]
}
