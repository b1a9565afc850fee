package pipeline

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"metabench/analysis"
	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/split"
	"metabench/warehouse"
)

// job builds one benchmark after the other.
type job struct {
	w      *warehouse.Warehouse
	opts   analysis.Options
	code   string                         // version of the program
	suite  []string                       // the benchmarks of the catalogue, by whose mean score their models are split
	pinned map[string]map[string][]string // items by benchmark and form
	report analysis.Reporter
	suites map[string]*analysis.Suite // that were read, by their benchmarks' names

	releases releases // in use
}

func (p *Pipeline) newJob(ctx context.Context) (*job, error) {
	pinned, err := pinnedItems(ctx, p.opts.Config)
	if err != nil {
		return nil, err
	}
	j := &job{w: p.w, opts: buildOptions(p.opts.Config), code: p.opts.CodeVersion, pinned: pinned, report: p.opts.Report,
		suites: map[string]*analysis.Suite{}}
	if j.releases, err = readReleases(ctx, p.w); err != nil {
		return nil, err
	}
	for _, b := range p.opts.Catalogue {
		j.suite = append(j.suite, b.Name)
	}
	return j, nil
}

// run analyses one benchmark, whose models are split by their means over the suite
// of benchmarks, and stores the results under a run. Where its answers allow no
// analysis, distilled is nil, and all that is stored is why.
func (j *job) run(ctx context.Context, benchmark string, build buildFunc) (distilled *analysis.Distilled, set *result.Set, err error) {
	data, err := j.read(ctx, benchmark)
	if err != nil {
		return nil, nil, err
	}
	run, err := j.runOf(benchmark, data.Fingerprint, data.Suite.Fingerprint(), data.Pinned)
	if err != nil {
		return nil, nil, err
	}
	set, err = j.record(ctx, run, func() (*result.Set, error) {
		distilled, err = build(ctx, data, j.opts, j.w, j.report)
		if analysis.Impossible(err) {
			return &result.Set{Benchmark: benchmark, LeftOut: []result.LeftOut{{Part: analysis.PartBenchmark, Reason: err.Error()}}}, nil
		}
		if err != nil {
			return nil, err
		}
		return distilled.Set, nil
	})
	return distilled, set, err
}

// buildFunc is analysis.Build, or a substitute in a test.
type buildFunc func(context.Context, *analysis.Data, analysis.Options, analysis.Cache, analysis.Reporter) (*analysis.Distilled, error)

// runJoint reconstructs the suite's scores together and stores the results under a
// run of their own. The parts that are without are benchmarks of the suite that have no
// results.
func (j *job) runJoint(ctx context.Context, suite []*analysis.Distilled, without []result.LeftOut) (*result.Set, error) {
	run, err := j.jointRun(ctx, suite)
	if err != nil {
		return nil, err
	}
	return j.record(ctx, run, func() (*result.Set, error) {
		set, err := analysis.Joint(ctx, suite, j.opts, j.w, j.report)
		if err == nil {
			set.LeftOut = append(set.LeftOut, without...)
		}
		return set, err
	})
}

// jointRun is the run that reconstructs distilled benchmarks together.
func (j *job) jointRun(ctx context.Context, suite []*analysis.Distilled, others ...any) (warehouse.Run, error) {
	models, err := j.readSuite(ctx, j.suite)
	if err != nil {
		return warehouse.Run{}, err
	}
	var inputs string
	settings := []any{models.Fingerprint()}
	for _, d := range suite {
		inputs += d.Data.Fingerprint
		settings = append(settings, d.Data.Pinned)
	}
	return j.runOf(analysis.JointName, inputs, append(settings, others...)...)
}

// withdrawJoint removes joint results, which are of forms that may not be the
// benchmarks' any more, and says why there are none.
func (j *job) withdrawJoint(ctx context.Context, suite []*analysis.Distilled, reason string) (*result.Set, error) {
	run, err := j.jointRun(ctx, suite, reason) // not the run that would make them
	if err != nil {
		return nil, err
	}
	return j.record(ctx, run, func() (*result.Set, error) {
		return &result.Set{Benchmark: analysis.JointName, LeftOut: []result.LeftOut{{Part: analysis.PartBenchmark, Reason: reason}}}, nil
	})
}

// runOf is the run that computes a benchmark's results. The inputs are its answers;
// how its models are split counts as a setting, and so do pinned items and released forms.
func (j *job) runOf(benchmark, inputs string, settings ...any) (warehouse.Run, error) {
	hash, err := settingsHash(j.opts, append(settings, j.releases.settings(benchmark)...))
	return warehouse.Run{
		Command: "build --benchmark " + benchmark, ConfigHash: hash, CodeVersion: j.code,
		Seed: j.opts.Seed, InputFingerprint: inputs,
	}, err
}

// pending are the benchmarks whose results are not those of the run that a build
// would make now, the joint results among them: answers, items, limits, settings or
// the program have changed, or the build did not come to its end.
func (j *job) pending(ctx context.Context, benchmarks []string) ([]string, error) {
	var pending []string
	look := func(benchmark, inputs string, settings ...any) (results bool, err error) {
		run, err := j.runOf(benchmark, inputs, settings...)
		if err != nil {
			return false, err
		}
		done, results, err := j.w.Built(ctx, benchmark, run.ID())
		if err == nil && !done {
			pending = append(pending, benchmark)
		}
		return results, err
	}
	var joint string // inputs of the joint run
	var pinned []any // settings of its parts
	for _, b := range benchmarks {
		fingerprint, suite, err := j.inputs(ctx, b)
		if err != nil {
			return nil, err
		}
		results, err := look(b, fingerprint, suite.Fingerprint(), j.pinned[b])
		if err != nil {
			return nil, err
		}
		if results && slices.Contains(j.suite, b) {
			joint += fingerprint
			pinned = append(pinned, j.pinned[b])
		}
	}
	if len(pinned) < 2 || len(pending) > 0 { // these come first
		return pending, nil
	}
	suite, err := j.readSuite(ctx, j.suite)
	if err != nil {
		return nil, err
	}
	_, err = look(analysis.JointName, joint, append([]any{suite.Fingerprint()}, pinned...)...)
	return pending, err
}

// record runs a computation and stores its results under a run.
func (j *job) record(ctx context.Context, run warehouse.Run, compute func() (*result.Set, error)) (*result.Set, error) {
	attempt, err := j.w.BeginRun(ctx, run)
	if err != nil {
		return nil, err
	}
	set, err := compute()
	if err == nil {
		err = j.w.StoreResults(ctx, attempt.RunID, *set)
	}
	return set, errors.Join(err, finishRun(ctx, j.w, attempt, err))
}

// finishRun records how a run ended, also when ctx was cancelled.
func finishRun(ctx context.Context, w *warehouse.Warehouse, attempt warehouse.Attempt, err error) error {
	status := warehouse.RunDone
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		status = warehouse.RunCancelled
	case err != nil:
		status = warehouse.RunFailed
	}
	return w.FinishRun(context.WithoutCancel(ctx), attempt, status, nil)
}

// read reads what a build needs of a benchmark, all of one moment: all answers, and what
// the filters say of them when they don't look at the test models.
func (j *job) read(ctx context.Context, benchmark string) (data *analysis.Data, err error) {
	if err := j.w.RefreshStatistics(ctx); err != nil {
		return nil, err
	}
	err = j.w.View(ctx, func(w *warehouse.Warehouse) error {
		now := *j
		now.w = w
		data, err = now.readNow(ctx, benchmark)
		return err
	})
	return data, err
}

func (j *job) readNow(ctx context.Context, benchmark string) (*analysis.Data, error) {
	table, scores, err := j.w.Responses(ctx, benchmark, warehouse.All)
	if err != nil {
		return nil, err
	}
	fingerprint, suite, err := j.inputs(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	held, err := suite.TestModels(j.opts)
	if err != nil {
		return nil, err
	}
	verdicts := map[string]analysis.Verdict{}
	for scheme, models := range held {
		v, err := j.w.Judge(ctx, benchmark, models)
		if err != nil {
			return nil, err
		}
		verdicts[scheme] = verdict(table, v)
	}
	byModel, _, err := j.w.TaskMeans(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	return &analysis.Data{Table: table, Scores: scores, TaskMeans: analysis.OfModels(table.Models, byModel), Fingerprint: fingerprint, Suite: suite, Verdicts: verdicts,
		Pinned: j.pinned[benchmark], Released: j.releases.of(benchmark)}, nil
}

// verdict puts the warehouse's verdict into the order of a table's items and models.
func verdict(table *response.Table, v warehouse.Verdict) analysis.Verdict {
	out := analysis.Verdict{Dropped: make([]string, len(table.Items)), Outlier: make([]bool, len(table.Models))}
	for k, item := range table.Items {
		out.Dropped[k] = v.Dropped[item]
	}
	for i := range table.Models {
		correct, observed := table.Answers.Counts(i)
		out.Outlier[i] = observed > 0 && float64(correct)/float64(observed) <= v.Outlier
	}
	return out
}

// inputs are the fingerprint of a benchmark's answers and the models' mean scores: over
// the suite, or over the benchmark where it is in no suite.
func (j *job) inputs(ctx context.Context, benchmark string) (fingerprint string, suite *analysis.Suite, err error) {
	if fingerprint, err = j.w.Fingerprint(ctx, benchmark); err != nil {
		return "", nil, err
	}
	of := []string{benchmark}
	if slices.Contains(j.suite, benchmark) {
		of = j.suite
	}
	suite, err = j.readSuite(ctx, of)
	return fingerprint, suite, err
}

// readSuite reads the models of some benchmarks, in the order of their names.
func (j *job) readSuite(ctx context.Context, benchmarks []string) (*analysis.Suite, error) {
	name := strings.Join(benchmarks, "\n")
	if s, ok := j.suites[name]; ok {
		return s, nil
	}
	means, err := j.w.MeanScores(ctx, benchmarks, j.opts.MinObserved)
	if err != nil {
		return nil, err
	}
	prints, err := j.w.Prints(ctx, benchmarks)
	if err != nil {
		return nil, err
	}
	s := &analysis.Suite{Alike: func() ([][2]int, error) { return j.alike(ctx, benchmarks, slices.Sorted(maps.Keys(prints))) }}
	for _, model := range slices.Sorted(maps.Keys(prints)) {
		mean, ok := means[model]
		if !ok {
			mean = math.NaN()
		}
		s.Origins = append(s.Origins, split.Origin{Name: model})
		s.Means = append(s.Means, mean)
		s.Prints = append(s.Prints, prints[model])
	}
	j.suites[name] = s
	return s, nil
}

// alike finds the models that answer as only relatives do, over benchmarks of which some
// may have no answers.
func (j *job) alike(ctx context.Context, benchmarks, models []string) ([][2]int, error) {
	var parts []*response.Matrix
	for _, b := range benchmarks {
		t, _, err := j.w.Responses(ctx, b, warehouse.All)
		var unknown *warehouse.UnknownBenchmarkError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, t.Align(models))
	}
	return split.Alike(parts, j.opts.Workers), nil
}
