package evallog

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// helmSpec is a run_spec.json: what was run.
type helmSpec struct {
	Name    string `json:"name"`
	Adapter struct {
		Model      string          `json:"model"`
		Deployment string          `json:"model_deployment"`
		Method     string          `json:"method"`
		Shots      json.RawMessage `json:"max_train_instances"`
		Limit      json.RawMessage `json:"max_eval_instances"`
	} `json:"adapter_spec"`
	Metrics []struct {
		Args struct {
			Names []string `json:"names"`
		} `json:"args"`
	} `json:"metric_specs"`
}

// helmRow is an entry of per_instance_stats.json.
type helmRow struct {
	Instance     string         `json:"instance_id"`
	Perturbation *helmPerturbed `json:"perturbation"`
	Trial        int            `json:"train_trial_index"`
	Stats        []helmStat     `json:"stats"`
}

type helmStat struct {
	Name struct {
		Name         string         `json:"name"`
		Perturbation *helmPerturbed `json:"perturbation"`
	} `json:"name"`
	Mean json.RawMessage `json:"mean"`
}

type helmPerturbed struct {
	Name string `json:"name"`
}

// readSpec keeps a run's specification for the statistics beside it.
func (rd *reader) readSpec(path string) error {
	s := &helmSpec{}
	if err := decodeFile(rd.ctx, path, s); err != nil {
		return err
	}
	if rd.specs == nil {
		rd.specs = map[string]*helmSpec{}
	}
	rd.specs[filepath.Dir(path)] = s
	return nil
}

// task is the name of the run without the model, which HELM puts among the arguments.
func (s *helmSpec) task() string {
	scenario, args, _ := strings.Cut(s.Name, ":")
	kept := slices.DeleteFunc(strings.Split(args, ","), func(arg string) bool {
		return arg == "" || strings.HasPrefix(arg, "model=") || strings.HasPrefix(arg, "model_deployment=")
	})
	if len(kept) == 0 {
		return scenario
	}
	return scenario + ":" + strings.Join(kept, ",")
}

// readHELM reads the statistics of a run. Perturbed questions are tasks of their own.
func (rd *reader) readHELM(path string) error {
	spec := rd.specs[filepath.Dir(path)]
	if spec == nil || spec.Adapter.Model == "" || spec.task() == "" {
		return &corpus.DataError{Kind: corpus.KindName, File: path, Reason: "no run_spec.json beside it says which model was run on what",
			Remedy: "Copy it from where HELM ran: it lies in the same directory"}
	}
	var scored []string
	for _, m := range spec.Metrics {
		scored = append(scored, m.Args.Names...)
	}
	runs := map[string]*run{}
	var mine []*run
	file, err := rd.each(path, func(object []byte, line int64) error {
		var row helmRow
		if err := decode(path, line, object, &row); err != nil {
			return err
		}
		for k := range row.Stats {
			s := &row.Stats[k]
			name := ""
			if p := row.Perturbation; p != nil {
				name = p.Name
			} else if p := s.Name.Perturbation; p != nil {
				name = p.Name
			}
			r := runs[name]
			if r == nil {
				r = spec.newRun(path, name)
				runs[name] = r
				mine = append(mine, r)
			}
			if err := r.putHELM(&row, s, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range mine {
		r.file = file
		for _, name := range r.metrics() {
			if len(scored) == 0 || slices.Contains(scored, name) {
				r.suggested = append(r.suggested, name)
			}
		}
		if r.suggested == nil {
			r.suggested = r.metrics()
		}
	}
	rd.runs = append(rd.runs, mine...)
	return nil
}

func (s *helmSpec) newRun(path, perturbation string) *run {
	r := newRun(corpus.File{Path: path}, "helm")
	r.model, r.task, r.shots = s.Adapter.Model, s.task(), text(s.Adapter.Shots)
	if perturbation != "" {
		sep := ","
		if !strings.Contains(r.task, ":") {
			sep = ":"
		}
		r.task += sep + "perturbation=" + perturbation
	}
	r.settings = []string{fmt.Sprintf("HELM %s, at most %s examples and %s items", s.Adapter.Method, r.shots, text(s.Adapter.Limit))}
	if d := s.Adapter.Deployment; d != "" && d != s.Adapter.Model {
		r.settings = append(r.settings, "deployment "+d)
	}
	return r
}

func (r *run) putHELM(row *helmRow, s *helmStat, line int64) error {
	k, err := r.number(item{id: row.Instance}, line)
	if err != nil {
		return err
	}
	return r.putText(k, measure{metric: s.Name.Name, epoch: strconv.Itoa(row.Trial)}, text(s.Mean), line)
}
