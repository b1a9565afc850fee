package evallog

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"metabench/corpus"
	"metabench/harness"
)

// harnessResult is a results file of lm-evaluation-harness: what it says of the runs whose
// samples lie beside it. Types differ between versions, so that values are decoded one by one.
type harnessResult struct {
	path string

	Results  map[string]map[string]json.RawMessage `json:"results"`
	Versions map[string]json.RawMessage            `json:"versions"`
	Configs  map[string]json.RawMessage            `json:"configs"`
	Shots    map[string]json.RawMessage            `json:"n-shot"`
	Samples  map[string]json.RawMessage            `json:"n-samples"`
	Higher   map[string]map[string]json.RawMessage `json:"higher_is_better"`
	Config   map[string]json.RawMessage            `json:"config"`
	GitHash  json.RawMessage                       `json:"git_hash"`
	Version  json.RawMessage                       `json:"lm_eval_version"`
	Model    json.RawMessage                       `json:"model_name"`
	Template json.RawMessage                       `json:"chat_template_sha"`
	System   json.RawMessage                       `json:"system_instruction_sha"`
	Turns    json.RawMessage                       `json:"fewshot_as_multiturn"`
	Date     json.RawMessage                       `json:"date"`
}

func (rd *reader) readHarnessResults(path string) error {
	r := &harnessResult{path: path}
	if err := decodeFile(rd.ctx, path, r); err != nil {
		return err
	}
	rd.results = append(rd.results, r)
	return nil
}

// tasks lists the tasks that have a result.
func (h *harnessResult) tasks() []string { return slices.Sorted(maps.Keys(h.Results)) }

var stamp = regexp.MustCompile(`_(\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)$`)

// nameParts are the name of a file without its extension and the time of the run in it.
func nameParts(path string) (name, at string) {
	name = filepath.Base(strings.TrimSuffix(path, ".gz"))
	name = strings.TrimSuffix(name, filepath.Ext(name))
	if m := stamp.FindStringSubmatchIndex(name); m != nil {
		return name[:m[0]], name[m[2]:m[3]]
	}
	return name, ""
}

// resultsOf is the results file of a file of samples: of the same time in the same
// directory, else the only one there; nil if there is none.
func (rd *reader) resultsOf(path string) *harnessResult {
	_, at := nameParts(path)
	var beside []*harnessResult
	for _, r := range rd.results {
		if filepath.Dir(r.path) != filepath.Dir(path) {
			continue
		}
		if _, other := nameParts(r.path); at != "" && other == at {
			return r
		}
		beside = append(beside, r)
	}
	if len(beside) == 1 {
		if _, other := nameParts(beside[0].path); at == "" || other == "" {
			return beside[0]
		}
	}
	return nil
}

// harnessTask says which task a file of samples is of. The samples don't.
func harnessTask(path string, results *harnessResult) (string, error) {
	name, _ := nameParts(path)
	if task, ok := strings.CutPrefix(name, "samples_"); ok && task != "" {
		return task, nil
	}
	name = strings.TrimSuffix(name, "_write_out_info")
	if results == nil {
		if name != "" && strings.HasSuffix(filepath.Base(path), "_write_out_info.json") {
			return name, nil
		}
	} else {
		longest := ""
		for _, task := range results.tasks() {
			if (name == task || strings.HasSuffix(name, "_"+task)) && len(task) > len(longest) {
				longest = task
			}
		}
		if longest != "" {
			return longest, nil
		}
		if tasks := results.tasks(); len(tasks) == 1 {
			return tasks[0], nil
		}
	}
	return "", &corpus.DataError{Kind: corpus.KindTask, File: path, Reason: "neither the file's name nor a results file beside it says which task the samples are of",
		Remedy: "Name it samples_TASK.jsonl, as lm_eval does"}
}

// readHarness reads a file of samples: an object a document and filter.
func (rd *reader) readHarness(path string) error {
	results := rd.resultsOf(path)
	task, err := harnessTask(path, results)
	if err != nil {
		return err
	}
	r := newRun(corpus.File{Path: path}, "lm_eval")
	r.task = task
	var s harnessSample
	file, err := rd.each(path, func(object []byte, line int64) error { return s.read(r, object, line) })
	if err != nil {
		return err
	}
	r.file = file
	if _, at := nameParts(path); at != "" {
		r.file.Run = harnessTime(at)
	}
	if results != nil {
		results.describe(r)
	} else if dir := harness.NameOfDirectory(path); strings.Contains(dir, "/") {
		r.model = dir
	}
	if r.model == "" {
		return &corpus.DataError{Kind: corpus.KindName, File: path, Reason: "nothing says which model answered",
			Remedy: "Keep the results file that lm_eval wrote in the same directory, or name the directory organisation__model"}
	}
	rd.runs = append(rd.runs, r)
	return nil
}

// harnessTime reads the time in a file's name, in which colons may be hyphens. It is the
// evaluating machine's, whose zone the name lacks.
func harnessTime(at string) time.Time {
	t, err := time.Parse("2006-01-02T15-04-05.999999999", strings.ReplaceAll(at, ":", "-"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// notMetrics are the other members of a sample.
var notMetrics = map[string]bool{"doc_id": true, "doc": true, "target": true, "arguments": true, "resps": true, "filtered_resps": true,
	"filter": true, "metrics": true, "doc_hash": true, "prompt_hash": true, "target_hash": true, "truth": true}

// harnessSample is an object under way; it is used again for the next.
type harnessSample struct {
	doc    item
	filter string
	named  []string // the metrics, by versions that list them
	values []member
}

type member struct{ key, value string }

func (s *harnessSample) read(r *run, object []byte, line int64) error {
	*s = harnessSample{values: s.values[:0], named: s.named[:0]}
	var prompt string
	err := harness.EachMember(object, func(key, value []byte) error {
		switch name := string(key); name {
		case "doc_id":
			s.doc.id = harness.Scalar(value)
		case "doc":
			s.doc.hash = contentHash(value)
		case "prompt_0":
			prompt = harness.Scalar(value)
		case "filter":
			if s.filter = harness.Scalar(value); s.filter == "none" {
				s.filter = ""
			}
		case "metrics":
			return json.Unmarshal(value, &s.named)
		default:
			if !notMetrics[name] && !strings.HasPrefix(name, "prompt_") && !strings.HasPrefix(name, "logit_") {
				s.values = append(s.values, member{name, harness.Scalar(value)})
			}
		}
		return nil
	})
	if err != nil {
		return &corpus.DataError{Kind: corpus.KindFormat, File: r.file.Path, Line: line, Reason: "the sample can't be decoded", Err: err,
			Remedy: "Copy the file again, or repeat the run"}
	}
	if s.doc.hash == "" { // versions before 0.4 log the prompt alone
		s.doc.hash = corpus.QuestionHash(prompt)
	}
	k, err := r.number(s.doc, line)
	if err != nil {
		return err
	}
	for _, v := range s.values {
		metric, filter := v.key, s.filter
		if name, f, ok := strings.Cut(v.key, ","); ok {
			if metric, filter = name, f; f == "none" {
				filter = ""
			}
		}
		if len(s.named) > 0 && !slices.Contains(s.named, metric) {
			continue
		}
		if err := r.putText(k, measure{metric: metric, filter: filter}, v.value, line); err != nil {
			return err
		}
	}
	return nil
}

// describe says of a run what the results file knows.
func (h *harnessResult) describe(r *run) {
	args := h.Config["model_args"]
	r.model = modelName(text(h.Model), text(h.Config["model"]), args)
	if n := text(h.Shots[r.task]); n != "" {
		r.shots = n
	} else {
		r.shots = text(h.Config["num_fewshot"])
	}
	for metric, higher := range h.Higher[r.task] {
		if text(higher) == "false" {
			r.lower[metric] = true
		}
	}
	var asked struct {
		Effective json.RawMessage `json:"effective"`
	}
	if raw := h.Samples[r.task]; raw != nil && json.Unmarshal(raw, &asked) == nil && text(asked.Effective) != "" && text(asked.Effective) != strconv.Itoa(len(r.items)) {
		r.settings = append(r.settings, fmt.Sprintf("INCOMPLETE: %d of the %s items that the results count", len(r.items), text(asked.Effective)))
	}
	for _, s := range []struct{ name, value string }{
		{"lm-evaluation-harness", text(h.Version)}, {"commit", text(h.GitHash)}, {"task version", text(h.Versions[r.task])}, {"shots", r.shots},
		{"limit", text(h.Config["limit"])}, {"chat template", corpus.Clip(text(h.Template), 12)}, {"system instruction", corpus.Clip(text(h.System), 12)},
		{"examples as turns", text(h.Turns)}, {"weights", text(h.Config["model_sha"])}, {"type", text(h.Config["model_dtype"])},
		{"generation", text(h.Config["gen_kwargs"])}, {"arguments", harness.Arguments(args)},
	} {
		if s.value != "" && s.value != "false" {
			r.settings = append(r.settings, s.name+" "+s.value)
		}
	}
	if seconds, err := strconv.ParseFloat(text(h.Date), 64); err == nil && r.file.Run.IsZero() && seconds > 0 && seconds < 1e11 {
		r.file.Run = time.Unix(int64(seconds), 0).UTC()
	}
}

// modelName names a model so that what answers differently has another name: its revision
// and an adapter belong to it.
func modelName(name, kind string, args json.RawMessage) string {
	given := modelArguments(args)
	if name == "" {
		for _, key := range []string{"pretrained", "model", "engine", "path"} {
			if name = given[key]; name != "" {
				break
			}
		}
	}
	if name == "" {
		name = kind
	}
	if name == "" {
		return ""
	}
	if adapter := given["peft"]; adapter != "" && adapter != name {
		name += "+" + adapter
	}
	if revision := given["revision"]; revision != "" && revision != "main" && revision != "None" {
		name += "@" + revision
	}
	return name
}

// modelArguments are --model_args, which is text in older results and an object in newer ones.
func modelArguments(raw json.RawMessage) map[string]string {
	given := map[string]string{}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil && object != nil {
		for key, value := range object {
			given[key] = text(value)
		}
		return given
	}
	for part := range strings.SplitSeq(text(raw), ",") {
		if key, value, ok := strings.Cut(part, "="); ok {
			given[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return given
}
