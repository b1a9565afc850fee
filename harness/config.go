package harness

import (
	"fmt"
	"regexp"
	"strings"

	"metabench/corpus"
)

// The types below are the parts of lm-evaluation-harness's task configuration that
// an export uses (its docs/task_guide.md). A doc_to_… that names a column takes the
// column's value as it is: text is not rendered again, a number is an index.

type groupConfig struct {
	Group    string   `yaml:"group"`
	Task     []string `yaml:"task"`
	Metadata metadata `yaml:"metadata"`
}

type metadata struct {
	Version  float64 `yaml:"version" json:"version"`
	Form     Form    `yaml:"form" json:"form"`
	Run      string  `yaml:"run,omitempty" json:"run,omitempty"`
	Release  string  `yaml:"release,omitempty" json:"release,omitempty"`
	Identity string  `yaml:"identity,omitempty" json:"identity,omitempty"`
}

type taskConfig struct {
	Task          string         `yaml:"task"`
	DatasetPath   string         `yaml:"dataset_path"`
	DatasetKwargs datasetKwargs  `yaml:"dataset_kwargs"`
	TestSplit     string         `yaml:"test_split"`
	OutputType    string         `yaml:"output_type"`
	NumFewshot    int            `yaml:"num_fewshot"`
	DocToText     string         `yaml:"doc_to_text"`
	DocToChoice   string         `yaml:"doc_to_choice,omitempty"`
	DocToTarget   string         `yaml:"doc_to_target"`
	Generation    map[string]any `yaml:"generation_kwargs,omitempty"`
	Filters       []filterConfig `yaml:"filter_list,omitempty"`
	Metrics       []metricConfig `yaml:"metric_list"`
	Metadata      metadata       `yaml:"metadata"`
}

type datasetKwargs struct {
	DataFiles map[string]string `yaml:"data_files"`
}

type metricConfig struct {
	Metric          string   `yaml:"metric"`
	Aggregation     string   `yaml:"aggregation"`
	HigherIsBetter  bool     `yaml:"higher_is_better"`
	IgnoreCase      *bool    `yaml:"ignore_case,omitempty"`
	RegexesToIgnore []string `yaml:"regexes_to_ignore,omitempty"`
}

type filterConfig struct {
	Name   string       `yaml:"name"`
	Filter []filterStep `yaml:"filter"`
}

type filterStep struct {
	Function string `yaml:"function"`
	Group    *int   `yaml:"group_select,omitempty"`
	Pattern  string `yaml:"regex_pattern,omitempty"`
}

func (g *Group) metadata() metadata {
	m := metadata{Version: 1, Form: g.Form, Run: g.Run, Release: g.Release, Identity: g.Identity}
	if g.Release != "" { // the items are the same whatever run calibrates them
		m.Run = ""
	}
	return m
}

// leaderboardStops end a generated answer on the leaderboard. A colon cuts off answers that
// newer versions of the harness would have read on: the calibration's were cut off.
var leaderboardStops = []string{":", "Question:", "Question"}

// taskYAML is the configuration of one task.
func (g *Group) taskYAML(set *QuestionSet, name, data string) ([]byte, error) {
	c := taskConfig{Task: name, DatasetPath: "json",
		DatasetKwargs: datasetKwargs{DataFiles: map[string]string{"test": data}},
		TestSplit:     "test", OutputType: "multiple_choice", NumFewshot: 0, Metadata: g.metadata(),
		DocToText: "prompt", DocToChoice: "choices", DocToTarget: "gold",
		Metrics: []metricConfig{{Metric: "acc", Aggregation: "mean", HigherIsBetter: true}}}
	if set.Metric == "acc_norm" {
		c.Metrics = append(c.Metrics, metricConfig{Metric: "acc_norm", Aggregation: "mean", HigherIsBetter: true})
	}
	switch set.Style {
	case corpus.Continuation, corpus.Lettered:
	case corpus.Context:
		// An index where the text is expected makes the harness put each choice before
		// the same target.
		c.DocToText, c.DocToTarget = "gold", "target"
	case corpus.Generated:
		yes, last := true, -1
		c.OutputType, c.DocToChoice, c.DocToTarget = "generate_until", "", "target"
		c.Generation = map[string]any{"until": leaderboardStops, "do_sample": false, "temperature": 0.0}
		c.Filters = []filterConfig{
			{strictMatch, []filterStep{{Function: "regex", Pattern: `#### (\-?[0-9.,]+)`}, {Function: "take_first"}}},
			{flexibleExtract, []filterStep{{Function: "regex", Group: &last, Pattern: `(-?[$0-9.,]{2,})|(-?[0-9]+)`}, {Function: "take_first"}}},
		}
		c.Metrics = []metricConfig{{Metric: "exact_match", Aggregation: "mean", HigherIsBetter: true, IgnoreCase: &yes,
			RegexesToIgnore: []string{",", `\$`, `(?s).*#### `, `\.$`}}}
	default:
		return nil, fmt.Errorf("export harness: %s has the unknown style %q", set.Benchmark, set.Style)
	}
	return marshalYAML(c)
}

// readme tells how to run the group.
func (g *Group) readme(tasks []string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nThe selected items of form %s", g.Name(), g.Form)
	if g.Release != "" {
		fmt.Fprintf(&b, " of release %s (%s)", g.Release, g.Identity)
	}
	if g.Permuted {
		b.WriteString(", their options in another order")
	}
	b.WriteString(", as tasks of lm-evaluation-harness. The prompts hold the\nleaderboard's examples, so few-shot stays 0 and no chat template is applied.\n\n")
	fmt.Fprintf(&b, "    lm_eval --model hf --model_args pretrained=YOUR/MODEL \\\n        --include_path %s --tasks %s \\\n        --output_path results --log_samples\n    metabench score results --bundle BUNDLE\n\n", quoted(g.Dir), g.Name())
	b.WriteString("| task | benchmark | questions | metric |\n| --- | --- | --- | --- |\n")
	for k, at := 0, 0; k < len(g.Sets); k++ {
		set := &g.Sets[k]
		if g.Omits(*set) {
			continue
		}
		title := set.Title
		if title == "" {
			title = set.Benchmark
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", tasks[at], title, len(set.Questions), set.Metric)
		at++
	}
	for _, task := range g.present {
		fmt.Fprintf(&b, "| %s | exported before | | |\n", task)
	}
	b.WriteString("\nThe mean accuracy over these tasks is no score: the questions were chosen to tell\nmodels apart, not to be typical. `metabench score` turns the answers into what the\nwhole benchmarks would have said.\n")
	if g.Run != "" {
		fmt.Fprintf(&b, "\nSelected by run %s. ", g.Run)
	} else {
		b.WriteString("\n")
	}
	b.WriteString("The tasks name their data by an absolute path; export again\nrather than move the directory, or with --at PATH for another place.\n")
	return []byte(b.String())
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_./@%+=:,-]+$`)

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if plainPath.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
