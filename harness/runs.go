package harness

import (
	"context"

	"metabench/corpus"
)

// RunOptions say which runs are read.
type RunOptions struct {
	Run string // only those that it means, as ReadRun has it; empty for all

	// Catalogue are benchmarks whose original tasks (arc_challenge, mmlu_anatomy) are read
	// too: by the documents' positions in the data set.
	Catalogue []corpus.Benchmark
}

// ReadRuns is Read for any number of runs, which are models with their arguments: each is
// an Output of its own, in the order of model and arguments. If Run means none, the error
// is a *RunsError. A file that can't be used belongs to the run that its results file tells,
// else to all runs of the model that its directory is named after.
func ReadRuns(ctx context.Context, o RunOptions, paths ...string) ([]*Output, error) {
	r, err := readPaths(ctx, o.Catalogue, paths)
	if err != nil {
		return nil, err
	}
	all := runsOf(r.tasks)
	var outs []*Output
	for _, of := range all {
		if o.Run != "" && !of.matches(o.Run) {
			continue
		}
		out, err := r.output(of.Run, func(t *Task) bool {
			return t.Run.ID == of.ID || !t.Run.Known && (t.Model == of.Model || len(all) == 1)
		})
		if err != nil {
			return nil, err
		}
		outs = append(outs, out)
	}
	if len(outs) == 0 {
		return nil, &RunsError{Asked: o.Run, Runs: all}
	}
	return outs, nil
}
