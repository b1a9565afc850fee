package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

func TestBuiltinCatalogueHasTheLeaderboardsQuestions(t *testing.T) {
	benchmarks, err := Catalogue("")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct{ tasks, items int }{
		"arc": {1, 1172}, "gsm8k": {1, 1319}, "hellaswag": {1, 10042},
		"mmlu": {57, 14042}, "truthfulqa": {1, 817}, "winogrande": {1, 1267},
	}
	if len(benchmarks) != len(want) {
		t.Errorf("%d benchmarks, want %d", len(benchmarks), len(want))
	}
	total := 0
	for _, b := range benchmarks {
		if w := want[b.Name]; len(b.Tasks) != w.tasks || b.Items() != w.items {
			t.Errorf("%s: %d tasks with %d items, want %d with %d", b.Name, len(b.Tasks), b.Items(), w.tasks, w.items)
		}
		total += b.Items()
	}
	if total != 28659 {
		t.Errorf("%d items in all, want 28659", total)
	}
}

func TestOverrideReplacesAndAdds(t *testing.T) {
	path := writeFile(t, "benchmarks:\n  - {name: arc, metric: acc, items: 12}\n  - {name: own, metric: exact_match}\n")
	benchmarks, err := Catalogue(path)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for _, b := range benchmarks {
		byName[b.Name] = b.Metric
		if b.Name == "own" && b.Asked != corpus.Continuation || b.Name == "gsm8k" && b.Asked != corpus.Generated {
			t.Errorf("%s is asked as %q", b.Name, b.Asked)
		}
	}
	if byName["arc"] != "acc" || byName["own"] != "exact_match" || byName["gsm8k"] != "acc" || len(byName) != 7 {
		t.Fatalf("metrics by benchmark: %v", byName)
	}
}

func TestCatalogueReportsEveryProblem(t *testing.T) {
	_, err := parseCatalogue([]byte(`benchmarks:
  - {name: a, metric: acc_nrom}
  - {name: a, metric: acc, options: 1}
  - {name: c, metric: acc, items: 3, tasks: [{name: x}, {name: x}]}
  - {metric: acc}
  - {name: d, metric: acc, asked: politely}
`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{`did you mean "acc_norm"?`, "a: described twice", "options must be", "items and harness belong", `task "x"`, "entry 4 has no name", `asked "politely" is none of`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
}

func TestUnknownCatalogueFieldIsRefused(t *testing.T) {
	if _, err := parseCatalogue([]byte("benchmarks:\n  - {name: a, metric: acc, itmes: 3}\n")); err == nil {
		t.Fatal("accepted")
	}
}

func TestFormattedCatalogueIsReadBackAsItWas(t *testing.T) {
	want, err := Catalogue("")
	if err != nil {
		t.Fatal(err)
	}
	want[0].MinPointBiserial = 0.1
	for k := range want[2].Tasks {
		want[2].Tasks[k].Items /= 2
	}
	text, err := FormatCatalogue(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Catalogue(writeFile(t, string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, text)
	}
}

// MMLU is published as the mean of its subjects; so is what else has tasks, unless the
// catalogue says otherwise.
func TestCatalogueSaysOverWhatAPublishedScoreIsAMean(t *testing.T) {
	all, err := Catalogue("")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		want := corpus.MeanOfItems
		if b.Name == "mmlu" {
			want = corpus.MeanOfTasks
		}
		if b.PublishedMean != want {
			t.Errorf("%s: %q, want %q", b.Name, b.PublishedMean, want)
		}
	}
	const tasks = "benchmarks:\n  - name: x\n    metric: acc\n    tasks: [{name: a}, {name: b}]\n"
	for text, want := range map[string]corpus.Mean{tasks: corpus.MeanOfTasks, tasks + "    published_mean: items\n": corpus.MeanOfItems} {
		got, err := parseCatalogue([]byte(text))
		if err != nil || got[0].PublishedMean != want {
			t.Errorf("%s: %+v, error %v, want %s", text, got, err, want)
		}
	}
	if _, err := parseCatalogue([]byte(tasks + "    published_mean: subjects\n")); err == nil {
		t.Error("an unknown mean is accepted")
	}
}
