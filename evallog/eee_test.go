package evallog

import (
	"strings"
	"testing"

	"metabench/corpus"
)

const eeeAggregateText = `{"schema_version": "0.3.0", "evaluation_id": "e1", "retrieved_timestamp": "1768964383", "evaluation_timestamp": "1768964383.5",
 "source_metadata": {}, "model_info": {"name": "m", "id": "o/m"}, "eval_library": {"name": "lm_eval", "version": "0.4.9"}, "evaluation_results": [
 {"evaluation_result_id": "r1", "evaluation_name": "arc", "metric_config": {"metric_id": "acc", "lower_is_better": false}},
 {"evaluation_result_id": "r2", "evaluation_name": "arc", "metric_config": {"metric_id": "acc_norm", "lower_is_better": false}}]}`

// eeeRow is a row of samples; more is put in before its end.
func eeeRow(name, id, score, more string) string {
	return `{"schema_version": "0.3.0", "evaluation_id": "e1", "model_id": "o/m", "evaluation_name": "` + name + `", "sample_id": "` + id +
		`", "interaction_type": "single_turn", "input": {"raw": "What is ` + id + `?", "reference": ["x"]}, "answer_attribution": [],
 "evaluation": {"score": ` + score + `, "is_correct": false}` + more + "}\n"
}

func TestEEETakesTheMetricThatARowNames(t *testing.T) {
	dir := tree(t, map[string]string{"e.json": eeeAggregateText, "e_samples.jsonl": eeeRow("arc", "1", "1", `, "evaluation_result_id": "r1"`) +
		eeeRow("arc", "1", "0", `, "evaluation_result_id": "r2"`) + eeeRow("arc", "2", "0", `, "evaluation_result_id": "r1", "error": "timeout"`) +
		eeeRow("arc", "2", "1", `, "evaluation_result_id": "r2"`)})
	refused(t, dir, Options{}, corpus.KindAmbiguous, "acc, acc_norm")
	wantSheet(t, dir, Options{Metric: []string{"acc"}}, "arc acc arc o/m 1:1 2:-")
	wantSheet(t, dir, Options{Metric: []string{"acc_norm"}}, "arc acc_norm arc o/m 1:0 2:1")
	in := mustRead(t, dir, Options{Metric: []string{"acc"}})
	if it := in.Items[0]; it.Prompt != "What is 1?" || len(it.Hash) != 64 || in.Blocks[0].File.Run.Year() != 2026 {
		t.Errorf("item %+v, file %+v", it, in.Blocks[0].File)
	}
}

// A converter may take the first of several metrics for the score; without a name it is
// asked which one that is.
func TestEEEScoreOfAnUnknownMetricIsAQuestion(t *testing.T) {
	rows := eeeRow("arc", "1", "1.0", "") + eeeRow("arc", "2", "0.0", "")
	dir := tree(t, map[string]string{"e.json": eeeAggregateText, "e_samples.jsonl": rows})
	refused(t, dir, Options{}, corpus.KindAmbiguous, "acc, acc_norm, score")
	wantSheet(t, dir, Options{Metric: []string{"acc_norm"}}, "arc acc_norm arc o/m 1:1 2:0")
	refused(t, tree(t, map[string]string{"e_samples.jsonl": rows}), Options{}, corpus.KindAmbiguous, "--metric score")
}

func TestEEEMetricsOfTheHarnessAreInTheMetadata(t *testing.T) {
	all := func(acc, norm string) string {
		return `, "metadata": {"lm_eval_metrics": "{\"acc\": ` + acc + `, \"acc_norm\": ` + norm + `}"}`
	}
	dir := tree(t, map[string]string{"e.json": eeeAggregateText, "e_samples.jsonl": eeeRow("arc/none", "1", "1", all("1.0", "0.0")) + eeeRow("arc/none", "2", "0", all("0.0", "1.0"))})
	refused(t, dir, Options{}, corpus.KindAmbiguous, "acc, acc_norm")
	wantSheet(t, dir, Options{Metric: []string{"acc_norm"}}, "arc acc_norm arc o/m 1:0 2:1")
}

func TestEEEFilterIsInTheName(t *testing.T) {
	dir := tree(t, map[string]string{"e_samples.jsonl": eeeRow("gsm8k/strict-match", "1", "1", "") + eeeRow("gsm8k/flexible-extract", "1", "0", "")})
	o := Options{Metric: []string{"score"}}
	refused(t, dir, o, corpus.KindAmbiguous, "--filter")
	o.Filter = []string{"strict-match"}
	wantSheet(t, dir, o, "gsm8k score,strict-match gsm8k o/m 1:1")
}

func TestEEEGradedScoresNeedAThreshold(t *testing.T) {
	dir := tree(t, map[string]string{"e_samples.jsonl": eeeRow("qa", "1", "0.7", "") + eeeRow("qa", "2", "0.2", "")})
	refused(t, dir, Options{Metric: []string{"score"}}, corpus.KindValue, "--threshold")
	wantSheet(t, dir, Options{Metric: []string{"score"}, Threshold: []string{"qa=0.5"}}, "qa score>=0.5 qa o/m 1:1 2:0")
}

func TestEEELowerIsBetterIsRefused(t *testing.T) {
	lower := strings.ReplaceAll(eeeAggregateText, `"metric_id": "acc", "lower_is_better": false`, `"metric_id": "loss", "lower_is_better": true`)
	dir := tree(t, map[string]string{"e.json": lower, "e_samples.jsonl": eeeRow("arc", "1", "1", `, "evaluation_result_id": "r1"`)})
	refused(t, dir, Options{Metric: []string{"loss"}}, corpus.KindValue, "less is better")
}

func FuzzEEE(f *testing.F) {
	f.Add([]byte(eeeRow("arc/none", "1", "1", "")), []byte(eeeAggregateText))
	f.Add([]byte(eeeRow("arc", "1", "-1", `, "metadata": {"lm_eval_metrics": "{\"acc\": 1}"}`)), []byte("{}"))
	f.Fuzz(func(t *testing.T, samples, aggregate []byte) {
		sound(t, tree(t, map[string]string{"e_samples.jsonl": string(samples), "e.json": string(aggregate)}), Options{Metric: []string{"acc", "score"}})
	})
}
