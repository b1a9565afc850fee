package harness

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
	"metabench/spelling"
)

// Settings is how a task was evaluated, as a results file has it. What it doesn't have is
// zero.
type Settings struct {
	File               string `json:"file,omitempty"` // the results file; empty if there was none
	Model              string `json:"model,omitempty"`
	ModelArgs          string `json:"model_args,omitempty"`
	Harness            string `json:"harness,omitempty"`      // version of lm-evaluation-harness
	GitHash            string `json:"git_hash,omitempty"`     // of its source
	TaskVersion        string `json:"task_version,omitempty"` // of the task's definition
	Release            string `json:"release,omitempty"`      // of metabench, whose items the task asks
	Identity           string `json:"identity,omitempty"`     // of that release
	Build              string `json:"build,omitempty"`        // run of metabench that exported the task
	Shots              *int   `json:"shots,omitempty"`        // examples added by the harness; metabench's tasks bring their own
	ChatTemplate       bool   `json:"chat_template"`
	ChatTemplateSHA    string `json:"chat_template_sha,omitempty"`
	SystemInstruction  bool   `json:"system_instruction"`
	FewshotAsMultiturn bool   `json:"fewshot_as_multiturn"`
	Limit              string `json:"limit,omitempty"` // --limit, when only a part was evaluated
	Date               string `json:"date,omitempty"`
	Samples            *int   `json:"samples,omitempty"` // questions that the harness counted
	Means              []Mean `json:"-"`                 // means that the harness computed itself
}

// Mean is a mean of the task as the harness computed it.
type Mean struct {
	Metric Metric
	Value  float64
}

// resultsFile is a results_*.json. Types differ between versions of the harness, so that
// most values are decoded one by one.
type resultsFile struct {
	path string

	Results           map[string]map[string]json.RawMessage `json:"results"`
	Versions          map[string]json.RawMessage            `json:"versions"`
	Shots             map[string]json.RawMessage            `json:"n-shot"`
	Samples           map[string]json.RawMessage            `json:"n-samples"`
	Config            map[string]json.RawMessage            `json:"config"`
	GitHash           json.RawMessage                       `json:"git_hash"`
	Harness           json.RawMessage                       `json:"lm_eval_version"`
	ModelName         json.RawMessage                       `json:"model_name"`
	ChatTemplate      json.RawMessage                       `json:"chat_template"`
	ChatTemplateSHA   json.RawMessage                       `json:"chat_template_sha"`
	SystemInstruction json.RawMessage                       `json:"system_instruction"`

	SystemInstructionSHA json.RawMessage            `json:"system_instruction_sha"`
	Configs              map[string]json.RawMessage `json:"configs"`
	FewshotAsMultiturn   json.RawMessage            `json:"fewshot_as_multiturn"`
	Date                 json.RawMessage            `json:"date"`
}

// isResults reports whether an object is a results file rather than a sample.
func isResults(record []byte) bool {
	found := 0
	err := eachMember(record, func(key, _ []byte) error {
		switch string(key) {
		case "results", "versions", "configs", "config":
			found++
		case "doc", "doc_id":
			found -= 10
		}
		return nil
	})
	return err == nil && found >= 2
}

func parseResults(path string, record []byte) (*resultsFile, error) {
	r := &resultsFile{path: path}
	if err := json.Unmarshal(withoutNaN(record), r); err != nil {
		return nil, &corpus.DataError{Kind: corpus.KindFormat, File: path, Reason: "the results can't be decoded", Err: spelling.JSON(err),
			Remedy: "Copy the file again; without it the run's settings can't be checked"}
	}
	return r, nil
}

// settings are those of a task.
func (r *resultsFile) settings(task string) Settings {
	s := Settings{
		File:              r.path,
		Model:             text(r.ModelName),
		ModelArgs:         withoutSecrets(r.Config["model_args"]),
		Harness:           text(r.Harness),
		GitHash:           text(r.GitHash),
		TaskVersion:       text(r.Versions[task]),
		Shots:             number(r.Shots[task]),
		ChatTemplate:      isSet(r.ChatTemplate),
		ChatTemplateSHA:   text(r.ChatTemplateSHA),
		SystemInstruction: isSet(r.SystemInstruction),
		Limit:             text(r.Config["limit"]),
		Date:              text(r.Date),
	}
	s.FewshotAsMultiturn = isSet(r.FewshotAsMultiturn)
	s.Build, s.Release, s.Identity = exportedBy(r.Configs[task])
	var asked struct {
		Effective json.RawMessage `json:"effective"`
	}
	if raw := r.Samples[task]; raw != nil && json.Unmarshal(raw, &asked) == nil {
		s.Samples = number(asked.Effective)
	}
	for name, raw := range r.Results[task] {
		metric, filter, _ := strings.Cut(name, ",")
		if filter == "none" {
			filter = ""
		}
		if v, err := strconv.ParseFloat(string(raw), 64); err == nil && binaryMetrics[metric] {
			s.Means = append(s.Means, Mean{Metric{metric, filter}, v})
		}
	}
	slices.SortFunc(s.Means, func(a, b Mean) int {
		return cmp.Or(strings.Compare(a.Metric.Name, b.Metric.Name), strings.Compare(a.Metric.Filter, b.Metric.Filter))
	})
	return s
}

// text is a value as text, "" for null and for no value.
func text(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	return corpus.Clip(scalar(raw), 2000)
}

// isSet reports whether a setting has a value: neither null nor false nor empty.
func isSet(raw json.RawMessage) bool {
	switch t := text(raw); t {
	case "", "false", "0", "{}", "[]":
		return false
	}
	return true
}

func number(raw json.RawMessage) *int {
	n, err := strconv.Atoi(integer(text(raw)))
	if err != nil {
		return nil
	}
	return &n
}

// Describe is the settings in one line, for people.
func (s Settings) Describe() string {
	if s.File == "" {
		return "settings unknown: no results file"
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case s.Harness != "":
		add("lm-evaluation-harness %s", s.Harness)
	case s.GitHash != "":
		add("lm-evaluation-harness at %s", s.GitHash)
	}
	if s.TaskVersion != "" {
		add("task version %s", s.TaskVersion)
	}
	if s.Shots != nil {
		add("%d shots", *s.Shots)
	}
	if s.ChatTemplate {
		add("chat template")
	} else {
		add("no chat template")
	}
	if s.SystemInstruction {
		add("system instruction")
	}
	if s.FewshotAsMultiturn {
		add("examples as turns")
	}
	if s.Limit != "" {
		add("limit %s", s.Limit)
	}
	return strings.Join(parts, ", ")
}
