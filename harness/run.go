package harness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"metabench/corpus"
)

// Run is one evaluation: a model and the arguments that it was evaluated with. The harness
// names its directories after the model alone, so that evaluations of several revisions,
// precisions or adapters share one; only the results files tell them apart.
type Run struct {
	ID        string   `json:"id"` // hash of model and arguments
	Model     string   `json:"model"`
	Arguments []string `json:"arguments"` // "revision=step1000", sorted; none without a results file
	Known     bool     `json:"known"`     // whether a results file has the arguments
}

// newRun identifies a run.
func newRun(model string, arguments []string, known bool) Run {
	slices.Sort(arguments)
	sum := sha256.Sum256([]byte(strings.Join(append([]string{model, fmt.Sprint(known)}, arguments...), "\x00")))
	return Run{ID: hex.EncodeToString(sum[:4]), Model: model, Arguments: slices.Compact(arguments), Known: known}
}

// String is the run in one line.
func (r Run) String() string {
	model := r.Model
	if model == "" {
		model = "a model without a name"
	}
	if !r.Known {
		return model + ", arguments unknown: no results file"
	}
	return strings.Join(append([]string{model}, r.Arguments...), ", ")
}

// matches reports whether a text chooses the run: as the beginning of its identifier, or as
// a part of its line.
func (r Run) matches(text string) bool {
	return len(text) >= 4 && strings.HasPrefix(r.ID, text) || strings.Contains(r.String(), text)
}

// RunsError says that the files are of several runs where one is wanted, or that none is
// the one that was asked for.
type RunsError struct {
	Asked string // how one was chosen; empty if none was
	Runs  []RunFiles
}

// RunFiles is a run with what there is of it.
type RunFiles struct {
	Run
	Tasks int
	Time  string // of its newest task; empty where the files' names have none
	File  string // one of them
}

func (e *RunsError) Error() string {
	var b strings.Builder
	switch n := len(matching(e.Runs, e.Asked)); {
	case e.Asked == "":
		fmt.Fprintf(&b, "the logs are of %d runs, and a score is of one model with one set of arguments", len(e.Runs))
	case n == 0:
		fmt.Fprintf(&b, "no run matches %q", e.Asked)
	default:
		fmt.Fprintf(&b, "%q matches %d runs", e.Asked, n)
	}
	b.WriteString(". Give the files of one, or choose it with --run ID:")
	for _, r := range e.Runs {
		fmt.Fprintf(&b, "\n  %s  %s (%s", r.ID, corpus.Clip(r.String(), 600), count(r.Tasks, "task"))
		if r.Time != "" {
			fmt.Fprintf(&b, ", newest %s", r.Time)
		}
		fmt.Fprintf(&b, ", such as %s)", corpus.Clip(r.File, 200))
	}
	return b.String()
}

// matching are the runs that a text chooses.
func matching(runs []RunFiles, asked string) []RunFiles {
	return slices.DeleteFunc(slices.Clone(runs), func(r RunFiles) bool { return !r.matches(asked) })
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// runsOf lists the runs of tasks, by model and arguments.
func runsOf(tasks []*Task) []RunFiles {
	var runs []RunFiles
	place := map[string]int{}
	for _, t := range tasks {
		k, ok := place[t.Run.ID]
		if !ok {
			k = len(runs)
			place[t.Run.ID] = k
			runs = append(runs, RunFiles{Run: t.Run, File: t.File})
		}
		runs[k].Tasks++
		runs[k].Time = max(runs[k].Time, t.Time)
	}
	slices.SortFunc(runs, func(a, b RunFiles) int { return strings.Compare(a.String()+a.ID, b.String()+b.ID) })
	return runs
}

// chooseRun returns the run that is asked for, or the only one.
func chooseRun(tasks []*Task, asked string) (Run, error) {
	runs := runsOf(tasks)
	chosen := runs
	if asked != "" {
		chosen = matching(runs, asked)
	}
	if len(chosen) != 1 {
		return Run{}, &RunsError{Asked: asked, Runs: runs}
	}
	return chosen[0].Run, nil
}

// arguments are the settings of a results file that change a model's answers. shots are the
// numbers of examples that the harness added to the tasks that were read.
func (r *resultsFile) arguments(shots []string) []string {
	var args []string
	add := func(name, value string) {
		if value != "" {
			args = append(args, name+"="+value)
		}
	}
	args = append(args, modelArguments(r.Config["model_args"])...)
	add("backend", text(r.Config["model"]))
	add("model_revision", text(r.Config["model_revision"]))
	add("model_sha", text(r.Config["model_sha"]))
	add("model_dtype", text(r.Config["model_dtype"]))
	if isSet(r.Config["gen_kwargs"]) {
		add("gen_kwargs", compact(r.Config["gen_kwargs"]))
	}
	if isSet(r.ChatTemplate) {
		add("chat_template", fingerprint(r.ChatTemplateSHA, r.ChatTemplate))
	}
	if isSet(r.SystemInstruction) {
		add("system_instruction", fingerprint(r.SystemInstructionSHA, r.SystemInstruction))
	}
	if isSet(r.FewshotAsMultiturn) {
		add("fewshot_as_multiturn", text(r.FewshotAsMultiturn))
	}
	add("num_fewshot", strings.Join(slices.Compact(slices.Sorted(slices.Values(shots))), "/"))
	return args
}

// fingerprint stands for a long text: the hash that the harness gives, else one of our
// own.
func fingerprint(hash, content json.RawMessage) string {
	if h := text(hash); h != "" {
		return h[:min(12, len(h))]
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}

// compact is a value on one line.
func compact(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		return text(raw)
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return text(raw)
	}
	return corpus.Clip(b.String(), 2000)
}

// operational are arguments that change where and how fast a model runs, and not what it
// answers.
var operational = map[string]bool{"device": true, "device_map_option": true, "parallelize": true, "batch_size": true,
	"max_batch_size": true, "tensor_parallel_size": true, "data_parallel_size": true, "gpu_memory_utilization": true,
	"max_memory_per_gpu": true, "max_cpu_memory": true, "offload_folder": true, "swap_space": true, "num_concurrent": true,
	"max_retries": true}

// secret are arguments that no report may show.
var secret = map[string]bool{"token": true, "auth_token": true, "use_auth_token": true, "hf_token": true, "api_key": true, "password": true}

// modelArguments takes --model_args apart: "pretrained=org/model,dtype=bfloat16", or an
// object in newer versions.
func modelArguments(raw json.RawMessage) []string {
	var args []string
	keep := func(name, value string) {
		if name = strings.TrimSpace(name); !operational[name] && !secret[name] {
			args = append(args, name+"="+strings.TrimSpace(value))
		}
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(raw, &named) == nil {
		for name, value := range named {
			keep(name, compact(value))
		}
		return args
	}
	for _, part := range splitArguments(scalar(raw)) {
		name, value, _ := strings.Cut(part, "=")
		keep(name, value)
	}
	return args
}

// splitArguments cuts a list of name=value at its commas. A value may hold commas: a part
// without a name belongs to the value before.
func splitArguments(list string) []string {
	var parts []string
	if list == "null" || list == "" {
		return nil
	}
	for _, part := range strings.Split(list, ",") {
		if len(parts) > 0 && !strings.Contains(part, "=") {
			parts[len(parts)-1] += "," + part
			continue
		}
		parts = append(parts, part)
	}
	return parts
}

// withoutSecrets is --model_args as it may be shown.
func withoutSecrets(raw json.RawMessage) string {
	var named map[string]json.RawMessage
	if json.Unmarshal(raw, &named) == nil && named != nil {
		for name := range named {
			if secret[name] {
				named[name] = json.RawMessage(`"…"`)
			}
		}
		if shown, err := json.Marshal(named); err == nil {
			return corpus.Clip(string(shown), 2000)
		}
	}
	parts := splitArguments(text(raw))
	for k, part := range parts {
		if name, _, ok := strings.Cut(part, "="); ok && secret[strings.TrimSpace(name)] {
			parts[k] = name + "=…"
		}
	}
	return strings.Join(parts, ",")
}
