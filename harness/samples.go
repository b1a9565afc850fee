package harness

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// originals are the tasks of lm-evaluation-harness that ask the leaderboard's benchmarks,
// MMLU's by subject: mmlu_anatomy.
var originals = map[string]string{"arc": "arc_challenge", "gsm8k": "gsm8k", "hellaswag": "hellaswag", "mmlu": "mmlu_",
	"truthfulqa": "truthfulqa_mc1", "winogrande": "winogrande"}

// Samples says which documents of the harness's original tasks are the selected items: by
// task the positions in its data set, ascending, as the harness's --samples takes them.
// Items are numbered from 1 in the leaderboard's order; catalogue says how many each task
// has. Benchmarks that the harness doesn't have by the leaderboard's items are returned
// as others.
func Samples(sets []QuestionSet, catalogue []corpus.Benchmark) (samples map[string][]int, others []string, err error) {
	samples = map[string][]int{}
	for _, set := range sets {
		task, ok := originals[set.Benchmark]
		at := slices.IndexFunc(catalogue, func(b corpus.Benchmark) bool { return b.Name == set.Benchmark })
		if !ok || at < 0 {
			others = append(others, set.Benchmark)
			continue
		}
		orders := map[string][]int{}
		for _, q := range set.Questions {
			name, of, number, err := placeOf(catalogue[at], task, q.Key)
			if err != nil {
				return nil, nil, err
			}
			if orders[name] == nil {
				orders[name] = leaderboardOrder(of.Items)
			}
			samples[name] = append(samples[name], orders[name][number-1])
		}
	}
	for _, positions := range samples {
		slices.Sort(positions)
	}
	return samples, others, nil
}

// placeOf finds the harness's task and the number of an item: "17", "anatomy.3".
func placeOf(b corpus.Benchmark, task, key string) (name string, of corpus.Task, number int, err error) {
	subject, digits := b.Name, key
	if len(b.Tasks) > 1 {
		subject, digits, _ = strings.Cut(key, ".")
		task += subject
	}
	at := slices.IndexFunc(b.Tasks, func(t corpus.Task) bool { return t.Name == subject })
	number, wrong := strconv.Atoi(digits)
	if at < 0 || wrong != nil || number < 1 || number > b.Tasks[at].Items {
		return "", of, 0, fmt.Errorf("export samples: %s has no item %q in the leaderboard's numbering, which counts from 1 in each task", b.Name, key)
	}
	return task, b.Tasks[at], number, nil
}

// original is one of the harness's own tasks that ask the leaderboard's items.
type original struct {
	benchmark string
	prefix    string // of the keys: "anatomy."
	numbers   []int  // by position in the data set
}

// originalTask finds the task of a name; nil where it is none, or its items aren't known.
func originalTask(name string, catalogue []corpus.Benchmark) *original {
	for _, b := range catalogue {
		task, ok := originals[b.Name]
		if !ok {
			continue
		}
		for _, t := range b.Tasks {
			of, prefix := task, ""
			if len(b.Tasks) > 1 {
				of, prefix = task+t.Name, t.Name+"."
			}
			if of != name || t.Items == 0 {
				continue
			}
			o := &original{benchmark: b.Name, prefix: prefix, numbers: make([]int, t.Items)}
			for k, position := range leaderboardOrder(t.Items) {
				o.numbers[position] = k + 1
			}
			return o
		}
	}
	return nil
}

// key is that of the item at a position in the data set; empty beyond it.
func (o *original) key(position int64) string {
	if position < 0 || position >= int64(len(o.numbers)) {
		return ""
	}
	return o.prefix + strconv.Itoa(o.numbers[position])
}

// joined puts the original tasks of one benchmark together, which MMLU has one a subject
// of. A metric that some of them lack has no answers there.
func joined(tasks []*Task) []*Task {
	var out []*Task
	whole := map[string]*Task{}
	for _, t := range tasks {
		all := whole[t.Benchmark]
		if !t.Original || all == nil {
			if t.Original {
				of := *t
				of.Answers = maps.Clone(t.Answers)
				whole[t.Benchmark], t = &of, &of
			}
			out = append(out, t)
			continue
		}
		all.Name = all.Benchmark
		before := len(all.Items)
		all.Items = append(slices.Clone(all.Items), t.Items...)
		all.PromptHashes = append(slices.Clone(all.PromptHashes), t.PromptHashes...)
		all.OriginalHashes = append(slices.Clone(all.OriginalHashes), t.OriginalHashes...)
		for m := range maps.Keys(t.Answers) {
			if all.Answers[m] == nil {
				all.Answers[m] = slices.Repeat([]uint8{corpus.Missing}, before)
			}
		}
		for m, answers := range all.Answers {
			more := t.Answers[m]
			if more == nil {
				more = slices.Repeat([]uint8{corpus.Missing}, len(t.Items))
			}
			all.Answers[m] = append(slices.Clone(answers), more...)
		}
		for _, w := range t.Warnings {
			if !slices.Contains(all.Warnings, w) {
				all.Warnings = append(slices.Clone(all.Warnings), w)
			}
		}
	}
	return out
}
