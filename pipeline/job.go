package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"

	"metabench/analysis"
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
	given  map[string]map[string][]string // items by benchmark and form
	report analysis.Reporter
}

func (p *Pipeline) newJob(ctx context.Context) (*job, error) {
	given, err := givenItems(ctx, p.opts.Config)
	if err != nil {
		return nil, err
	}
	j := &job{w: p.w, opts: buildOptions(p.opts.Config), code: p.opts.CodeVersion, given: given, report: p.opts.Report}
	for _, b := range p.opts.Catalogue {
		j.suite = append(j.suite, b.Name)
	}
	return j, nil
}

// run analyses one benchmark, whose models are split by their means over the suite
// of benchmarks, and stores the results under a run.
func (j *job) run(ctx context.Context, benchmark string) (*analysis.Distilled, error) {
	data, err := j.read(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	run, err := j.runOf(benchmark, data.Fingerprint, data.Suite.Fingerprint(), data.Given)
	if err != nil {
		return nil, err
	}
	var distilled *analysis.Distilled
	err = j.record(ctx, run, func() (*result.Set, error) {
		distilled, err = analysis.Build(ctx, data, j.opts, j.w, j.report)
		if err != nil {
			return nil, err
		}
		return distilled.Set, nil
	})
	return distilled, err
}

// runJoint reconstructs the suite's scores together and stores the results under a
// run of their own.
func (j *job) runJoint(ctx context.Context, suite []*analysis.Distilled) error {
	var inputs string
	settings := []any{suite[0].Data.Suite.Fingerprint()}
	for _, d := range suite {
		inputs += d.Data.Fingerprint
		settings = append(settings, d.Data.Given)
	}
	run, err := j.runOf(analysis.JointName, inputs, settings...)
	if err != nil {
		return err
	}
	return j.record(ctx, run, func() (*result.Set, error) {
		return analysis.Joint(ctx, suite, j.opts, j.w, j.report)
	})
}

// runOf is the run that computes a benchmark's results. The inputs are its answers;
// how its models are split counts as a setting, and so do given items.
func (j *job) runOf(benchmark, inputs string, settings ...any) (warehouse.Run, error) {
	hash, err := settingsHash(j.opts, settings)
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
	var given []any  // settings of its parts
	for _, b := range benchmarks {
		fingerprint, suite, err := j.inputs(ctx, b)
		if err != nil {
			return nil, err
		}
		results, err := look(b, fingerprint, suite.Fingerprint(), j.given[b])
		if err != nil {
			return nil, err
		}
		if results && slices.Contains(j.suite, b) {
			joint += fingerprint
			given = append(given, j.given[b])
		}
	}
	if len(given) < 2 || len(pending) > 0 { // these come first
		return pending, nil
	}
	suite, err := j.readSuite(ctx, j.suite)
	if err != nil {
		return nil, err
	}
	_, err = look(analysis.JointName, joint, append([]any{suite.Fingerprint()}, given...)...)
	return pending, err
}

// record runs a computation and stores its results, if any, under a run.
func (j *job) record(ctx context.Context, run warehouse.Run, compute func() (*result.Set, error)) error {
	attempt, err := j.w.BeginRun(ctx, run)
	if err != nil {
		return err
	}
	set, err := compute()
	if err == nil && set != nil {
		err = j.w.StoreResults(ctx, attempt.RunID, *set)
	}
	return errors.Join(err, finishRun(ctx, j.w, attempt, err))
}

// finishRun records how a run ended, also when ctx was cancelled. One that found too
// few models is done: the same answers will never have more.
func finishRun(ctx context.Context, w *warehouse.Warehouse, attempt warehouse.Attempt, err error) error {
	status := warehouse.RunDone
	var few *analysis.TooFewModelsError
	switch {
	case errors.As(err, &few):
	case errors.Is(err, context.Canceled):
		status = warehouse.RunCancelled
	case err != nil:
		status = warehouse.RunFailed
	}
	return w.FinishRun(context.WithoutCancel(ctx), attempt, status, nil)
}

// read reads what a build needs of a benchmark.
func (j *job) read(ctx context.Context, benchmark string) (*analysis.Data, error) {
	table, scores, err := j.w.Responses(ctx, benchmark, warehouse.Kept)
	if err != nil {
		return nil, err
	}
	fingerprint, suite, err := j.inputs(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	byModel, _, err := j.w.TaskMeans(ctx, benchmark)
	if err != nil {
		return nil, err
	}
	return &analysis.Data{Table: table, Scores: scores, TaskMeans: analysis.OfModels(table.Models, byModel), Fingerprint: fingerprint,
		Suite: suite, Given: j.given[benchmark]}, nil
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

func (j *job) readSuite(ctx context.Context, benchmarks []string) (*analysis.Suite, error) {
	means, err := j.w.MeanScores(ctx, benchmarks, j.opts.MinObserved)
	if err != nil {
		return nil, err
	}
	s := &analysis.Suite{}
	for _, model := range slices.Sorted(maps.Keys(means)) {
		s.Origins = append(s.Origins, split.Origin{Name: model})
		s.Means = append(s.Means, means[model])
	}
	return s, nil
}
