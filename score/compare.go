package score

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/harness"
)

// comparisonVersion is that of the JSON form of comparisons: raised when a field means
// something else than before.
const comparisonVersion = 1

// MostCompared is how many models are compared with each other at once.
const MostCompared = 100

// Comparison has the differences of runs, pair by pair. Its JSON form is a contract: fields
// are added, never renamed.
type Comparison struct {
	Version    int          `json:"version"`
	Form       harness.Form `json:"form"`
	Release    *Release     `json:"release,omitempty"`
	Run        string       `json:"run"`        // that the calibration came from
	Bundle     string       `json:"bundle"`     // SHA-256 of the calibration
	Provenance *Provenance  `json:"provenance"` // what the calibration was made of
	Level      float64      `json:"level"`      // nominal probability of the intervals
	Power      float64      `json:"power"`      // with which a detectable difference is detected
	Joint      bool         `json:"joint"`      // whether the intervals are those of the joint process, narrower for models that answer alike
	Models     []Compared   `json:"models"`
	Pairs      []Pair       `json:"pairs"`            // each with each; of a series each with the one before
	Series     *Series      `json:"series,omitempty"` // of checkpoints, where asked for
	Warnings   []string     `json:"warnings"`
}

// Compared is a run that was compared.
type Compared struct {
	Name       string       `json:"name"` // unique in the comparison
	Model      string       `json:"model"`
	Evaluation harness.Run  `json:"evaluation"`
	Scores     []NamedScore `json:"scores"` // the mean first, where there is one
}

// NamedScore is a score with what it is of.
type NamedScore struct {
	Benchmark string `json:"benchmark"`
	Title     string `json:"title"`
	Score
}

// Pair is what run A does better and worse than run B.
type Pair struct {
	A      string      `json:"a"`
	B      string      `json:"b"`
	Differ float64     `json:"differ"` // share of the items both answered that they answered differently
	Scores []PairScore `json:"scores"` // the mean first, where there is one; then the benchmarks that both have
}

// PairScore is the difference of two runs in one score.
type PairScore struct {
	Benchmark string `json:"benchmark"`
	Title     string `json:"title"`

	// The difference of the scores of the whole benchmark, A less B, in points, from the
	// items that both answered, with its interval.
	Difference float64 `json:"difference"`
	Lower      float64 `json:"lower"`
	Upper      float64 `json:"upper"`

	Probability float64 `json:"probability"` // that A is better
	P           float64 `json:"p"`           // of no difference, two-sided
	Holm        float64 `json:"p_holm"`      // the same, corrected for the number of pairs
	Better      string  `json:"better"`      // "A", "B" or "tie", by the corrected p at the level
	Detectable  float64 `json:"detectable"`  // difference that is distinguished from a tie with probability Power

	Whole *float64 `json:"whole"` // true difference, where both answered all questions; else null

	Common   int           `json:"common"` // items that both answered
	Items    int           `json:"items"`  // selected
	Changes                // of the items
	Subjects []SubjectPair `json:"subjects,omitempty"` // of a benchmark of several tasks, by name
}

// Changes are the items that one of two runs answered right and the other wrong.
type Changes struct {
	RightA    int      `json:"right_a"` // of the items that both answered
	RightB    int      `json:"right_b"`
	Fixed     []string `json:"fixed"`     // right in A and wrong in B
	Regressed []string `json:"regressed"` // wrong in A and right in B
}

// SubjectPair is the part of a PairScore about one task of its benchmark.
type SubjectPair struct {
	Subject string `json:"subject"`
	Common  int    `json:"common"`
	Changes
}

// TooFewRunsError says that there are not two runs to compare.
type TooFewRunsError struct{ Runs []string }

func (e *TooFewRunsError) Error() string {
	what := "no run was scored"
	if len(e.Runs) == 1 {
		what = "there is one run, " + e.Runs[0]
	}
	return "compare: " + what + ": give the answers of another"
}

// TooManyRunsError says that there are more runs than can be compared with each other.
type TooManyRunsError struct{ Runs int }

func (e *TooManyRunsError) Error() string {
	return fmt.Sprintf("compare: %d runs, and at most %d are compared with each other: choose some with --run, or give fewer files", e.Runs, MostCompared)
}

// Compare compares runs that this scorer has scored, each with each, in their order. As a
// series they are checkpoints of one model, and each is compared with the one before.
func (s *Scorer) Compare(ctx context.Context, b *Batch, series bool) (*Comparison, error) {
	names := unique(b.Names())
	switch n := len(b.Reports); {
	case n < 2:
		return nil, &TooFewRunsError{Runs: names}
	case n > MostCompared:
		return nil, &TooManyRunsError{Runs: n}
	}
	first := b.Reports[0]
	c := &Comparison{Version: comparisonVersion, Form: first.Form, Release: first.Release, Run: first.Run, Bundle: first.Bundle,
		Provenance: first.Provenance, Level: first.Level, Power: reconstruct.Power, Joint: true, Pairs: []Pair{}, Warnings: []string{}}
	for k, r := range b.Reports {
		c.Models = append(c.Models, newCompared(names[k], r))
	}
	var order []int
	if series {
		c.Series, order = newSeries(b.Reports, names)
	} else {
		for k := range b.Reports {
			order = append(order, k)
		}
	}
	at := pairsOf(order, series)
	differences, err := s.differences(ctx, b.Reports, at)
	if err != nil {
		return nil, err
	}
	for k, p := range at {
		if series && slices.Index(order, p[0]) != slices.Index(order, p[1])+1 {
			continue
		}
		pair := s.newPair(b.Reports[p[0]], b.Reports[p[1]], differences[k])
		pair.A, pair.B = names[p[0]], names[p[1]]
		c.Pairs = append(c.Pairs, pair)
	}
	for _, of := range differences {
		for _, d := range of {
			c.Joint = c.Joint && d.Joint
		}
	}
	if series {
		c.Series.fit(order, c.Models, at, differences)
	}
	c.correct()
	if !c.Joint {
		c.Warnings = append(c.Warnings, "the calibration has not learned how errors of two models go together: the intervals are of independent errors, and too wide for models that answer alike. Make the bundle again")
	}
	for k := range c.Pairs {
		if len(c.Pairs[k].Scores) == 0 {
			c.Warnings = append(c.Warnings, c.Pairs[k].A+" and "+c.Pairs[k].B+" have no benchmark in common")
		}
	}
	return c, nil
}

// pairsOf lists the pairs of runs: each with all behind it, or of a series with all before.
func pairsOf(order []int, series bool) (at [][2]int) {
	for k, a := range order {
		for _, b := range order[k+1:] {
			if series {
				at = append(at, [2]int{b, a})
			} else {
				at = append(at, [2]int{a, b})
			}
		}
	}
	return at
}

// unique tells equal names apart by a number.
func unique(names []string) []string {
	out := slices.Clone(names)
	seen := map[string]int{}
	for k, name := range names {
		if seen[name]++; seen[name] > 1 {
			out[k] = fmt.Sprintf("%s (%d)", name, seen[name])
		}
	}
	return out
}

func newCompared(name string, r *Report) Compared {
	c := Compared{Name: name, Model: r.Model, Evaluation: r.Evaluation, Scores: []NamedScore{}}
	for _, of := range r.columns() {
		if of.Score != nil {
			c.Scores = append(c.Scores, NamedScore{of.Name, of.Title, *of.Score})
		}
	}
	return c
}

// sheets are a report's answers to the benchmarks of a predictor, as it takes them.
func (r *Report) sheets(benchmarks []string) []reconstruct.Sheet {
	var out []reconstruct.Sheet
	for _, b := range r.Benchmarks {
		if b.Score == nil || !slices.Contains(benchmarks, b.Benchmark) {
			continue
		}
		sheet := reconstruct.Sheet{Benchmark: b.Benchmark, Metric: b.Metric}
		for _, key := range slices.Sorted(maps.Keys(b.Answers)) {
			if a := b.Answers[key]; a != nil {
				sheet.Items, sheet.Answers = append(sheet.Items, key), append(sheet.Answers, response.Answer(*a))
			}
		}
		out = append(out, sheet)
	}
	return out
}

// differences estimates those of pairs, by benchmark, and of the mean.
func (s *Scorer) differences(ctx context.Context, reports []*Report, pairs [][2]int) ([]map[string]reconstruct.Difference, error) {
	out := make([]map[string]reconstruct.Difference, len(pairs))
	for k := range out {
		out[k] = map[string]reconstruct.Difference{}
	}
	for _, p := range s.predictors {
		var models [][]reconstruct.Sheet
		for _, r := range reports {
			models = append(models, r.sheets(p.Benchmarks()))
		}
		of, err := p.Compare(ctx, models, pairs)
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		for k, at := range pairs {
			a, b := reports[at[0]], reports[at[1]]
			for _, d := range of[k] {
				both := len(p.Benchmarks()) == len(s.bundle.Benchmarks) && a.Mean != nil && b.Mean != nil
				if d.Benchmark != reconstruct.Mean {
					at := s.bundle.index(d.Benchmark)
					both = bothScored(&a.Benchmarks[at], &b.Benchmarks[at])
				}
				if _, known := out[k][d.Benchmark]; both && !known {
					out[k][d.Benchmark] = d
				}
			}
		}
	}
	for k := range pairs {
		if _, known := out[k][reconstruct.Mean]; known || len(out[k]) < len(s.bundle.Benchmarks) || len(out[k]) < 2 {
			continue
		}
		var of []reconstruct.Difference
		for _, b := range s.bundle.Benchmarks {
			of = append(of, out[k][b.Name])
		}
		out[k][reconstruct.Mean] = reconstruct.MeanDifference(of)
	}
	return out, nil
}

// bothScored reports whether two runs have a score and answers to the same items.
func bothScored(a, b *BenchmarkReport) bool {
	if a.Score == nil || b.Score == nil {
		return false
	}
	for key, x := range a.Answers {
		if x != nil && b.Answers[key] != nil {
			return true
		}
	}
	return false
}

// newPair puts the differences of two runs together with their answers.
func (s *Scorer) newPair(a, b *Report, differences map[string]reconstruct.Difference) Pair {
	pair := Pair{Scores: []PairScore{}}
	differ, common := 0, 0
	var scores []PairScore
	for k := range s.bundle.Benchmarks {
		bench := &s.bundle.Benchmarks[k]
		d, known := differences[bench.Name]
		if !known {
			continue
		}
		x, y := &a.Benchmarks[k], &b.Benchmarks[k]
		of := newPairScore(x.Title, d)
		of.Items = x.Items
		of.compareItems(bench, x, y)
		if x.Whole != nil && y.Whole != nil {
			whole := *x.Whole - *y.Whole
			of.Whole = &whole
		}
		differ, common = differ+len(of.Fixed)+len(of.Regressed), common+of.Common
		scores = append(scores, of)
	}
	if d, known := differences[reconstruct.Mean]; known {
		of := newPairScore("Mean", d)
		of.Fixed, of.Regressed = []string{}, []string{}
		if x, y := a.wholeMean(), b.wholeMean(); x != nil && y != nil {
			whole := *x - *y
			of.Whole = &whole
		}
		for _, part := range scores {
			of.Common, of.Items = of.Common+part.Common, of.Items+part.Items
			of.RightA, of.RightB = of.RightA+part.RightA, of.RightB+part.RightB
			of.Fixed = append(of.Fixed, prefixed(part.Benchmark, part.Fixed)...)
			of.Regressed = append(of.Regressed, prefixed(part.Benchmark, part.Regressed)...)
		}
		pair.Scores = append(pair.Scores, of)
	}
	pair.Scores = append(pair.Scores, scores...)
	if common > 0 {
		pair.Differ = float64(differ) / float64(common)
	}
	return pair
}

// prefixed names items with their benchmark.
func prefixed(benchmark string, items []string) []string {
	out := make([]string, len(items))
	for k, item := range items {
		out[k] = benchmark + "/" + item
	}
	return out
}

func newPairScore(title string, d reconstruct.Difference) PairScore {
	return PairScore{Benchmark: d.Benchmark, Title: title, Difference: d.Value, Lower: d.Lower, Upper: d.Upper,
		Probability: d.Better, P: 2 * min(d.Better, 1-d.Better), Detectable: d.Detectable}
}

// compareItems finds the items fixed and regressed, of the benchmark and of each of its
// tasks.
func (p *PairScore) compareItems(b *Benchmark, x, y *BenchmarkReport) {
	p.Fixed, p.Regressed = []string{}, []string{}
	subjects := map[string]*SubjectPair{}
	for _, it := range b.Items {
		first, second := x.Answers[it.Key], y.Answers[it.Key]
		if first == nil || second == nil {
			continue
		}
		p.Common++
		p.add(it.Key, *first, *second)
		if name, _, ok := cutLast(it.Key, "."); ok && b.Tasks > 1 {
			of := subjects[name]
			if of == nil {
				of = &SubjectPair{Subject: name, Changes: Changes{Fixed: []string{}, Regressed: []string{}}}
				subjects[name] = of
			}
			of.Common++
			of.add(it.Key, *first, *second)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(subjects)) {
		p.Subjects = append(p.Subjects, *subjects[name])
	}
}

// cutLast cuts a text at the last separator.
func cutLast(text, sep string) (before, after string, found bool) {
	k := strings.LastIndex(text, sep)
	if k < 0 {
		return text, "", false
	}
	return text[:k], text[k+len(sep):], true
}

func (c *Changes) add(key string, a, b uint8) {
	c.RightA += int(a)
	c.RightB += int(b)
	switch {
	case a > b:
		c.Fixed = append(c.Fixed, key)
	case a < b:
		c.Regressed = append(c.Regressed, key)
	}
}

// correct corrects the p of each score for the number of pairs, and says who is better.
func (c *Comparison) correct() {
	of := map[string][]*PairScore{}
	for k := range c.Pairs {
		for j := range c.Pairs[k].Scores {
			s := &c.Pairs[k].Scores[j]
			of[s.Benchmark] = append(of[s.Benchmark], s)
		}
	}
	for _, scores := range of {
		slices.SortStableFunc(scores, func(a, b *PairScore) int { return cmp.Compare(a.P, b.P) })
		least := 0.0
		for k, s := range scores { // Holm 1979
			least = max(least, min(1, float64(len(scores)-k)*s.P))
			s.Holm, s.Better = least, "tie"
			switch {
			case s.Holm < 1-c.Level && s.Difference > 0:
				s.Better = "A"
			case s.Holm < 1-c.Level:
				s.Better = "B"
			}
		}
	}
}
