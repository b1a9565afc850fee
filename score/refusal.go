package score

import (
	"errors"
	"fmt"
	"strings"

	"metabench/corpus"
	"metabench/harness"
)

// NoAnswersError says that nothing of an evaluation could be scored.
type NoAnswersError struct {
	Form    harness.Form // of the bundle
	Reasons []error
}

func (e *NoAnswersError) Error() string {
	s := fmt.Sprintf("score: no answers to the items of form %s", e.Form)
	if len(e.Reasons) > 0 {
		s += ": " + strings.Join(merged(e.Reasons), "; ")
	}
	return s
}

// Unwrap returns the reasons.
func (e *NoAnswersError) Unwrap() []error { return e.Reasons }

// merged are the texts of reasons, with one text for the same reason of several benchmarks.
func merged(reasons []error) []string {
	type same struct{ reason, remedy string }
	first := map[same]int{} // index of its text
	names := map[same][]string{}
	var texts []string
	for _, reason := range reasons {
		var e *corpus.DataError
		if !errors.As(reason, &e) || e.Benchmark == "" {
			texts = append(texts, reason.Error())
			continue
		}
		key := same{e.Reason, e.Remedy}
		if names[key] = append(names[key], e.Benchmark); len(names[key]) == 1 {
			first[key] = len(texts)
			texts = append(texts, e.Error())
			continue
		}
		all := *e
		all.Benchmark = strings.Join(names[key], ", ")
		all.File = "such as " + e.File
		texts[first[key]] = all.Error()
	}
	return texts
}

// MinAnswered is the share of the selected items that have to be answered for a score,
// unless another share is asked for.
const MinAnswered = 0.5

// refuse records why the answers to a benchmark are not used.
func (r *BenchmarkReport) refuse(err error) {
	r.Refusal, r.Refused = err, err.Error()
}

func (r *BenchmarkReport) refusef(remedy, format string, args ...any) {
	r.refuse(&corpus.DataError{Kind: corpus.KindUnfit, Benchmark: r.Benchmark, File: r.File, Reason: fmt.Sprintf(format, args...), Remedy: remedy})
}

// useForm is the remedy for items of another form.
func useForm(form harness.Form) string {
	return fmt.Sprintf("These are form %s: use its bundle (metabench export bundle FILE --form %s)", form, form)
}

// refuseOtherQuestions refuses a task whose questions are not the calibration's, by their
// hashes or by the run that exported them.
func (r *BenchmarkReport) refuseOtherQuestions(bundle *Bundle, t *harness.Task, questions comparison) {
	if !t.Exported || questions.shared == 0 {
		return // published tasks hash another part of the question, and have no run
	}
	build := t.Settings.Build
	const remedy = "Use the bundle that was exported with the tasks, or export both again and repeat the evaluation"
	switch {
	case questions.compared > 0 && len(questions.changed) == questions.compared:
		r.refusef(remedy, "none of the %d questions reads as in the calibration, although their keys are the same: the task is of another corpus", questions.compared)
	case questions.compared == 0 && build != "" && build != bundle.Run.ID:
		r.refusef(remedy, "the task was exported by run %s and this calibration is of run %s; its questions have no hashes by which they could be compared", build, bundle.Run.ID)
	case bundle.Release != nil && bundle.Release.Identity == t.Settings.Identity: // whatever build calibrated it
	case questions.compared == 0 && build == "":
		r.warn("the questions can't be compared with the calibration's: they have neither hashes nor the run that exported them")
	}
}

// refuseFew refuses a benchmark with too few answered items, and marks one that is scored
// from fewer than MinAnswered.
func (r *BenchmarkReport) refuseFew(b *Benchmark, t *harness.Task, least float64) {
	asked := t.Items
	share := float64(r.Answered) / float64(r.Items)
	switch form, n := b.formOf(asked); {
	case form != "" && share < least:
		r.refusef(useForm(form), "%d of the %d items that were answered are of form %s", n, len(asked), form)
	case 2*r.foreign > len(asked) && share < least:
		n := len(asked) - r.foreign
		r.refusef(useSelection(t), "%d of the %d items that were asked %s among the %d selected ones: the log is of another selection", n, len(asked), verb(n, "is", "are"), r.Items)
	case r.Answered == 0:
		r.refusef("Repeat the evaluation", "none of the %d selected items has an answer", r.Items)
	case share < least:
		r.refusef(fmt.Sprintf("Evaluate the others too; with --min-answered %.2g it is scored nevertheless, and marked", roundDown(share)),
			"%d of %d selected items %s answered%s, less than the share of %.2g that a score needs", r.Answered, r.Items, verb(r.Answered, "is", "are"), r.changed(), least)
	case share < MinAnswered:
		r.Sparse = true
		r.warn("scored from %d of %d selected items, fewer than half", r.Answered, r.Items)
	}
}

// useSelection is the remedy for items of another selection.
func useSelection(t *harness.Task) string {
	if t.Exported || t.Form == "" {
		return "Use the bundle that was exported with the tasks"
	}
	return fmt.Sprintf("Build with the published items (metabench build --form-%s-items PATH), and export that bundle", strings.ToLower(string(t.Form)))
}

// changed says why some answers don't count.
func (r *BenchmarkReport) changed() string {
	if n := len(r.Changed); n > 0 {
		return fmt.Sprintf(" (%d of the questions %s otherwise than in the calibration)", n, verb(n, "reads", "read"))
	}
	return ""
}

// roundDown is a share with two digits, no larger than it is.
func roundDown(share float64) float64 {
	for _, unit := range []float64{100, 1000, 10000} {
		if v := float64(int(share*unit)) / unit; v > 0 {
			return v
		}
	}
	return 0
}

// formOf finds another form that most of the asked items belong to: more of them than to
// the bundle's form, and more than half.
func (b *Benchmark) formOf(asked []string) (form harness.Form, n int) {
	count := func(keys []string) int {
		in := make(map[string]bool, len(keys))
		for _, key := range keys {
			in[key] = true
		}
		n := 0
		for _, key := range asked {
			if in[key] {
				n++
			}
		}
		return n
	}
	most := count(b.keys())
	for _, other := range []harness.Form{harness.FormA, harness.FormB} {
		if k := count(b.Others[other]); k > most && 2*k > len(asked) {
			form, n, most = other, k, k
		}
	}
	return form, n
}
