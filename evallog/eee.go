package evallog

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"metabench/corpus"
	"metabench/harness"
)

// eeeRun is the aggregate of a run in the schema of Every Eval Ever.
type eeeRun struct {
	ID        string          `json:"evaluation_id"`
	Time      json.RawMessage `json:"evaluation_timestamp"`
	ModelInfo struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"model_info"`
	Library struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"eval_library"`
	Results []eeeResult `json:"evaluation_results"`
}

// eeeResult is one metric of one evaluation.
type eeeResult struct {
	ID     string `json:"evaluation_result_id"`
	Name   string `json:"evaluation_name"`
	Metric struct {
		ID      string `json:"metric_id"`
		Name    string `json:"metric_name"`
		Lower   bool   `json:"lower_is_better"`
		Unknown bool   `json:"has_unknown_level"`
	} `json:"metric_config"`
}

func (e *eeeResult) metric() string {
	if e.Metric.ID != "" {
		return e.Metric.ID
	}
	return e.Metric.Name
}

// readAggregate keeps an aggregate for the samples that name it.
func (rd *reader) readAggregate(path string) error {
	a := &eeeRun{}
	if err := decodeFile(rd.ctx, path, a); err != nil {
		return err
	}
	if rd.aggregates == nil {
		rd.aggregates = map[string]*eeeRun{}
	}
	rd.aggregates[a.ID] = a
	return nil
}

// eeeSample is what is needed of a row of samples.
type eeeSample struct {
	Evaluation string `json:"evaluation_id"`
	Model      string `json:"model_id"`
	Name       string `json:"evaluation_name"`
	Result     string `json:"evaluation_result_id"`
	ID         string `json:"sample_id"`
	Input      struct {
		Raw       string          `json:"raw"`
		Reference json.RawMessage `json:"reference"`
		Choices   json.RawMessage `json:"choices"`
	} `json:"input"`
	Score struct {
		Value json.RawMessage `json:"score"`
	} `json:"evaluation"`
	Error    json.RawMessage            `json:"error"`
	Metadata map[string]json.RawMessage `json:"metadata"`
}

// unnamed is the metric of a score that nothing names.
const unnamed = "score"

// readSamples reads the rows of a run. is_correct isn't read: converters set it to false for
// metrics that are not right or wrong, and by their first metric where there are several.
func (rd *reader) readSamples(path string) error {
	runs := map[[3]string]*run{}
	var mine []*run
	file, err := rd.each(path, func(object []byte, line int64) error {
		var s eeeSample
		if err := decode(path, line, object, &s); err != nil {
			return err
		}
		task, filter, _ := strings.Cut(s.Name, "/")
		key := [3]string{s.Evaluation, s.Model, task}
		r := runs[key]
		if r == nil {
			r = newRun(corpus.File{Path: path}, "eee")
			r.task, r.model = task, s.Model
			rd.describeEEE(r, s.Evaluation)
			if r.model == "" || r.task == "" {
				return r.fault(line, corpus.KindName, s.ID, "the row names no model or no evaluation", "Convert the log again: model_id and evaluation_name are required")
			}
			runs[key] = r
			mine = append(mine, r)
		}
		return rd.addEEE(r, &s, filter, line)
	})
	if err != nil {
		return err
	}
	for _, r := range mine {
		at := r.file.Run
		r.file = file
		r.file.Run = at
	}
	rd.runs = append(rd.runs, mine...)
	return nil
}

func (rd *reader) describeEEE(r *run, evaluation string) {
	a := rd.aggregates[evaluation]
	if a == nil {
		return
	}
	if r.model == "" {
		r.model = a.ModelInfo.ID
	}
	if a.Library.Name != "" {
		r.settings = append(r.settings, strings.TrimSpace(a.Library.Name+" "+a.Library.Version))
	}
	at := text(a.Time)
	if seconds, err := strconv.ParseFloat(at, 64); err == nil && seconds > 0 && seconds < 1e11 {
		r.file.Run = time.Unix(int64(seconds), 0).UTC()
	} else if t, err := time.Parse(time.RFC3339, at); err == nil {
		r.file.Run = t.UTC()
	}
}

func (rd *reader) addEEE(r *run, s *eeeSample, filter string, line int64) error {
	content, err := json.Marshal([]any{s.Input.Raw, s.Input.Reference, s.Input.Choices})
	if err != nil {
		return r.fault(line, corpus.KindFormat, s.ID, "the input can't be decoded", "Convert the log again")
	}
	k, err := r.number(item{id: s.ID, hash: contentHash(content), prompt: s.Input.Raw}, line)
	if err != nil {
		return err
	}
	if filter == "none" {
		filter = ""
	}
	if all := s.Metadata["lm_eval_metrics"]; all != nil {
		return r.putAll(k, text(all), filter, line)
	}
	metric, unknown := rd.metricOf(r, s)
	value := harness.Scalar(s.Score.Value)
	if text(s.Error) != "" || unknown && (value == "-1" || value == "-1.0") {
		value = ""
	}
	return r.putText(k, measure{metric: metric, filter: filter}, value, line)
}

// putAll keeps the metrics that a converter of lm-evaluation-harness leaves in a row's
// metadata, as the text of an object.
func (r *run) putAll(k int, object, filter string, line int64) error {
	var keys []member
	err := harness.EachMember([]byte(object), func(key, value []byte) error {
		keys = append(keys, member{string(key), harness.Scalar(value)})
		return nil
	})
	if err != nil {
		return r.fault(line, corpus.KindFormat, r.items[k].id, "metadata.lm_eval_metrics is no JSON object", "Convert the log again")
	}
	for _, m := range keys {
		if err := r.putText(k, measure{metric: m.key, filter: filter}, m.value, line); err != nil {
			return err
		}
	}
	return nil
}

// metricOf names the metric of a row's score by the aggregate; where that has several of the
// row's evaluation, the score may be by any of them.
func (rd *reader) metricOf(r *run, s *eeeSample) (name string, unknownLevel bool) {
	var fits []string
	a := rd.aggregates[s.Evaluation]
	if a != nil {
		for k := range a.Results {
			e := &a.Results[k]
			if s.Result != "" && e.ID == s.Result || s.Result == "" && e.Name == s.Name {
				name := e.metric()
				if e.Metric.Lower {
					r.lower[name] = true
				}
				if name != "" && !slices.Contains(fits, name) {
					fits, unknownLevel = append(fits, name), unknownLevel || e.Metric.Unknown
				}
			}
		}
	}
	if len(fits) == 1 {
		return fits[0], unknownLevel
	}
	if r.means[unnamed] == nil {
		r.means[unnamed] = append(fits, unnamed)
	}
	return unnamed, unknownLevel
}
