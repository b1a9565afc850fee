package score

import (
	"fmt"
	"math"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/result"
	"metabench/corpus"
	"metabench/harness"
)

// Source is the part of a build's results of one benchmark that a bundle needs.
type Source struct {
	Benchmark corpus.Benchmark
	Results   *result.Set
	Hashes    map[string]string // item → corpus.QuestionHash; may be empty
	Scores    []float64         // of the corpus, points; NaN where unknown
	TaskMeans []float64         // the same as means of tasks; nil where there is one task
	Tasks     int               // that the benchmark consists of
	Models    int               // that the reconstruction was fitted on
}

// NewBenchmark makes the part of a bundle for one benchmark, and the predictor of its score
// alone if the results have one. form is the form's name in the
// results.
func NewBenchmark(src Source, form string) (Benchmark, []Predictor, error) {
	b := Benchmark{Name: src.Benchmark.Name, Title: src.Benchmark.Title, Metric: src.Benchmark.Metric, Shown: src.Benchmark.Shown,
		Questions: src.Benchmark.Items(), Tasks: src.Tasks, Models: src.Models, Scores: NewScale(src.Scores), TaskMeans: NewScale(src.TaskMeans), Kind: irt.TwoPL}
	fail := func(format string, args ...any) (Benchmark, []Predictor, error) {
		return Benchmark{}, nil, fmt.Errorf("bundle %s, form %s: %s", b.Name, form, fmt.Sprintf(format, args...))
	}
	var err error
	for _, step := range src.Results.Searches {
		if step.Form != form || !step.Chosen {
			continue
		}
		if b.Kind, err = irt.ParseKind(step.Kind); err != nil {
			return fail("%v", err)
		}
		if b.Estimator, err = ability.ParseMethod(step.Estimator); err != nil {
			return fail("%v", err)
		}
	}
	parameters := map[string]result.ItemParameter{}
	for _, p := range src.Results.Items {
		if p.Stage == "form "+form && p.Kind == b.Kind.String() {
			parameters[p.Item] = p
		}
	}
	_, release := result.SplitForm(form)
	for _, sel := range src.Results.Selected {
		if sel.Form != form {
			if other, version := result.SplitForm(sel.Form); version == release {
				b.addOther(harness.Form(other), sel.Item)
			}
			continue
		}
		p, ok := parameters[sel.Item]
		if !ok {
			return fail("item %q has no %s parameters", sel.Item, b.Kind)
		}
		b.Items = append(b.Items, Item{Key: sel.Item, Hash: src.Hashes[sel.Item], A: p.A, D: p.D, G: p.G, U: p.U})
	}
	if len(b.Items) == 0 {
		return fail("no items are selected: build it first")
	}
	var predictors []Predictor
	for _, m := range src.Results.Models {
		if m.Form != form || !m.Chosen || m.Target != b.Name {
			continue
		}
		if m.Metric != b.Metric {
			return fail("the reconstruction was fitted on %s, the benchmark is kept by %s", m.Metric, b.Metric)
		}
		predictors = append(predictors, Predictor{Method: m.Method, Benchmarks: []string{b.Name}, Data: m.Blob})
	}
	for _, m := range src.Results.Metrics {
		if m.Form == form && m.Target == b.Name && m.Method == MethodProcess && m.Scheme == string(result.SchemeRandom) && m.Part == string(result.PartTest) && m.Group == string(result.GroupAll) {
			b.RMSE, b.MAE = known(m.RMSE), known(m.MAE)
		}
	}
	return b, predictors, nil
}

// addOther adds an item of another form. Selections other than the two forms, such as those
// for comparison, are never evaluated.
func (b *Benchmark) addOther(form harness.Form, item string) {
	if form != harness.FormA && form != harness.FormB {
		return
	}
	if b.Others == nil {
		b.Others = map[harness.Form][]string{}
	}
	b.Others[form] = append(b.Others[form], item)
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// Compose makes a bundle of the benchmarks of one form. joint is the encoded
// reconstruct.Model of all of them together, with the mean; it comes before those of
// single benchmarks and may be empty. means are the corpus's mean scores.
func Compose(form harness.Form, run Run, sources []Source, joint []byte, means []float64) (*Bundle, error) {
	return compose(nil, form, run, sources, joint, means)
}

func compose(release *Release, form harness.Form, run Run, sources []Source, joint []byte, means []float64) (*Bundle, error) {
	b := &Bundle{Form: form, Release: release, Run: run, Mean: NewScale(means)}
	if len(joint) > 0 {
		p, err := NewPredictor(joint)
		if err != nil {
			return nil, fmt.Errorf("bundle, form %s: %w", form, err)
		}
		b.Predictors = append(b.Predictors, p)
	}
	for _, src := range sources {
		benchmark, predictors, err := NewBenchmark(src, b.results())
		if err != nil {
			return nil, err
		}
		b.Benchmarks = append(b.Benchmarks, benchmark)
		b.Predictors = append(b.Predictors, predictors...)
	}
	// A bundle that can't be used is an error here, not for the people who get the file.
	if _, err := NewScorer(b, ""); err != nil {
		return nil, err
	}
	return b, nil
}
