package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/irt"
	"metabench/analysis/response"
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
	fitter := &marginalFitter{workers: f.workers, errors: !f.noSE}
	recovery, err := f.study.Run(ctx, fitter)
	if err != nil {
		return err
	}
	r := simulateReport{recovery, fitter.spent.Seconds()}
	if a.json {
		return a.printJSON(r)
	}
	return a.printRecovery(r)
}

// marginalFitter lets the study test irt.Fit.
type marginalFitter struct {
	workers int
	errors  bool
	spent   time.Duration
}

// Fit implements simulate.Fitter.
func (m *marginalFitter) Fit(ctx context.Context, answers *response.Matrix, kind irt.Kind) (*simulate.Fitted, error) {
	began := time.Now()
	defer func() { m.spent += time.Since(began) }()
	opts := irt.Options{Kind: kind, Workers: m.workers}
	fit, err := irt.Fit(ctx, answers, opts)
	if err != nil {
		return nil, err
	}
	out := &simulate.Fitted{Items: fit.Items, Status: fit.Status.String()}
	if !m.errors || ctx.Err() != nil {
		return out, ctx.Err()
	}
	se, err := irt.ComputeStandardErrors(ctx, answers, fit, opts)
	if errors.Is(err, irt.ErrNoInformation) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.SE = slices.Clone(se.Items)
	for j := range out.SE {
		e := &out.SE[j]
		for _, v := range []*float64{&e.A, &e.D, &e.G, &e.U} {
			if *v == 0 { // has none
				*v = math.NaN()
			}
		}
	}
	return out, nil
}

func (a *app) printRecovery(r simulateReport) error {
	if _, err := fmt.Fprintf(a.Out, "%s, %d models × %d items, %d replicates, %.1f s of fitting\n\n",
		r.Kind, r.Models, r.Items, r.Replicates, r.Seconds); err != nil {
		return err
	}
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		n := r.Statuses[status]
		if status != irt.Converged.String() {
			fmt.Fprintf(a.Err, "%d of %d fits ended with: %s\n", n, r.Replicates, status)
		}
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
	g := newGrid("parameter", "compared", "bias", "RMSE", "r", "95% coverage")
	for _, p := range r.Parameters {
		coverage := "–"
		if p.Coverage != nil {
			coverage = strconv.FormatFloat(100**p.Coverage, 'f', 1, 64) + "%"
		}
		if p.Compared == 0 {
			g.row(p.Name, "0", "–", "–", "–", "–")
			continue
		}
		g.row(p.Name, strconv.Itoa(p.Compared), number(p.Bias), number(p.RMSE), number(p.Correlation), coverage)
	}
	return g.print(a.Out)
}
