package harness

import "context"

// ReadRuns is Read for any number of runs, which are models with their arguments: each is
// an Output of its own, in the order of model and arguments. Where run isn't empty, only
// those are read that it means, as ReadRun has it; if it means none, the error is a
// *RunsError. A file that can't be used belongs to the run that its results file tells,
// else to all runs of the model that its directory is named after.
func ReadRuns(ctx context.Context, run string, paths ...string) ([]*Output, error) {
	r, err := readPaths(ctx, paths)
	if err != nil {
		return nil, err
	}
	all := runsOf(r.tasks)
	var outs []*Output
	for _, of := range all {
		if run != "" && !of.matches(run) {
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
		return nil, &RunsError{Asked: run, Runs: all}
	}
	return outs, nil
}
