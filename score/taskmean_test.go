package score

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"metabench/analysis/reconstruct"
)

// The mean of tasks that the fit estimates reaches the report, its JSON and its page,
// beside the score.
func TestTheMeanOfTasksIsReportedBesideTheScore(t *testing.T) {
	in, curves := corpusOf(140)
	for i, y := range in.Benchmarks[1].Scores {
		in.Benchmarks[1].TaskMeans = append(in.Benchmarks[1].TaskMeans, 10+0.8*y+float64(i%3))
	}
	b := calibrated(t, in, curves, true)
	b.Benchmarks[1].Tasks, b.Benchmarks[1].TaskMeans = 57, NewScale(in.Benchmarks[1].TaskMeans)
	m := &reconstruct.Model{}
	if err := m.UnmarshalBinary(b.Predictors[0].Data); err != nil {
		t.Fatal(err)
	}
	want, err := m.PredictRow(in, 130)
	if err != nil {
		t.Fatal(err)
	}
	r, err := scorerOf(t, b).Score(logged(t, in, 130, nil), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Benchmarks[1].TaskMean
	if got == nil || got.Value != want[1].TaskMean.Score || got.Lower != want[1].TaskMean.Lower || got.Upper != want[1].TaskMean.Upper || got.Percentile == nil {
		t.Errorf("mean of tasks %+v, the fit says %+v", got, want[1].TaskMean)
	}
	if r.Benchmarks[0].TaskMean != nil {
		t.Error("a benchmark of one task has a mean of tasks")
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "GSM8K, mean of its 57 tasks") {
		t.Error("the page lacks it")
	}
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"task_mean":{"value":`) || !strings.Contains(string(text), `"task_mean":null`) {
		t.Errorf("%v in %.200s", err, text)
	}
}
