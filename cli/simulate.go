package cli

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"metabench/analysis/irt"
	"metabench/analysis/simulate"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	study   simulate.Study
	model   string
	noSE    bool
	workers int
}

func newSimulateCommand(a *app) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Check the estimators on simulated answers: a parameter-recovery study",
		Long: `Draw models and items, draw answers from them, fit them as if nothing were known, and
compare with the truth: bias, root mean squared error and correlation of the item
parameters (slope a, intercept d, difficulty b, asymptotes g and u) and the MAP
abilities, and the share of true values within their 95 % intervals.`,
		Example: `  metabench simulate --models 4000 --items 350 --replicates 5
  metabench simulate --model 3PL --missing 0.3 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.simulate(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.model, "model", "2PL", "2PL, 3PL or 4PL")
	fl.IntVar(&f.study.Models, "models", 2000, "models to draw")
	fl.IntVar(&f.study.Items, "items", 100, "items to draw")
	fl.IntVar(&f.study.Replicates, "replicates", 3, "times to draw and fit")
	fl.Float64Var(&f.study.Missing, "missing", 0, "share of answers missing at random")
	fl.Uint64Var(&f.study.Seed, "seed", 1, "seed of everything drawn")
	fl.BoolVar(&f.noSE, "no-se", false, "no standard errors of the items, whose cost grows with their number squared")
	fl.IntVar(&f.workers, "workers", 0, "processors to use, 0 for all; the result is the same")
	return cmd
}

// simulateReport is what `metabench simulate --json` prints.
type simulateReport struct {
	*simulate.Recovery
	Seconds float64 `json:"seconds"` // all fits with their standard errors
}

func (a *app) simulate(ctx context.Context, f simulateFlags) error {
	var err error
	if f.study.Kind, err = irt.ParseKind(f.model); err != nil {
		return usagef("--model: %w", err)
	}
	if f.workers < 0 {
		return usagef("--workers %d: need 0 for all or more", f.workers)
	}
	if err := f.study.Check(); err != nil {
		return withCode(ExitUsage, err)
	}
	fitter := &simulate.Marginal{Workers: f.workers, Errors: !f.noSE}
	recovery, err := f.study.Run(ctx, fitter)
	if err != nil {
		return err
	}
	r := simulateReport{recovery, fitter.Spent.Seconds()}
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		if status != irt.Converged.String() && !a.json {
			a.notef("%d of %d fits ended with: %s", r.Statuses[status], r.Replicates, status)
		}
	}
	return a.print(r, func(p *page) { p.recovery(r) })
}

// recovery adds how well the truth was recovered.
func (p *page) recovery(r simulateReport) {
	p.line("%s, %d models × %d items, %d replicates, %.1f s of fitting\n", r.Kind, r.Models, r.Items, r.Replicates, r.Seconds)
	g := newGrid("parameter", "compared", "bias", "RMSE", "r", "95% coverage")
	for _, of := range r.Parameters {
		coverage := dash
		if of.Coverage != nil {
			coverage = percent(*of.Coverage)
		}
		if of.Compared == 0 {
			g.row(of.Name, "0", dash, dash, dash, dash)
			continue
		}
		g.row(of.Name, strconv.Itoa(of.Compared), fixed(of.Bias, 4), fixed(of.RMSE, 4), fixed(of.Correlation, 4), coverage)
	}
	p.table(g)
}
