package score

import (
	"metabench/analysis/ability"
	"metabench/harness"
)

// Report is what a model's answers say. Its JSON form is a contract: fields are
// added, never renamed.
type Report struct {
	Model      string            `json:"model"`
	Form       harness.Form      `json:"form"`
	Release    *Release          `json:"release,omitempty"` // that the form is of
	Run        string            `json:"run"`               // that the calibration came from
	Bundle     string            `json:"bundle"`            // SHA-256 of the calibration
	Level      float64           `json:"level"`             // nominal probability of the intervals
	Mean       *Score            `json:"mean"`              // of all benchmarks; null when it can't be told
	Benchmarks []BenchmarkReport `json:"benchmarks"`
	Warnings   []string          `json:"warnings"`
}

// FormName says which form it is, for people: "form A of release 2026-11".
func (r *Report) FormName() string { return formName(r.Form, r.Release) }

// Score is a reconstructed score, in points from 0 to 100.
type Score struct {
	Value      float64  `json:"value"`
	Lower      float64  `json:"lower"`
	Upper      float64  `json:"upper"`
	Percentile *float64 `json:"percentile"` // share of the corpus that scores less; null when unknown
}

// BenchmarkReport is the part of a report about one benchmark of the calibration.
type BenchmarkReport struct {
	Benchmark string `json:"benchmark"`
	Title     string `json:"title"`
	Metric    string `json:"metric"`    // that the calibration needs
	Read      string `json:"read"`      // the harness's metric that was read for it
	Questions int    `json:"questions"` // of the whole benchmark

	Items    int      `json:"items"`    // selected
	Answered int      `json:"answered"` // of these
	Right    int      `json:"right"`
	Missing  []string `json:"missing"` // selected items without an answer
	Permuted bool     `json:"permuted"`

	Ability *ability.Estimate `json:"ability"` // null when nothing was answered
	Score   *Score            `json:"score"`   // null when nothing was answered
	RMSE    *float64          `json:"rmse"`    // of reconstruction on test models, points

	// Refused says why the answers that are there were not used.
	Refused string `json:"refused,omitempty"`

	Task     string            `json:"task,omitempty"`
	File     string            `json:"file,omitempty"`
	Settings *harness.Settings `json:"settings,omitempty"`
	Warnings []string          `json:"warnings"`
}
