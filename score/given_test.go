package score

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/corpus"
	"metabench/harness"
)

var invented = Provenance{Corpus: "invented models", Models: 1, From: "2026-01", Simulated: true, Licence: "none"}

// answeredOf are the answers and scores of an input, as a user would give them.
func answeredOf(t *testing.T, in *reconstruct.Input) []Answered {
	t.Helper()
	var tables []*response.Table
	scores := KnownScores{}
	for _, b := range in.Benchmarks {
		tables = append(tables, &response.Table{Benchmark: b.Name, Models: in.Models, Items: b.Items, Answers: b.Answers})
		of := map[string]float64{}
		for i, m := range in.Models {
			of[m] = b.Scores[i]
		}
		if err := scores.Add(map[string]map[string]float64{b.Name: of}, map[string]string{b.Name: b.Metric}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := Answer(tables, scores, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for k := range out {
		out[k].Hashes = map[string]string{}
		for _, key := range out[k].Table.Items {
			out[k].Hashes[key] = "h" + key // as logged has them
		}
	}
	return out
}

// A bundle made of answers and scores alone scores a model that it has not seen, says
// what it was made of, and is the same for any number of workers.
func TestCalibrateMakesABundleOfGivenItems(t *testing.T) {
	in, _ := corpusOf(180)
	known, last := answeredOf(t, in), len(in.Models)-1
	for k := range known {
		delete(known[k].Scores, in.Models[last])
	}
	var files [2]bytes.Buffer
	var c *Calibrated
	for k := range files {
		var err error
		if c, err = Calibrate(context.Background(), harness.FormA, invented, known, CalibrateOptions{Seed: 1, Workers: k + 1, TestShare: 0.1}); err != nil {
			t.Fatal(err)
		}
		if err := c.Bundle.Write(&files[k]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("one worker and two make different bundles")
	}
	if c.Models != last || c.Tested != 18 || len(c.Whole) != 3 || c.Whole[2].RMSE <= 0 || c.Whole[2].RMSE > 7 {
		t.Errorf("%d models, %d tested, errors %+v", c.Models, c.Tested, c.Whole)
	}
	if s := c.Summary("a.bundle"); len(s.Benchmarks) != 3 || s.Benchmarks[0].Items != 30 || s.Benchmarks[2].Error.RMSE != c.Whole[2].RMSE {
		t.Errorf("summary %+v", s)
	}
	r, err := scorerOf(t, c.Bundle).Score(logged(t, in, last, nil), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	truth := (in.Benchmarks[0].Scores[last] + in.Benchmarks[1].Scores[last]) / 2
	if math.Abs(r.Mean.Value-truth) > 8 {
		t.Errorf("mean %.1f, the truth is %.1f", r.Mean.Value, truth)
	}
	if want := "The scores are calibrated on simulated answers of 179 models: invented models, 2026-01; licence none."; r.Made() != want {
		t.Errorf("it says %q, want %q", r.Made(), want)
	}
}

func TestCalibrateLeavesOutModelsThatLackABenchmark(t *testing.T) {
	in, _ := corpusOf(60)
	for j := range in.Benchmarks[1].Items {
		in.Benchmarks[1].Answers.Set(0, j, response.Missing)
	}
	for incomplete, want := range map[bool]int{false: 59, true: 60} {
		c, err := Calibrate(context.Background(), harness.FormA, invented, answeredOf(t, in), CalibrateOptions{Seed: 1, Incomplete: incomplete})
		if err != nil {
			t.Fatal(err)
		}
		if c.Models != want || c.Bundle.Provenance.Models != want || len(c.Whole) != 0 {
			t.Errorf("incomplete %v: %d models, want %d; errors %v", incomplete, c.Models, want, c.Whole)
		}
	}
}

func TestCalibrateRefuses(t *testing.T) {
	in, _ := corpusOf(30)
	few := answeredOf(t, in)
	for _, m := range in.Models[:15] {
		delete(few[0].Scores, m)
	}
	var lacking *NoScoresError
	if _, err := Calibrate(context.Background(), harness.FormA, invented, few, CalibrateOptions{}); !errors.As(err, &lacking) || lacking.Models != 15 {
		t.Errorf("15 models: %v", err)
	}
	table := &response.Table{Benchmark: "arc", Metric: "acc_norm", Models: in.Models, Items: in.Benchmarks[0].Items, Answers: in.Benchmarks[0].Answers}
	by := map[string]map[string]float64{"arc": {"org/model-0": 50}}
	for name, c := range map[string]struct {
		scores KnownScores
		tables []*response.Table
		want   string
	}{
		"another metric":  {KnownScores{by, map[string]string{"arc": "acc"}}, []*response.Table{table}, "answers are by acc_norm and the scores by acc"},
		"no scores":       {KnownScores{}, []*response.Table{table}, "there are answers and no scores"},
		"one table twice": {KnownScores{ByModel: by}, []*response.Table{table, table}, "two tables answer arc"},
		"no metric":       {KnownScores{ByModel: by}, []*response.Table{{Benchmark: "arc", Models: in.Models, Items: table.Items, Answers: table.Answers}}, "name it with --metric"},
	} {
		if _, err := Answer(c.tables, c.scores, nil, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	k := KnownScores{}
	if err := errors.Join(k.Add(by, nil), k.Add(map[string]map[string]float64{"arc": {"org/model-0": 51}}, nil)); err == nil || !strings.Contains(err.Error(), "two scores on arc, 50 and 51") {
		t.Errorf("two scores: %v", err)
	}
}

// The catalogue lends title, order and number of questions.
func TestAnswerTakesTheCataloguesOrder(t *testing.T) {
	in, _ := corpusOf(30)
	catalogue := []corpus.Benchmark{
		{Name: "gsm8k", Title: "GSM8K", Metric: "acc", Tasks: []corpus.Task{{Name: "gsm8k", Items: 1319}}},
		{Name: "arc", Title: "ARC-Challenge", Metric: "acc_norm", Tasks: []corpus.Task{{Name: "arc", Items: 1172}}},
	}
	var tables []*response.Table
	by := map[string]map[string]float64{}
	for _, b := range in.Benchmarks {
		tables = append(tables, &response.Table{Benchmark: b.Name, Models: in.Models, Items: b.Items, Answers: b.Answers})
		by[b.Name] = map[string]float64{"org/model-0": 50}
	}
	of, err := Answer(tables, KnownScores{ByModel: by}, catalogue, "")
	if err != nil {
		t.Fatal(err)
	}
	if of[0].Benchmark.Title != "GSM8K" || of[0].Table.Metric != "acc" || of[1].Benchmark.Items() != 1172 {
		t.Errorf("%+v", of)
	}
}

// A bundle of the format before this one is scored, and says that it doesn't know what
// it was made of.
func TestTheFormatBeforeIsStillRead(t *testing.T) {
	in, curves := corpusOf(60)
	b := calibrated(t, in, curves, true)
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1", "2"} {
		old, sum, err := Read(bytes.NewReader(regzip(t, file.Bytes(), `"version":3`, `"version":`+version)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewScorer(old, sum)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Score(logged(t, in, 59, nil), MinAnswered)
		if err != nil {
			t.Fatal(err)
		}
		if r.Provenance != nil || !strings.Contains(r.Made(), "doesn't say what it was made of") {
			t.Errorf("version %s: %q", version, r.Made())
		}
	}
}
