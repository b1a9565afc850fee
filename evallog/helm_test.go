package evallog

import (
	"strings"
	"testing"

	"metabench/corpus"
)

const helmSpecText = `{"name": "mmlu:subject=philosophy,method=joint,model=openai_gpt2", "scenario_spec": {"class_name": "x"},
 "adapter_spec": {"model": "openai/gpt2", "model_deployment": "huggingface/gpt2", "method": "joint", "max_train_instances": 5, "max_eval_instances": 10},
 "metric_specs": [{"args": {"names": ["exact_match", "quasi_exact_match"]}}]}`

const helmStatsText = `[{"instance_id": "id10", "train_trial_index": 0, "stats": [{"name": {"name": "num_references", "split": "test"}, "mean": 4.0},
  {"name": {"name": "exact_match", "split": "test"}, "mean": 1.0}, {"name": {"name": "quasi_exact_match", "split": "test"}, "mean": 1.0}]},
 {"instance_id": "id9", "train_trial_index": 0, "stats": [{"name": {"name": "exact_match", "split": "test"}, "mean": 0.0}, {"name": {"name": "training_cost", "split": "test"}}]},
 {"instance_id": "id9", "perturbation": {"name": "robustness"}, "train_trial_index": 0, "stats": [
  {"name": {"name": "exact_match", "split": "test", "perturbation": {"name": "robustness"}}, "mean": 1.0}]}]`

func TestHELMMetricIsNamedAndPerturbationsAreApart(t *testing.T) {
	dir := tree(t, map[string]string{"r/run_spec.json": helmSpecText, "r/per_instance_stats.json": helmStatsText})
	refused(t, dir, Options{}, corpus.KindAmbiguous, ": exact_match, quasi_exact_match. Say which one with --metric")
	wantSheet(t, dir, Options{Metric: []string{"exact_match"}}, `mmlu:subject=philosophy,method=joint exact_match mmlu:subject=philosophy,method=joint openai/gpt2 id9:0 id10:1
mmlu:subject=philosophy,method=joint,perturbation=robustness exact_match mmlu:subject=philosophy,method=joint,perturbation=robustness openai/gpt2 id9:1`)
}

func TestHELMTrialsNeedAReducer(t *testing.T) {
	again := helmStatsText[:strings.LastIndex(helmStatsText, "]")] + `, {"instance_id": "id10", "train_trial_index": 1, "stats": [{"name": {"name": "exact_match"}, "mean": 0}]}]`
	dir := tree(t, map[string]string{"r/run_spec.json": helmSpecText, "r/per_instance_stats.json": again})
	refused(t, dir, Options{Metric: []string{"exact_match"}}, corpus.KindAmbiguous, "--reducer")
}

func TestHELMWithoutSpecificationIsRefused(t *testing.T) {
	refused(t, tree(t, map[string]string{"per_instance_stats.json": helmStatsText}), Options{}, corpus.KindName, "run_spec.json")
}

func TestHELMFixtures(t *testing.T) {
	dir := formats(t, "helm")
	in := mustRead(t, dir, Options{Metric: []string{"exact_match"}})
	if len(in.Blocks) != 3 || len(in.Items) != 25 || in.Blocks[0].Model != "eleutherai/pythia-1b-v0" {
		t.Errorf("read %d blocks and %d items:\n%s", len(in.Blocks), len(in.Items), sheet(in))
	}
	refused(t, dir, Options{Metric: []string{"exact_match", "narrative_qa=rouge_l"}}, corpus.KindValue, "--threshold")
}

func FuzzHELM(f *testing.F) {
	f.Add([]byte(helmStatsText), []byte(helmSpecText))
	f.Fuzz(func(t *testing.T, stats, spec []byte) {
		sound(t, tree(t, map[string]string{"per_instance_stats.json": string(stats), "run_spec.json": string(spec)}), Options{Metric: []string{"exact_match"}})
	})
}
