package score

import (
	"strings"
	"testing"

	"metabench/analysis/reconstruct"
	"metabench/analysis/result"
	"metabench/corpus"
	"metabench/harness"
)

// built is what a build stores of the benchmarks of a bundle.
func built(t *testing.T) (sources []Source, whole *Bundle, in *reconstruct.Input) {
	t.Helper()
	in, curves := corpusOf(60)
	whole = calibrated(t, in, curves, false)
	for g, b := range whole.Benchmarks {
		set := &result.Set{Benchmark: b.Name}
		set.Searches = []result.SearchStep{{Form: "A", Kind: "3PL", Estimator: "EAPsum"}, {Form: "A", Kind: "2PL", Estimator: "MAP", Chosen: true}}
		for k, it := range b.Items {
			set.Selected = append(set.Selected, result.SelectedItem{Form: "A", Position: k + 1, Item: it.Key},
				result.SelectedItem{Form: "B", Position: k + 1, Item: "other"})
			set.Items = append(set.Items, result.ItemParameter{Stage: "form A", Kind: "2PL", Item: it.Key, A: it.A, D: it.D, G: it.G, U: it.U},
				result.ItemParameter{Stage: "form A", Kind: "3PL", Item: it.Key, A: 9, U: 1})
		}
		set.Models = []result.ReconstructionModel{
			{Target: b.Name, Form: "A", Method: MethodProcess, Metric: b.Metric, Chosen: true, Blob: whole.Predictors[g].Data},
			{Target: b.Name, Form: "random", Method: MethodProcess, Metric: b.Metric, Blob: []byte("unused")}}
		set.Metrics = []result.Metric{{Target: b.Name, Form: "A", Method: MethodProcess, Scheme: "random", Part: "test", Group: "all", RMSE: 1.5, MAE: 1}}
		hashes := map[string]string{}
		for _, it := range b.Items {
			hashes[it.Key] = it.Hash
		}
		sources = append(sources, Source{Results: set, Hashes: hashes, Scores: in.Benchmarks[g].Scores, Models: b.Models,
			Benchmark: corpus.Benchmark{Name: b.Name, Title: b.Title, Metric: b.Metric, Tasks: []corpus.Task{{Name: b.Name, Items: 300}}}})
	}
	return sources, whole, in
}

func TestComposeGathersWhatABuildStored(t *testing.T) {
	sources, whole, _ := built(t)
	b, err := Compose(harness.FormA, whole.Run, sources, nil, []float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	for g, got := range b.Benchmarks {
		want := whole.Benchmarks[g]
		if got.Kind != want.Kind || got.Estimator != want.Estimator || got.Questions != 300 || got.RMSE == nil || *got.RMSE != 1.5 {
			t.Errorf("%+v", got)
		}
		if others := got.Others[harness.FormB]; len(got.Others) != 1 || len(others) != len(want.Items) {
			t.Errorf("items of other forms %v", got.Others)
		}
		for k, it := range got.Items {
			if it != want.Items[k] {
				t.Fatalf("item %+v, want %+v", it, want.Items[k])
			}
		}
	}
	if len(b.Predictors) != 2 {
		t.Errorf("%d predictors", len(b.Predictors))
	}
}

func TestComposeRefusesAnUnfinishedBuild(t *testing.T) {
	cases := map[string]struct {
		spoil func([]Source)
		say   string
	}{
		"nothing_selected":  {func(s []Source) { s[0].Results.Selected = nil }, "no items are selected"},
		"item_not_fitted":   {func(s []Source) { s[0].Results.Items = s[0].Results.Items[2:] }, "has no 2PL parameters"},
		"not_reconstructed": {func(s []Source) { s[1].Results.Models = nil }, "no predictor covers"},
		"other_metric":      {func(s []Source) { s[1].Results.Models[0].Metric = "mc2" }, "fitted on mc2"},
		"estimator_unknown": {func(s []Source) { s[1].Results.Searches[1].Estimator = "best" }, "none of MAP"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sources, whole, _ := built(t)
			c.spoil(sources)
			_, err := Compose(harness.FormA, whole.Run, sources, nil, nil)
			if err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
	sources, whole, _ := built(t)
	if _, err := Compose(harness.FormA, whole.Run, sources, []byte("garbage"), nil); err == nil {
		t.Error("a joint predictor of garbage was accepted")
	}
}
