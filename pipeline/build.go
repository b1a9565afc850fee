package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"metabench/analysis"
	"metabench/analysis/result"
	"metabench/spelling"
)

// Build analyses the benchmarks, or all that have answers, and stores the results of
// each under a run when it is done. What the answers don't allow is left out, and the
// rest is made. So is the rest when a benchmark fails for another reason: the errors are
// joined, and what was built before and after them is stored. A benchmark that was asked
// for by name and is left out is an error too.
//
// again names a stage, or a kind of stages, that is computed although its inputs are the
// same; empty for none. An unknown name, of a stage or a benchmark, is a *SettingError
// before anything is done.
func (p *Pipeline) Build(ctx context.Context, benchmarks []string, again string) (Built, error) {
	there, err := p.w.Benchmarks(ctx)
	if err != nil {
		return Built{}, err
	}
	if len(there) == 0 {
		return Built{}, errors.New("the warehouse has no answers yet; crawl or import some first")
	}
	if again != "" && !analysis.IsStage(again) {
		return Built{}, &SettingError{Err: fmt.Errorf("there is no stage %q%s; the stages are %s", again,
			spelling.Suggestion(again, analysis.Stages()), strings.Join(analysis.Stages(), ", "))}
	}
	named, err := chosen(benchmarks, there)
	if err != nil {
		return Built{}, err
	}
	job, err := p.newJob(ctx)
	if err != nil {
		return Built{}, err
	}
	job.opts.Rerun = again
	if len(named) == 0 {
		return p.buildWith(ctx, job, there, there)
	}
	did, err := p.buildWith(ctx, job, there, named)
	if err == nil {
		for _, l := range did.LeftOut {
			if l.Part == analysis.PartBenchmark && slices.Contains(named, l.Benchmark) {
				err = errors.Join(err, errors.New(l.Reason))
			}
		}
	}
	return did, err
}

// buildWith builds some of the benchmarks that there are.
func (p *Pipeline) buildWith(ctx context.Context, job *job, there, benchmarks []string) (Built, error) {
	b := &building{job: job, build: p.build, there: there}
	b.did.Benchmarks = []string{}
	var err error
	if b.did.LeftOut, err = job.unanswered(p.opts.Config, there); err != nil {
		return Built{}, err
	}
	err = b.run(ctx, benchmarks)
	return b.did, err
}

// chosen are the benchmarks asked for, each once.
func chosen(asked, there []string) ([]string, error) {
	var once []string
	for _, b := range asked {
		if !slices.Contains(there, b) {
			return nil, &SettingError{Err: fmt.Errorf("the warehouse has no answers to benchmark %q%s; it has %s", b,
				spelling.Suggestion(b, there), strings.Join(there, ", "))}
		}
		if !slices.Contains(once, b) {
			once = append(once, b)
		}
	}
	return once, nil
}

// building is a build under way.
type building struct {
	*job
	build buildFunc
	there []string // benchmarks with answers
	did   Built

	suite   []*analysis.Distilled
	without []result.LeftOut // benchmarks of the suite that have no results
	changed bool             // whether results of the suite are of another run than before
	failed  []error
}

func (b *building) run(ctx context.Context, benchmarks []string) error {
	for _, name := range benchmarks {
		before, err := b.stored(ctx, name)
		if err != nil {
			return errors.Join(append(b.failed, err)...)
		}
		distilled, set, err := b.job.run(ctx, name, b.build)
		if ctx.Err() != nil {
			return errors.Join(append(b.failed, err)...)
		}
		if err != nil {
			b.failed = append(b.failed, err)
			continue
		}
		b.did.add(set)
		if distilled != nil {
			b.did.Benchmarks = append(b.did.Benchmarks, name)
		}
		if !slices.Contains(b.job.suite, name) {
			continue
		}
		if distilled != nil {
			b.suite = append(b.suite, distilled)
		} else {
			b.without = append(b.without, result.LeftOut{Part: name, Reason: "it has no results of its own, for the reason beside its name"})
		}
		after, err := b.stored(ctx, name)
		if err != nil {
			return errors.Join(append(b.failed, err)...)
		}
		b.changed = b.changed || after != before
	}
	set, err := b.joint(ctx, benchmarks)
	if err != nil {
		b.failed = append(b.failed, err)
	}
	if set != nil {
		b.did.add(set)
		if len(set.Metrics) > 0 {
			b.did.Benchmarks = append(b.did.Benchmarks, analysis.JointName)
		}
	}
	return errors.Join(b.failed...)
}

// stored is the run that a benchmark's results are of; empty where there are none.
func (b *building) stored(ctx context.Context, benchmark string) (string, error) {
	there, err := b.w.HasResults(ctx, benchmark)
	if err != nil || !there {
		return "", err
	}
	run, err := b.w.ResultRun(ctx, benchmark)
	return run.ID(), err
}

// joint reconstructs the suite together where two benchmarks of it were built. Otherwise
// earlier joint results go if they are not of the forms that there are now. The set is
// nil where nothing was stored.
func (b *building) joint(ctx context.Context, benchmarks []string) (*result.Set, error) {
	for _, name := range b.there {
		if slices.Contains(b.job.suite, name) && !slices.Contains(benchmarks, name) {
			b.without = append(b.without, result.LeftOut{Part: name, Reason: "this build was asked for others only: build all for scores together"})
		}
	}
	there, err := b.w.HasResults(ctx, analysis.JointName)
	if err != nil {
		return nil, err
	}
	stale := there && b.changed
	switch {
	case len(b.failed) > 0 && stale:
		return b.withdrawJoint(ctx, b.suite, "the build of a benchmark failed: build again when the cause is gone")
	case len(b.failed) > 0:
		return nil, nil
	case len(b.suite) >= 2:
		return b.runJoint(ctx, b.suite, b.without)
	case stale, !there && len(b.suite)+len(b.without) >= 2:
		reason := "fewer than 2 of the benchmarks that are reconstructed together were built"
		for _, w := range b.without {
			reason += "; " + w.Part + ": " + w.Reason
		}
		return b.withdrawJoint(ctx, b.suite, reason)
	}
	return nil, nil
}

// Pending are the benchmarks whose results are not those that a build would give now,
// analysis.JointName for the joint results among them.
func (p *Pipeline) Pending(ctx context.Context) ([]string, error) {
	all, err := p.w.Benchmarks(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	job, err := p.newJob(ctx)
	if err != nil {
		return nil, err
	}
	return job.pending(ctx, all)
}

// settingsHash identifies the settings that change results.
func settingsHash(opts analysis.Options, others []any) (string, error) {
	opts.Workers, opts.Rerun = 0, ""
	text, err := json.Marshal([]any{opts, others})
	if err != nil {
		return "", fmt.Errorf("hash the settings: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
