package score

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/harness"
)

// batchOf scores rows of an input.
func batchOf(t *testing.T, s *Scorer, in *reconstruct.Input, rows ...int) *Batch {
	t.Helper()
	var runs []*harness.Output
	for _, row := range rows {
		runs = append(runs, logged(t, in, row, nil))
	}
	b, err := s.ScoreAll(t.Context(), runs, MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compared(t *testing.T, s *Scorer, b *Batch, series bool) *Comparison {
	t.Helper()
	c, err := s.Compare(t.Context(), b, series)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The figures of a pair agree with each other, with the scores, and with the answers.
func TestComparePairsRuns(t *testing.T) {
	in, curves := corpusOf(260)
	for name, joint := range map[string]bool{"joint": true, "single": false} {
		s := scorerOf(t, calibrated(t, in, curves, joint))
		b := batchOf(t, s, in, 250, 255, 259)
		c := compared(t, s, b, false)
		if len(c.Pairs) != 3 || len(c.Models) != 3 || !c.Joint || len(c.Warnings) != 0 || c.Pairs[1].A != "org/model-250" || c.Pairs[1].B != "org/model-259" {
			t.Fatalf("%s: %+v", name, c)
		}
		rows := [][2]int{{250, 255}, {250, 259}, {255, 259}}
		for k, p := range c.Pairs {
			if len(p.Scores) != 3 || p.Scores[0].Benchmark != "mean" {
				t.Fatalf("%s: %+v", name, p)
			}
			for g, part := range in.Benchmarks {
				sc := p.Scores[1+g]
				var fixed, regressed []string
				for j, key := range part.Items {
					switch x, y := part.Answers.At(rows[k][0], j), part.Answers.At(rows[k][1], j); {
					case x > y:
						fixed = append(fixed, key)
					case x < y:
						regressed = append(regressed, key)
					}
				}
				if !slices.Equal(sc.Fixed, fixed) || !slices.Equal(sc.Regressed, regressed) || sc.Common != len(part.Items) || sc.RightA-sc.RightB != len(fixed)-len(regressed) {
					t.Errorf("%s: %+v, want %v fixed and %v regressed", name, sc, fixed, regressed)
				}
				if want := scoreNamed(c, p.A, part.Name) - scoreNamed(c, p.B, part.Name); math.Abs(sc.Difference-want) > 1e-9 {
					t.Errorf("%s: difference %g of scores that differ by %g", name, sc.Difference, want)
				}
			}
			for _, sc := range p.Scores {
				if shown := sc.Lower > 0 || sc.Upper < 0; shown != (sc.P < 0.1) || sc.Holm < sc.P || (sc.Better != "tie") != (sc.Holm < 0.1) ||
					(sc.Probability > 0.5) != (sc.Difference > 0) || sc.Detectable <= 0 {
					t.Errorf("%s: %+v", name, sc)
				}
			}
		}
	}
}

func scoreNamed(c *Comparison, model, benchmark string) float64 {
	for _, m := range c.Models {
		for _, s := range m.Scores {
			if m.Name == model && s.Benchmark == benchmark {
				return s.Value
			}
		}
	}
	return math.NaN()
}

func TestHolmCorrectsForThePairs(t *testing.T) {
	c := &Comparison{Level: 0.9}
	for _, p := range []float64{0.04, 0.01, 0.5, 0.03} {
		c.Pairs = append(c.Pairs, Pair{Scores: []PairScore{{Benchmark: "mean", P: p, Difference: -1}}})
	}
	c.correct()
	var got []string
	for _, p := range c.Pairs {
		got = append(got, fmt.Sprintf("%.2f %s", p.Scores[0].Holm, p.Scores[0].Better))
	}
	if want := "[0.09 B 0.04 B 0.50 tie 0.09 B]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// Items that one of the two lacks count for neither, and a benchmark that one lacks is not
// compared.
func TestCompareUsesWhatBothAnswered(t *testing.T) {
	in, curves := corpusOf(120)
	s := scorerOf(t, calibrated(t, in, curves, true))
	for j := range 5 {
		in.Benchmarks[0].Answers.Set(110, j, response.Missing)
	}
	for j := range in.Benchmarks[1].Items {
		in.Benchmarks[1].Answers.Set(111, j, response.Missing)
	}
	c := compared(t, s, batchOf(t, s, in, 110, 111, 112), false)
	if p := c.Pairs[1]; p.Scores[1].Common != 25 || p.Scores[1].Items != 30 || p.Scores[0].Common != 45 {
		t.Errorf("%+v", p)
	}
	for _, sc := range c.Pairs[2].Scores {
		if sc.Benchmark == "gsm8k" {
			t.Errorf("a benchmark that one lacks is compared: %+v", sc)
		}
	}
}

// Checkpoints are in order of their steps, and the trend is that of the line through them.
func TestCompareSeries(t *testing.T) {
	in, curves := corpusOf(160)
	s := scorerOf(t, calibrated(t, in, curves, true))
	b := batchOf(t, s, in, 150, 151, 152, 153)
	for k, step := range []string{"3000", "1000", "4000", "2000"} {
		b.Reports[k].Model = "org/m"
		b.Reports[k].Evaluation = harness.Run{ID: step, Model: "org/m", Arguments: []string{"revision=step" + step}, Known: true}
	}
	c := compared(t, s, b, true)
	if c.Series.Unit != "step" || len(c.Pairs) != 3 || c.Pairs[0].A != "org/m, revision=step2000" || c.Pairs[0].B != "org/m, revision=step1000" ||
		c.Series.Checkpoints[3].Position != 4000 || len(c.Series.Trends) != 3 {
		t.Fatalf("%+v\n%+v", c.Series, c.Pairs)
	}
	y := func(k int) float64 { return scoreNamed(c, c.Series.Checkpoints[k].Name, "mean") }
	want := 0.9*(y(3)-y(0)) + 0.3*(y(2)-y(1)) // 3 Σ (k - 1.5) y_k / 5
	if tr := c.Series.Trends[0]; math.Abs(tr.Change-want) > 1e-9 || tr.Lower >= tr.Change || tr.Upper <= tr.Change {
		t.Errorf("trend %+v, want %g", tr, want)
	}
	b.Reports[0].Evaluation.Arguments = nil
	if c := compared(t, s, b, true); c.Series.Unit != "run" || c.Series.Checkpoints[2].Position != 3 || !strings.HasSuffix(c.Series.Checkpoints[2].Name, "step4000") {
		t.Errorf("%+v", c.Series)
	}
	pair := compared(t, s, batchOf(t, s, in, 150, 151), true)
	if d, tr := pair.Pairs[0].Scores[0], pair.Series.Trends[0]; math.Abs(tr.Change-d.Difference) > 1e-9 || math.Abs((tr.Upper-tr.Lower)-(d.Upper-d.Lower)) > 1e-9 {
		t.Errorf("the trend of two runs is %+v, their difference %+v", tr, d)
	}
}

func TestCompareTellsRunsApartAndRefuses(t *testing.T) {
	in, curves := corpusOf(80)
	s := scorerOf(t, calibrated(t, in, curves, true))
	twice := batchOf(t, s, in, 70, 70)
	c := compared(t, s, twice, false)
	if p := c.Pairs[0]; p.A != "org/model-70, backend=hf, num_fewshot=0" && p.A == p.B || p.Scores[0].Better != "tie" || p.Scores[0].Probability != 0.5 || p.Differ != 0 {
		t.Errorf("%+v", p)
	}
	var few *TooFewRunsError
	if _, err := s.Compare(t.Context(), batchOf(t, s, in, 70), false); !errors.As(err, &few) {
		t.Error(err)
	}
	var many *TooManyRunsError
	for len(twice.Reports) <= MostCompared {
		twice.Reports = append(twice.Reports, twice.Reports[0])
	}
	if _, err := s.Compare(t.Context(), twice, false); !errors.As(err, &many) {
		t.Error(err)
	}
}

// Items of a benchmark of several tasks are counted by task as well.
func TestComparisonsAreBySubject(t *testing.T) {
	one, zero := uint8(1), uint8(0)
	b := &Benchmark{Tasks: 2, Items: []Item{{Key: "anatomy.1"}, {Key: "us_law.2"}, {Key: "anatomy.7"}, {Key: "us_law.3"}}}
	x := &BenchmarkReport{Answers: map[string]*uint8{"anatomy.1": &one, "us_law.2": &zero, "anatomy.7": &one, "us_law.3": nil}}
	y := &BenchmarkReport{Answers: map[string]*uint8{"anatomy.1": &zero, "us_law.2": &one, "anatomy.7": &one, "us_law.3": &one}}
	var p PairScore
	p.compareItems(b, x, y)
	if got := fmt.Sprintf("%+v", p.Subjects); p.Common != 3 || got != "[{Subject:anatomy Common:2 Changes:{RightA:2 RightB:1 Fixed:[anatomy.1] Regressed:[]}} {Subject:us_law Common:1 Changes:{RightA:0 RightB:1 Fixed:[] Regressed:[us_law.2]}}]" {
		t.Error(got)
	}
}

func TestComparisonsAreWrittenInEveryForm(t *testing.T) {
	in, curves := corpusOf(80)
	s := scorerOf(t, calibrated(t, in, curves, true))
	b := batchOf(t, s, in, 70, 71, 72)
	b.Reports[0].Model = "a|<b>"
	c := compared(t, s, b, true)
	var text bytes.Buffer
	if err := c.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 1+2*3 {
		t.Errorf("%v, %d rows", err, len(rows))
	}
	text.Reset()
	if err := c.WriteMarkdown(&text); err != nil || !strings.Contains(text.String(), `a\|&lt;b>`) || !strings.Contains(text.String(), "| trend |") {
		t.Error(err, text.String())
	}
	text.Reset()
	if err := c.WriteHTML(&text); err != nil || strings.Contains(text.String(), "<b>") || !strings.Contains(text.String(), "<h2>Trend</h2>") || strings.Count(text.String(), "<svg") != 6 {
		t.Error(err, text.String())
	}
	for len(c.Pairs) <= mostDetailed {
		c.Pairs = append(c.Pairs, c.Pairs[0])
	}
	text.Reset()
	if err := c.WriteHTML(&text); err != nil || strings.Contains(text.String(), "<svg") || strings.Count(text.String(), "<td>Mean</td>") != len(c.Pairs) {
		t.Error(err, text.String())
	}
}
