package score

import (
	"fmt"
	"slices"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/reconstruct"
	"metabench/harness"
)

// reportVersion is that of the JSON form of reports: raised when a field means something
// else than before.
const reportVersion = 1

// Report has the scores of one run of a model. Its JSON form is a contract: fields are
// added, never renamed.
type Report struct {
	Version     int               `json:"version"`
	Model       string            `json:"model"`
	Evaluation  harness.Run       `json:"evaluation"` // model and arguments
	Form        harness.Form      `json:"form"`
	Release     *Release          `json:"release,omitempty"` // that the form is of
	Run         string            `json:"run"`               // that the calibration came from
	Bundle      string            `json:"bundle"`            // SHA-256 of the calibration
	Provenance  *Provenance       `json:"provenance"`        // what the calibration was made of; null in bundles of formats before 3
	Level       float64           `json:"level"`             // nominal probability of the intervals
	Doubtful    bool              `json:"doubtful"`          // a warning says why the intervals may hold less often than that
	MinAnswered float64           `json:"min_answered"`      // share of a benchmark's items below which it is refused
	Mean        *Score            `json:"mean"`              // of all benchmarks; null when unknown
	MeanNote    string            `json:"mean_note"`         // how the mean differs from the leaderboard's; empty if it doesn't, or there is none
	Benchmarks  []BenchmarkReport `json:"benchmarks"`
	Unused      []string          `json:"unused"` // why files that are of no benchmark of the report can't be used
	Warnings    []string          `json:"warnings"`
}

// FormName says which form it is, for people: "form A of release 2026-11".
func (r *Report) FormName() string { return formName(r.Form, r.Release) }

// Made says in one sentence what the calibration was made of.
func (r *Report) Made() string {
	if r.Provenance == nil {
		return "The bundle doesn't say what it was made of: it is of an earlier format."
	}
	return "The scores are " + r.Provenance.String() + "."
}

// Score is a reconstructed score, in points from 0 to 100.
type Score struct {
	Value      float64  `json:"value"`
	Lower      float64  `json:"lower"`
	Upper      float64  `json:"upper"`
	Percentile *float64 `json:"percentile"` // share of the corpus that scores less; null when unknown

	// Verdict says whether the models of the calibration tell about this one; null when the
	// calibration is of a version that doesn't say, or the score is a mean of others.
	Verdict *Verdict `json:"verdict,omitempty"`
}

// Verdict says where a model stands to those of the calibration.
type Verdict struct {
	Place    string  `json:"place"`    // "inside", "near the edge" or "outside"
	Reason   string  `json:"reason"`   // why, with figures
	Distance float64 `json:"distance"` // share of its answers that the most similar model gave otherwise
	Share    float64 `json:"share"`    // of the score that rests on its likeness to others, 0 to 1
}

// Inside reports whether the model is one as the calibration knows.
func (v *Verdict) Inside() bool { return v.Place == string(reconstruct.Inside) }

// NotInside are the benchmarks, and the mean, for which the model is not one as the
// calibration knows, with the reasons.
func (r *Report) NotInside() []string {
	var texts []string
	add := func(name string, s *Score) {
		if s != nil && s.Verdict != nil && !s.Verdict.Inside() {
			texts = append(texts, fmt.Sprintf("%s: %s the calibrated range: %s", name, s.Verdict.Place, s.Verdict.Reason))
		}
	}
	for _, b := range r.Benchmarks {
		add(b.Title, b.Score)
	}
	add("mean", r.Mean)
	return texts
}

// BenchmarkReport is the part of a report about one benchmark of the calibration.
type BenchmarkReport struct {
	Benchmark string `json:"benchmark"`
	Title     string `json:"title"`
	Metric    string `json:"metric"`    // that the calibration needs
	Read      string `json:"read"`      // the harness's metric that was read for it
	Shown     string `json:"shown"`     // metric that the leaderboard shows; empty where there is no leaderboard
	Questions int    `json:"questions"` // of the whole benchmark
	Tasks     int    `json:"tasks"`     // that these belong to; 0 when unknown

	Items    int      `json:"items"`    // selected
	Answered int      `json:"answered"` // of these
	Right    int      `json:"right"`
	Missing  []string `json:"missing"` // selected items without an answer

	// Answers are those to the selected items: 1 right, 0 wrong, null without an answer.
	Answers map[string]*uint8 `json:"answers"`

	Changed  []string `json:"changed"` // items whose question reads otherwise than in the calibration
	Permuted bool     `json:"permuted"`
	Sparse   bool     `json:"sparse"` // scored though fewer than half of the items are answered

	Ability *ability.Estimate `json:"ability"` // null when nothing was answered
	Score   *Score            `json:"score"`   // share of all questions; null when nothing was answered
	RMSE    *float64          `json:"rmse"`    // of reconstruction on test models, points

	// TaskMean is the score as the mean of its tasks' scores, as leaderboards publish
	// it: every task weighs the same, however many questions it has. Null where there is
	// one task, or if the calibration doesn't have it.
	TaskMean *Score `json:"task_mean"`

	// Whole is the true score, where all questions of the benchmark were answered, points;
	// else null. Score is what the selected items alone would have said.
	Whole *float64 `json:"whole"`

	// Refused says why the answers were not used; empty if they were, or if there are none.
	Refused string `json:"refused,omitempty"`
	Refusal error  `json:"-"` // the same, typed

	Task     string            `json:"task,omitempty"`
	File     string            `json:"file,omitempty"`
	Settings *harness.Settings `json:"settings,omitempty"`
	Warnings []string          `json:"warnings"`

	foreign  int  // items that were answered and aren't selected
	doubtful bool // see Report.Doubtful
}

// Refusals are the reasons why answers were not used, each once.
func (r *Report) Refusals() []string {
	var reasons []error
	for _, b := range r.Benchmarks {
		if b.Refusal != nil {
			reasons = append(reasons, b.Refusal)
		}
	}
	return append(merged(reasons), r.Unused...)
}

// AllWarnings are the warnings of the report and of its benchmarks, each once: a warning of
// several benchmarks names them all.
func (r *Report) AllWarnings() []string {
	var texts []string
	of := map[string][]string{}
	evaluated := 0
	for _, b := range r.Benchmarks {
		if b.Task != "" {
			evaluated++
		}
		for _, w := range b.Warnings {
			if of[w] == nil {
				texts = append(texts, w)
			}
			if !slices.Contains(of[w], b.Benchmark) {
				of[w] = append(of[w], b.Benchmark)
			}
		}
	}
	all := slices.Clone(r.Warnings)
	for _, w := range texts {
		names := strings.Join(of[w], ", ")
		if len(of[w]) == evaluated && evaluated > 1 {
			names = "all benchmarks"
		}
		all = append(all, names+": "+w)
	}
	return all
}

// Promise says with which probability the intervals hold, and for what.
func (r *Report) Promise() string {
	s := fmt.Sprintf("intervals of %.0f %%", 100*r.Level)
	if len(r.NotInside()) > 0 {
		s += ", wider where the model is unlike the calibration's (see the verdicts)"
	}
	if r.Doubtful {
		s += " for an evaluation like the corpus's, which this one may not be (see the warnings)"
	}
	return s
}

// meanNote says how the mean differs from the leaderboard's.
func (r *Report) meanNote() string {
	var differ []string
	for _, b := range r.Benchmarks {
		switch {
		case b.Shown == "":
			return "" // there is no leaderboard of these benchmarks
		case b.Shown != b.Metric:
			differ = append(differ, fmt.Sprintf("%s is %s here and %s there", b.Title, b.Metric, b.Shown))
		}
		if b.Tasks > 1 {
			differ = append(differ, fmt.Sprintf("%s is the share of all its questions here and the mean of its %d tasks there", b.Title, b.Tasks))
		}
	}
	if len(differ) == 0 {
		return ""
	}
	return "The mean is not the leaderboard's: " + strings.Join(differ, "; ") + "."
}
