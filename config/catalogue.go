package config

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"metabench/corpus"
	"metabench/spelling"
)

//go:embed benchmarks.yaml
var builtinCatalogue []byte

// entry is a benchmark as the catalogue file spells it.
type entry struct {
	Name             string      `yaml:"name"`
	Title            string      `yaml:"title,omitempty"`
	Metric           string      `yaml:"metric,omitempty"`
	Shown            string      `yaml:"shown,omitempty"`
	Shots            int         `yaml:"shots,omitempty"`
	Options          int         `yaml:"options,omitempty"`
	Asked            string      `yaml:"asked,omitempty"`
	Harness          string      `yaml:"harness,omitempty"`
	Items            int         `yaml:"items,omitempty"`
	PublishedMean    string      `yaml:"published_mean,omitempty"`
	MinPointBiserial float64     `yaml:"min_point_biserial,omitempty"`
	Tasks            []taskEntry `yaml:"tasks,omitempty"`
}

type taskEntry struct {
	Name    string `yaml:"name"`
	Harness string `yaml:"harness,omitempty"`
	Items   int    `yaml:"items,omitempty"`
}

var metrics = []string{"acc", "acc_norm", "exact_match", "mc1"}

// Catalogue returns the built-in benchmarks, changed by the file at override
// (empty for none): an entry of the same name replaces, another is added.
func Catalogue(override string) ([]corpus.Benchmark, error) {
	benchmarks, err := parseCatalogue(builtinCatalogue)
	if err != nil || override == "" {
		return benchmarks, err
	}
	text, err := os.ReadFile(override)
	if err != nil {
		return nil, fmt.Errorf("read benchmark catalogue: %w", err)
	}
	own, err := parseCatalogue(text)
	if err != nil {
		return nil, fmt.Errorf("read benchmark catalogue %s: %w", override, err)
	}
	for _, b := range own {
		if i := slices.IndexFunc(benchmarks, func(c corpus.Benchmark) bool { return c.Name == b.Name }); i >= 0 {
			benchmarks[i] = b
		} else {
			benchmarks = append(benchmarks, b)
		}
	}
	return benchmarks, nil
}

// FormatCatalogue writes benchmarks as a catalogue file has them: Catalogue reads them
// back.
func FormatCatalogue(benchmarks []corpus.Benchmark) ([]byte, error) {
	var file struct {
		Benchmarks []entry `yaml:"benchmarks"`
	}
	for _, b := range benchmarks {
		e := entry{Name: b.Name, Title: b.Title, Metric: b.Metric, Shown: b.Shown, Shots: b.Shots, Options: b.Options, Asked: string(b.Asked), PublishedMean: string(b.PublishedMean), MinPointBiserial: b.MinPointBiserial}
		if len(b.Tasks) == 1 && b.Tasks[0].Name == b.Name {
			e.Harness, e.Items = b.Tasks[0].Harness, b.Tasks[0].Items
		} else {
			for _, t := range b.Tasks {
				e.Tasks = append(e.Tasks, taskEntry(t))
			}
		}
		file.Benchmarks = append(file.Benchmarks, e)
	}
	return yaml.Marshal(file)
}

// parseCatalogue reads a catalogue strictly and reports everything wrong with it.
func parseCatalogue(text []byte) ([]corpus.Benchmark, error) {
	var file struct {
		Benchmarks []entry `yaml:"benchmarks"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var problems []error
	seen := map[string]bool{}
	out := make([]corpus.Benchmark, 0, len(file.Benchmarks))
	for k, e := range file.Benchmarks {
		if e.Name == "" {
			problems = append(problems, fmt.Errorf("entry %d has no name", k+1))
			continue
		}
		if seen[e.Name] {
			problems = append(problems, fmt.Errorf("%s: described twice", e.Name))
		}
		seen[e.Name] = true
		b, errs := e.benchmark()
		problems = append(problems, errs...)
		out = append(out, b)
	}
	return out, errors.Join(problems...)
}

func (e entry) benchmark() (corpus.Benchmark, []error) {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(e.Name+": "+format, args...))
	}
	if !slices.Contains(metrics, e.Metric) {
		bad("metric %q is none of %v%s", e.Metric, metrics, spelling.Suggestion(e.Metric, metrics))
	}
	if e.Shots < 0 || e.Options < 0 || e.Items < 0 || e.Options == 1 {
		bad("shots and items must not be negative, options must be 0 or at least 2")
	}
	asked := cmp.Or(corpus.Style(e.Asked), corpus.Continuation)
	if !slices.Contains(corpus.Styles(), asked) {
		bad("asked %q is none of %v", e.Asked, corpus.Styles())
	}
	if e.MinPointBiserial < 0 || e.MinPointBiserial > 1 {
		bad("min_point_biserial must be a proportion from 0 to 1")
	}
	mean := corpus.Mean(e.PublishedMean)
	if means := []corpus.Mean{"", corpus.MeanOfItems, corpus.MeanOfTasks}; !slices.Contains(means, mean) {
		bad("published_mean %q is neither %s nor %s", e.PublishedMean, corpus.MeanOfItems, corpus.MeanOfTasks)
	}
	if mean == "" && len(e.Tasks) > 0 {
		mean = corpus.MeanOfTasks // as the leaderboard's results are read
	}
	b := corpus.Benchmark{
		Name: e.Name, Title: e.Title, Metric: e.Metric, Shown: e.Shown, Shots: e.Shots, Options: e.Options, Asked: asked,
		PublishedMean: cmp.Or(mean, corpus.MeanOfItems), MinPointBiserial: e.MinPointBiserial,
	}
	if b.Title == "" {
		b.Title = e.Name
	}
	if len(e.Tasks) == 0 {
		b.Tasks = []corpus.Task{{Name: e.Name, Harness: e.Harness, Items: e.Items}}
		return b, problems
	}
	if e.Items != 0 || e.Harness != "" {
		bad("has tasks, so items and harness belong to them")
	}
	seen := map[string]bool{}
	for _, t := range e.Tasks {
		if t.Name == "" || seen[t.Name] || t.Items < 0 {
			bad("task %q: each needs a name of its own, and items that are not negative", t.Name)
		}
		seen[t.Name] = true
		b.Tasks = append(b.Tasks, corpus.Task(t))
	}
	return b, problems
}
