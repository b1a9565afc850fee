package details

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

// question makes a question of a row's choices and right answer.
func question(b corpus.Benchmark, choices, gold, goldIndex []element) (corpus.Question, error) {
	var q corpus.Question
	if b.Asked == corpus.Generated {
		if len(gold) == 0 || gold[0].text == "" {
			return q, errors.New("no reference answer")
		}
		q.Target = gold[0].text
		return q, nil
	}
	if len(choices) < 2 {
		return q, fmt.Errorf("%d choices", len(choices))
	}
	for _, c := range choices {
		q.Choices = append(q.Choices, c.text)
	}
	if b.Metric == "mc1" {
		return q, nil
	}
	if q.Gold = rightChoice(q.Choices, gold, goldIndex); q.Gold < 0 {
		return q, fmt.Errorf("none of %d choices is marked as right", len(choices))
	}
	return q, nil
}

// rightChoice is the index of the right choice: a number in gold (2023), else the
// number in gold_index, else the index of the choice with the text in gold (2024); -1 where
// there is none.
func rightChoice(choices []string, gold, goldIndex []element) int {
	for _, list := range [][]element{gold, goldIndex} {
		if len(list) == 0 || !list[0].number {
			continue
		}
		if n, err := strconv.Atoi(list[0].text); err == nil && n >= 0 && n < len(choices) {
			return n
		}
	}
	if len(gold) == 0 || gold[0].number {
		return -1
	}
	return slices.IndexFunc(choices, func(c string) bool { return strings.TrimSpace(c) == strings.TrimSpace(gold[0].text) })
}

// elements reads a cell as a list: the elements of a list, a single value, or the elements
// of a Python list whose text a flat cell has.
func elements(cell []parquet.Value, flat bool) ([]element, error) {
	var all []element
	for _, v := range cell {
		switch v.Kind() {
		case parquet.ByteArray:
			all = append(all, element{text: strings.ToValidUTF8(string(v.ByteArray()), "\uFFFD")})
		case parquet.Int32, parquet.Int64:
			all = append(all, element{v.String(), true})
		default:
			return nil, fmt.Errorf("an element of type %v", v.Kind())
		}
	}
	if !flat || len(all) != 1 || all[0].number {
		return all, nil
	}
	if list, ok := pythonElements(all[0].text); ok {
		return list, nil
	}
	_, err := strconv.Atoi(all[0].text)
	all[0].number = err == nil
	return all, nil
}
