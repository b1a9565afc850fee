package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"metabench/analysis"
	"metabench/config"
)

// Build analyses the benchmarks, or all that have answers, and stores their results
// under a run. When all are asked for, those with too few models are left out, and
// returned. The stage named again, if any, is computed although its inputs are the same.
func (p *Pipeline) Build(ctx context.Context, benchmarks []string, again string) (left []*analysis.TooFewModelsError, err error) {
	everything := len(benchmarks) == 0
	if everything {
		if benchmarks, err = p.w.Benchmarks(ctx); err != nil {
			return nil, err
		}
	}
	if len(benchmarks) == 0 {
		return nil, errors.New("the warehouse has no answers yet; crawl or import some first")
	}
	job, err := p.newJob(ctx)
	if err != nil {
		return nil, err
	}
	job.opts.Rerun = again
	var suite []*analysis.Distilled
	for _, b := range benchmarks {
		distilled, err := job.run(ctx, b)
		var few *analysis.TooFewModelsError
		if everything && errors.As(err, &few) {
			left = append(left, few)
			continue
		}
		if err != nil {
			return left, err
		}
		if slices.Contains(job.suite, b) {
			suite = append(suite, distilled)
		}
	}
	if len(suite) < 2 {
		return left, nil
	}
	return left, job.runJoint(ctx, suite)
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

func buildOptions(cfg config.Config) analysis.Options {
	b := cfg.Build
	return analysis.Options{
		Seed: b.Seed, Workers: b.Workers, ValidationShare: b.ValidationShare, TestShare: b.TestShare,
		Preselect: b.Preselect, Subsets: b.Subsets, Items: b.Items, Lambda: b.Lambda, Forms: b.Forms,
		MinModels: b.MinModels, MinObserved: b.MinObserved,
	}
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
