package score

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/harness"
)

// Answers to other questions than the calibration's are refused with what to do; the
// other benchmark is scored all the same.
func TestAnswersThatDoNotBelongToTheBundleAreRefused(t *testing.T) {
	in, curves := corpusOf(140)
	b := calibrated(t, in, curves, true)
	b.Benchmarks[0].Others = map[harness.Form][]string{harness.FormB: {}}
	for j := range 30 {
		b.Benchmarks[0].Others[harness.FormB] = append(b.Benchmarks[0].Others[harness.FormB], fmt.Sprint(500+j))
	}
	s := scorerOf(t, b)
	rename := func(t harness.Task, from, n int) harness.Task {
		t.Items = slices.Clone(t.Items)
		for k := range n {
			t.Items[k] = fmt.Sprint(from + k)
		}
		return t
	}
	hashes := func(t harness.Task, n int) harness.Task {
		t.OriginalHashes = slices.Clone(t.OriginalHashes)
		for k := range n {
			t.OriginalHashes[k] = "other"
		}
		return t
	}
	cases := map[string]struct {
		change func(harness.Task) harness.Task
		say    []string
	}{
		"every_hash_differs": {
			func(t harness.Task) harness.Task { return hashes(t, 30) },
			[]string{"none of the 30 questions reads as in the calibration", "Use the bundle that was exported with the tasks"}},
		"most_hashes_differ": {
			func(t harness.Task) harness.Task { return hashes(t, 29) },
			[]string{"1 of 30 selected items is answered (29 of the questions read otherwise than in the calibration)"}},
		"run_of_another_build_and_no_hashes": {
			func(t harness.Task) harness.Task { t.OriginalHashes, t.Settings.Build = nil, "r2"; return t },
			[]string{"exported by run r2 and this calibration is of run r1"}},
		"one_item_answered": {
			func(t harness.Task) harness.Task { return first(t, 1) },
			[]string{"1 of 30 selected items is answered, less than the share of 0.5", "--min-answered 0.03"}},
		"items_of_another_selection": {
			func(t harness.Task) harness.Task { return rename(t, 900, 30) },
			[]string{"0 of the 30 items that were asked are among the 30 selected ones: the log is of another selection", "Use the bundle"}},
		"published_items_of_another_selection": {
			func(t harness.Task) harness.Task {
				t.Name = "metabench_arc"
				return rename(t, 900, 22)
			},
			[]string{"8 of the 30 items that were asked are among the 30 selected ones: the log is of another selection"}},
		"items_of_form_b_that_say_form_a": {
			func(t harness.Task) harness.Task { return rename(t, 500, 28) },
			[]string{"28 of the 30 items that were answered are of form B", "These are form B: use its bundle"}},
		"task_of_form_b": {
			func(t harness.Task) harness.Task { t.Form = harness.FormB; return t },
			[]string{"the calibration is of form A", "These are form B: use its bundle (metabench export bundle FILE --form B)"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			change := func(tasks []harness.Task) []harness.Task {
				return append([]harness.Task{c.change(tasks[0])}, tasks[1:]...)
			}
			wantRefused(t, s, logged(t, in, 130, change), c.say...)
			var none *NoAnswersError
			_, err := s.Score(logged(t, in, 130, func(tasks []harness.Task) []harness.Task { return change(tasks)[:1] }), MinAnswered)
			if !errors.As(err, &none) || !strings.Contains(err.Error(), c.say[0]) {
				t.Errorf("alone: error %v", err)
			}
		})
	}
}

func TestLogsWithoutAnAnswerAreRefused(t *testing.T) {
	in, curves := corpusOf(140)
	out := logged(t, in, 130, nil)
	for m := range out.Tasks[0].Answers {
		out.Tasks[0].Answers[m] = slices.Repeat([]uint8{corpus.Missing}, 30)
	}
	wantRefused(t, scorerOf(t, calibrated(t, in, curves, true)), out, "none of the 30 selected items has an answer")
}

// wantRefused checks that the first benchmark is refused and the second scored.
func wantRefused(t *testing.T, s *Scorer, out *harness.Output, say ...string) {
	t.Helper()
	r, err := s.Score(out, MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	b := r.Benchmarks[0]
	var refusal *corpus.DataError
	if b.Score != nil || b.Ability != nil || !errors.As(b.Refusal, &refusal) || refusal.Remedy == "" {
		t.Errorf("score %+v, refusal %v", b.Score, b.Refusal)
	}
	for _, part := range say {
		if !strings.Contains(b.Refused, part) {
			t.Errorf("%q lacks %q", b.Refused, part)
		}
	}
	for _, w := range append(b.Warnings, r.Warnings...) {
		if strings.Contains(w, "wider") {
			t.Errorf("there is no interval, and a warning says %q", w)
		}
	}
	if r.Benchmarks[1].Score == nil {
		t.Error("the other benchmark wasn't scored")
	}
}

func TestFewAnswersAreScoredWhenAskedForAndMarked(t *testing.T) {
	in, curves := corpusOf(140)
	s := scorerOf(t, calibrated(t, in, curves, true))
	out := logged(t, in, 130, func(tasks []harness.Task) []harness.Task { return []harness.Task{first(tasks[0], 10), tasks[1]} })
	r, err := s.Score(out, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	if b := r.Benchmarks[0]; b.Score == nil || !b.Sparse || r.Benchmarks[1].Sparse || r.MinAnswered != 0.3 || r.Mean == nil {
		t.Errorf("%+v, mean %+v", b, r.Mean)
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "from fewer than half of the items") {
		t.Error("the page doesn't mark it")
	}
}

func TestOtherRunWithTheSameQuestionsIsSaid(t *testing.T) {
	in, curves := corpusOf(140)
	s := scorerOf(t, calibrated(t, in, curves, true))
	r, err := s.Score(logged(t, in, 130, func(tasks []harness.Task) []harness.Task {
		for k := range tasks {
			tasks[k].Settings.Build = "r2"
		}
		return tasks
	}), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	if r.Benchmarks[0].Score == nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "exported by run r2, the calibration is of run r1") {
		t.Errorf("warnings %q", r.Warnings)
	}
}

// What promises an interval says that the evaluation must be like the corpus's, and
// withdraws the promise where a warning says that it isn't.
func TestThePromiseDependsOnTheWarnings(t *testing.T) {
	in, curves := corpusOf(140)
	s := scorerOf(t, calibrated(t, in, curves, true))
	page := func(r *Report) string {
		var b bytes.Buffer
		if err := r.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	const promise = "The bars hold the true score of 90 % of models that are like the corpus's and evaluated as it was."
	plain, err := s.Score(logged(t, in, 130, nil), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Doubtful || plain.Promise() != "intervals of 90 %" || !strings.Contains(page(plain), strings.ReplaceAll(promise, "'", "&#39;")) && !strings.Contains(page(plain), promise) {
		t.Errorf("doubtful %t, %s\n%s", plain.Doubtful, plain.Promise(), page(plain))
	}
	out := logged(t, in, 130, nil)
	for k := range out.Tasks {
		out.Tasks[k].Settings.ChatTemplate = true
	}
	templated, err := s.Score(out, MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	if !templated.Doubtful || !strings.Contains(templated.Promise(), "may not be") || strings.Contains(page(templated), "The bars hold the true score") {
		t.Errorf("doubtful %t, %s", templated.Doubtful, templated.Promise())
	}
	if all := templated.AllWarnings(); len(all) != 1 || all[0] != "all benchmarks: evaluated with a chat template; the leaderboard used none" {
		t.Errorf("one warning of all benchmarks is said as %q", all)
	}
	few, err := s.Score(logged(t, in, 130, func(tasks []harness.Task) []harness.Task { return []harness.Task{first(tasks[0], 20), tasks[1]} }), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	if few.Doubtful {
		t.Error("missing answers are in the intervals' width, and no reason to doubt it")
	}
}

func TestMeanSaysHowItDiffersFromTheLeaderboards(t *testing.T) {
	in, curves := corpusOf(140)
	b := calibrated(t, in, curves, true)
	note := func() string {
		t.Helper()
		r, err := scorerOf(t, b).Score(logged(t, in, 130, nil), MinAnswered)
		if err != nil {
			t.Fatal(err)
		}
		return r.MeanNote
	}
	if got := note(); got != "" {
		t.Errorf("without a leaderboard: %q", got)
	}
	b.Benchmarks[0].Shown, b.Benchmarks[1].Shown = "acc_norm", "acc"
	if got := note(); got != "" {
		t.Errorf("of the same metrics: %q", got)
	}
	b.Benchmarks[0].Shown, b.Benchmarks[1].Tasks = "mc2", 57
	const want = "The mean is not the leaderboard's: ARC is acc_norm here and mc2 there; GSM8K is the share of all its questions here and the mean of its 57 tasks there."
	if got := note(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// One broken log costs its own benchmark, with its reason.
func TestABrokenLogCostsItsOwnBenchmark(t *testing.T) {
	in, curves := corpusOf(140)
	s := scorerOf(t, calibrated(t, in, curves, true))
	for name, c := range map[string]struct {
		content func(log string) string
		say     string
	}{
		"empty":       {func(string) string { return "" }, "the file is empty"},
		"third_line":  {func(log string) string { return breakLine(log, 2) }, "line 3"},
		"no_metric":   {func(log string) string { return strings.ReplaceAll(log, "acc_norm", "bleu") }, "no sample has a metric"},
		"cut":         {func(log string) string { return log[:len(log)-9] }, "the file ends inside this sample"},
		"not_binary":  {func(log string) string { return strings.Replace(log, `"acc_norm":0`, `"acc_norm":0.5`, 1) }, "neither 0 nor 1"},
		"not_its_own": {func(log string) string { return strings.Replace(log, `"benchmark":"arc"`, `"benchmark":"mmlu"`, 1) }, "Give one file per task"},
	} {
		t.Run(name, func(t *testing.T) {
			out := logged(t, in, 130, nil)
			path := out.Tasks[0].File
			log, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(c.content(string(log))), 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := harness.Read(t.Context(), filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Score(again, MinAnswered)
			if err != nil {
				t.Fatal(err)
			}
			if b := r.Benchmarks[0]; b.Score != nil || !strings.Contains(b.Refused, c.say) || !strings.Contains(b.Refused, path) {
				t.Errorf("refused with %q, want %q", b.Refused, c.say)
			}
			if r.Benchmarks[1].Score == nil || len(r.Refusals()) != 1 {
				t.Errorf("%+v, refusals %q", r.Benchmarks[1], r.Refusals())
			}
		})
	}
}

func breakLine(log string, line int) string {
	lines := strings.Split(log, "\n")
	lines[line] = lines[line][:len(lines[line])/2]
	return strings.Join(lines, "\n")
}

// A bundle of the first version is read, with a warning of what it lacks.
func TestABundleOfTheFirstVersionIsRead(t *testing.T) {
	in, curves := corpusOf(60)
	b := calibrated(t, in, curves, true)
	old := bundleFormat
	old.version = 1
	var file bytes.Buffer
	if err := old.write(&file, struct {
		*Bundle
		Calibrated map[string]any `json:"calibrated"`
	}{b, map[string]any{"shots": 0, "chat_template": false}}); err != nil {
		t.Fatal(err)
	}
	read, sum, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScorer(read, sum)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Score(logged(t, in, 50, nil), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	if r.Mean == nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "version 1") || !strings.Contains(r.Warnings[0], "export it again") {
		t.Errorf("mean %+v, warnings %q", r.Mean, r.Warnings)
	}
}
