package details

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

func sha(k int) [32]byte { return sha256.Sum256(fmt.Append(nil, k)) }

func TestParseName(t *testing.T) {
	run := time.Date(2023, 7, 19, 15, 58, 12, 174583000, time.UTC)
	cases := map[string]struct {
		path string
		want Name
		ok   bool
	}{
		"colons":           {"2023-07-19T15:58:12.174583/details_harness|arc:challenge|25_2023-07-19T15:58:12.174583.parquet", Name{"harness", "arc:challenge", 25, run}, true},
		"hyphens":          {"x/details_harness|hendrycksTest-anatomy|5_2023-07-19T15-58-12.174583.parquet", Name{"harness", "hendrycksTest-anatomy", 5, run}, true},
		"in_the_root":      {"details_harness|gsm8k|5_2023-07-19T15-58-12.174583.parquet", Name{"harness", "gsm8k", 5, run}, true},
		"no_fraction":      {"details_harness|gsm8k|5_2023-07-19T15-58-12.parquet", Name{"harness", "gsm8k", 5, run.Truncate(time.Second)}, true},
		"another_suite":    {"details_original|mmlu:anatomy|5_2023-07-19T15-58-12.174583.parquet", Name{"original", "mmlu:anatomy", 5, run}, true},
		"far_future":       {"details_harness|gsm8k|5_2099-12-31T23-59-59.parquet", Name{"harness", "gsm8k", 5, time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)}, true},
		"results":          {"results_2023-07-19T15-58-12.174583.parquet", Name{}, false},
		"json":             {"details_harness|gsm8k|5_2023-07-19T15-58-12.174583.json", Name{}, false},
		"no_such_day":      {"details_harness|gsm8k|5_2023-02-31T15-58-12.parquet", Name{}, false},
		"no_shots":         {"details_harness|gsm8k|_2023-07-19T15-58-12.parquet", Name{}, false},
		"shots_of_a_poet":  {"details_harness|gsm8k|99999999999_2023-07-19T15-58-12.parquet", Name{}, false},
		"folder_alone":     {"2023-07-19T15:58:12.174583", Name{}, false},
		"something_behind": {"details_harness|gsm8k|5_2023-07-19T15-58-12.parquet.bak", Name{}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseName(c.path)
			if ok != c.ok || ok && !cmp.Equal(got, c.want) {
				t.Errorf("%+v, %v", got, ok)
			}
		})
	}
	if got, ok := ParseRun("2023_07_19T15_58_12.174583"); !ok || !got.Equal(run) {
		t.Errorf("split name: %v %v", got, ok)
	}
}

func mmlu() corpus.Benchmark {
	return corpus.Benchmark{Name: "mmlu", Metric: "acc", Shots: 5, Tasks: []corpus.Task{
		{Name: "anatomy", Harness: "hendrycksTest-anatomy"}, {Name: "virology", Harness: "hendrycksTest-virology"}}}
}

func file(task string, shots int, stamp string) string {
	return fmt.Sprintf("%s/details_harness|%s|%d_%s.parquet", stamp, task, shots, stamp)
}

func TestCandidatesPreferTheNewestRunThatIsWhole(t *testing.T) {
	old, whole, debug := "2023-08-01T10:00:00.5", "2023-09-01T10-00-00.5", "2023-10-01T10-00-00.5"
	paths := []string{
		file("hendrycksTest-anatomy", 5, old), file("hendrycksTest-virology", 5, old),
		file("hendrycksTest-anatomy", 5, whole), file("hendrycksTest-virology", 5, whole),
		file("hendrycksTest-anatomy", 5, debug),
		file("hendrycksTest-anatomy", 0, "2024-01-01T10-00-00"), // other shots
		"details_original|mmlu:anatomy|5_2024-01-01T10-00-00.parquet",
	}
	got := Candidates(paths, mmlu())
	var order []string
	for _, c := range got["anatomy"] {
		order = append(order, c.Path)
	}
	want := []string{file("hendrycksTest-anatomy", 5, whole), file("hendrycksTest-anatomy", 5, old), file("hendrycksTest-anatomy", 5, debug)}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	arc := corpus.Benchmark{Name: "arc", Shots: 25, Tasks: []corpus.Task{{Name: "arc", Harness: "arc:challenge"}}}
	single := Candidates([]string{file("arc:challenge", 25, old), file("arc:challenge", 25, whole)}, arc)["arc"]
	if len(single) != 2 || single[0].Path != file("arc:challenge", 25, whole) {
		t.Errorf("newest is not first: %v", single)
	}
}

const readme = `---
pretty_name: Evaluation run of org/model
repo_url: https://huggingface.co/org/model
configs:
- config_name: harness_hendrycksTest_anatomy_5
  data_files:
  - split: 2023_08_01T10_00_00.5
    path:
    - '**/details_harness|hendrycksTest-anatomy|5_2023-08-01T10:00:00.5.parquet'
  - split: latest
    path: '**/details_harness|hendrycksTest-anatomy|5_2023-09-01T10-00-00.5.parquet'
- config_name: one_text
  data_files: x.parquet
- config_name: list_of_texts
  data_files: [a.parquet, b.parquet]
---
# The rest
`

func TestParseCard(t *testing.T) {
	card, err := ParseCard([]byte(readme))
	if err != nil {
		t.Fatal(err)
	}
	want := &Card{PrettyName: "Evaluation run of org/model", RepoURL: "https://huggingface.co/org/model", Configs: []Config{
		{"harness_hendrycksTest_anatomy_5", []Split{
			{"2023_08_01T10_00_00.5", []string{"**/details_harness|hendrycksTest-anatomy|5_2023-08-01T10:00:00.5.parquet"}},
			{"latest", []string{"**/details_harness|hendrycksTest-anatomy|5_2023-09-01T10-00-00.5.parquet"}}}},
		{"one_text", []Split{{"train", []string{"x.parquet"}}}},
		{"list_of_texts", []Split{{"train", []string{"a.parquet"}}, {"train", []string{"b.parquet"}}}},
	}}
	if diff := cmp.Diff(want, card); diff != "" {
		t.Error(diff)
	}
	if card.Model() != "org/model" {
		t.Errorf("model %q", card.Model())
	}
	for name, text := range map[string]string{"empty": "", "no_front_matter": "# Title", "not_closed": "---\na: b", "windows": "---\r\npretty_name: x\r\n---\r\n"} {
		if _, err := ParseCard([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseCard([]byte("---\na: [\n---\n")); err == nil {
		t.Error("broken YAML is no error")
	}
}

func TestFaithfulChoiceIsTheOriginalScrapers(t *testing.T) {
	older, newer := file("hendrycksTest-anatomy", 5, "2023-08-01T10:00:00.5"), file("hendrycksTest-anatomy", 5, "2023-09-01T10-00-00.5")
	paths := []string{older, newer}
	card, err := ParseCard([]byte(readme))
	if err != nil {
		t.Fatal(err)
	}
	b := mmlu()
	if c, ok := Faithful(paths, card, b, b.Tasks[0]); !ok || c.Path != newer {
		t.Errorf("with a card: %v, want the latest split", c)
	}
	if c, ok := Faithful(paths, &Card{}, b, b.Tasks[0]); !ok || c.Path != older {
		t.Errorf("without a card: %v, want the first in the listing, which is the oldest", c)
	}
	if _, ok := Faithful(paths, card, b, b.Tasks[1]); ok {
		t.Error("a task without files has a choice")
	}
	if got := FromCard(paths, card, b, b.Tasks[0]); len(got) != 1 || got[0].Path != older {
		t.Errorf("from the card: %v", got)
	}
}

func TestDictValue(t *testing.T) {
	for text, want := range map[string]struct {
		value float64
		ok    bool
		fails bool
	}{
		"{'acc': 0.0, 'acc_norm': 1.0}": {0, true, false},
		`{"acc_norm": 1, "acc": 1}`:     {1, true, false},
		"{'acc': True}":                 {1, true, false},
		"{'acc': np.float64(1.0)}":      {1, true, false},
		"{'acc': nan}":                  {0, true, false}, // NaN; refused later as a value
		"{}":                            {0, false, false},
		"{'mc1': 1.0}":                  {0, false, false},
		"{'x': [1, 2], 'acc': 1.0}":     {0, false, true},
		"{'acc': 'x'}":                  {0, false, true},
		"{'acc'}":                       {0, false, true},
		"acc=1":                         {0, false, true},
		"{'acc': 1.0":                   {0, false, true},
		"{acc: 1}":                      {0, false, true},
	} {
		value, ok, err := dictValue(text, "acc")
		if ok != want.ok || (err != nil) != want.fails || ok && value == value && value != want.value {
			t.Errorf("%s: %v, %v, %v", text, value, ok, err)
		}
	}
}

func FuzzCard(f *testing.F) {
	f.Add([]byte(readme))
	f.Add([]byte("---\na: &a [*a]\n---\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		card, err := ParseCard(text)
		if err != nil {
			return
		}
		b := mmlu()
		_ = card.Model()
		_ = FromCard([]string{"a", "b/c.parquet"}, card, b, b.Tasks[0])
	})
}

func FuzzNames(f *testing.F) {
	f.Add("x/details_harness|gsm8k|5_2023-07-19T15-58-12.174583.parquet", "{'acc': 1.0}")
	f.Fuzz(func(t *testing.T, path, dict string) {
		if n, ok := ParseName(path); ok && (n.Task == "" || n.Run.IsZero() && n.Run.Year() > 1) {
			t.Errorf("%q: %+v", path, n)
		}
		_, _ = ParseRun(path)
		_, _, _ = dictValue(dict, "acc")
	})
}
