package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
	"metabench/spelling"
)

// Questions takes the texts of questions out of sample logs: an export asks again what an
// evaluation of a task put before a model. paths are files of plain tasks; permuted ones
// are refused, since they don't say in which order the options belong. The result has one
// set per benchmark, in order of first appearance.
func Questions(ctx context.Context, paths ...string) ([]QuestionSet, error) {
	q := &questioner{byName: map[string]int{}, seen: map[[2]string]bool{}}
	for _, path := range paths {
		name := parseFileName(path)
		err := eachRecord(ctx, path, func(record []byte, line int64) error { return q.add(path, name, line, record) })
		if err != nil {
			return nil, err
		}
	}
	return q.sets, nil
}

type questioner struct {
	sets   []QuestionSet
	byName map[string]int
	seen   map[[2]string]bool // by benchmark and key
}

// asked is what a sample says of its question.
type asked struct {
	Target    json.RawMessage `json:"target"`
	Arguments json.RawMessage `json:"arguments"`
	Doc       struct {
		Choices json.RawMessage `json:"choices"`
		Answer  json.RawMessage `json:"answer"`
		Gold    json.RawMessage `json:"gold"`
	} `json:"doc"`
}

func (q *questioner) add(path string, name fileName, line int64, record []byte) error {
	s, err := parseSample(path, line, record)
	if err != nil {
		return err
	}
	fail := func(kind corpus.Kind, remedy, format string, args ...any) error {
		return &corpus.DataError{Kind: kind, File: path, Line: line, Item: s.doc.key(), Reason: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	task := &Task{Name: name.task}
	c := &collector{file: path, doc: s.doc}
	if err := c.identify(task); err != nil {
		return err
	}
	key := s.doc.key()
	switch {
	case key == "":
		return fail(corpus.KindItem, "", "the sample doesn't say which item it is")
	case task.Permuted:
		return fail(corpus.KindTask, "Give the log of the plain task", "the options are permuted, so that the leaderboard's order is unknown")
	}
	id := [2]string{task.Benchmark, key}
	if q.seen[id] {
		return nil // the same question under another filter, or in another log
	}
	var a asked
	if err := json.Unmarshal(withoutNaN(record), &a); err != nil {
		return &corpus.DataError{Kind: corpus.KindFormat, File: path, Line: line, Item: key, Reason: "the question can't be decoded", Err: spelling.JSON(err),
			Remedy: "Give logs as lm_eval --log_samples writes them"}
	}
	question, style, err := a.question(key)
	if err != nil {
		return fail(corpus.KindFormat, "Give logs with their arguments, as lm_eval --log_samples writes them", "%v", err)
	}
	question.Hash = s.doc.original
	q.seen[id] = true
	k, ok := q.byName[task.Benchmark]
	if !ok {
		k = len(q.sets)
		q.byName[task.Benchmark] = k
		q.sets = append(q.sets, QuestionSet{Benchmark: task.Benchmark, Style: style})
	}
	if q.sets[k].Style != style {
		return fail(corpus.KindFormat, "", "it is asked as %s, others of %s as %s", style, task.Benchmark, q.sets[k].Style)
	}
	q.sets[k].Questions = append(q.sets[k].Questions, question)
	return nil
}

// question finds out how a question was asked from the requests that were made of the
// model: a context and a continuation each.
func (a *asked) question(key string) (Question, corpus.Style, error) {
	contexts, continuations, err := requests(a.Arguments)
	if err != nil {
		return Question{}, "", err
	}
	q := Question{Key: key}
	if len(contexts) == 1 && continuations[0] == "" {
		q.Prompt, q.Target = contexts[0], scalar(a.Target)
		return q, corpus.Generated, nil
	}
	for k, c := range continuations {
		rest, ok := strings.CutPrefix(c, " ")
		if !ok || rest == "" {
			return Question{}, "", fmt.Errorf("the continuation %q doesn't start with a space", corpus.Clip(c, 40))
		}
		continuations[k] = rest
	}
	if len(contexts) > 1 && contexts[0] != contexts[1] {
		q.Choices, q.Target = contexts, continuations[0]
		q.Gold, err = a.goldOfContexts()
		return q, corpus.Context, err
	}
	if q.Gold, err = strconv.Atoi(text(a.Target)); err != nil {
		return Question{}, "", fmt.Errorf("the target %q is not the number of a choice", corpus.Clip(text(a.Target), 40))
	}
	q.Prompt, q.Choices = contexts[0], continuations
	var options []string
	if json.Unmarshal(a.Doc.Choices, &options) == nil && len(options) == len(continuations) {
		list, letters := letter("", options)
		if prompt, ok := strings.CutSuffix(q.Prompt, list); ok && slices.Equal(letters, continuations) {
			q.Prompt, q.Choices = prompt, options
			return q, corpus.Lettered, nil
		}
	}
	return q, corpus.Continuation, nil
}

// goldOfContexts is the index of the right context: WinoGrande counts its options from
// 1 in answer, our exports from 0 in gold.
func (a *asked) goldOfContexts() (int, error) {
	if n := number(a.Doc.Gold); n != nil {
		return *n, nil
	}
	if n := number(a.Doc.Answer); n != nil {
		return *n - 1, nil
	}
	return 0, errors.New("the document doesn't say which option is right")
}

// requests decodes arguments: gen_args_0, gen_args_1, … with arg_0 and arg_1, or in
// older logs a list of pairs. A continuation that is no text, but settings of
// generation, becomes "".
func requests(raw json.RawMessage) (contexts, continuations []string, err error) {
	var pairs [][]json.RawMessage
	var byName map[string]map[string]json.RawMessage
	if json.Unmarshal(raw, &pairs) != nil {
		if err := json.Unmarshal(raw, &byName); err != nil {
			return nil, nil, errors.New("the sample has no arguments")
		}
		for k := range len(byName) {
			args := byName["gen_args_"+strconv.Itoa(k)]
			pairs = append(pairs, []json.RawMessage{args["arg_0"], args["arg_1"]})
		}
	}
	if len(pairs) == 0 {
		return nil, nil, errors.New("the sample has no arguments")
	}
	for _, p := range pairs {
		var context, continuation string
		if len(p) < 2 || json.Unmarshal(p[0], &context) != nil {
			return nil, nil, errors.New("a request has no context")
		}
		if json.Unmarshal(p[1], &continuation) != nil && len(pairs) > 1 {
			return nil, nil, errors.New("a request has no continuation")
		}
		contexts, continuations = append(contexts, context), append(continuations, continuation)
	}
	return contexts, continuations, nil
}
