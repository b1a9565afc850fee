package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"metabench/analysis/smooth"
	"metabench/statistics"
)

func newGamCommand(a *app) *cobra.Command {
	var o statistics.AdditiveOptions
	var plain bool
	cmd := &cobra.Command{
		Use:   "gam FILE --target COL --smooth A,B,...",
		Short: "Fit an additive model of smooth terms to a table",
		Long: `Fit target = intercept + f(A) + f(B) + … to the rows of a table (Parquet or CSV, gzipped or not).

Each f is an adaptive penalised spline: cubic B-splines whose smoothness varies
along the predictor, chosen by generalised cross validation. With --split COL the
model is fitted to the rows whose COL is "train" and judged on those where it is
"test"; other rows are only predicted. --test "" judges by none. Rows that lack a value
are left out and counted.`,
		Example: `  metabench gam frame.csv.gz --target grand --smooth grand.l,grand.s,arc --split set
  metabench gam thetas.parquet --target score --smooth theta --out predictions.csv --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("gam needs one table: metabench gam FILE --target COL --smooth A,B,...")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if plain {
				o.Penalties = 1
			}
			r, err := statistics.Additive(cmd.Context(), args[0], o)
			if err != nil {
				return optionError(err)
			}
			if n := r.Dropped.Train + r.Dropped.Test; n > 0 && !a.json {
				a.notef("left out %d rows that lack a value (%d train, %d test)", n, r.Dropped.Train, r.Dropped.Test)
			}
			if r.Status != smooth.Converged && !a.json {
				a.notef("the search for the smoothing parameters ended with: %s", r.Status)
			}
			return a.print(r, func(p *page) { p.additive(r) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Target, "target", "", "column to predict (required)")
	f.StringSliceVar(&o.Smooths, "smooth", nil, "columns that get a smooth term, separated by commas (required)")
	f.StringVar(&o.Split, "split", "", "column that says which rows to fit and which to judge by")
	f.StringVar(&o.Train, "train", "train", "value of the split column for rows to fit")
	f.StringVar(&o.Test, "test", "test", "value of the split column for rows to judge by; \"\" for none")
	f.StringVar(&o.ID, "id", "", "column to copy into the predictions")
	f.StringVar(&o.Out, "out", "", "write the predictions with standard errors to this CSV file")
	f.IntVar(&o.Functions, "functions", smooth.DefaultFunctions, "B-splines a term")
	f.IntVar(&o.Penalties, "penalties", smooth.DefaultPenalties, "smoothing parameters of an adaptive term")
	f.BoolVar(&plain, "plain", false, "one smoothing parameter a term (P-splines)")
	f.Float64Var(&o.Gamma, "gamma", 1, "weight of a degree of freedom in GCV; above 1 for smoother terms")
	f.IntVar(&o.Starts, "starts", 1, "searches for the smoothing parameters; the best is kept")
	f.Uint64Var(&o.Seed, "seed", 1, "seed of the searches after the first")
	return cmd
}

// additive adds the errors of an additive model and its terms.
func (p *page) additive(r *statistics.AdditiveReport) {
	g := newGrid("rows", "n", "RMSE", "MAE")
	row := func(name string, e smooth.Errors) { g.row(name, strconv.Itoa(e.N), fixed(e.RMSE, 4), fixed(e.MAE, 4)) }
	row("train", r.Train)
	if r.Test != nil {
		row("test", *r.Test)
	}
	p.table(g)
	p.line("")
	g = newGrid("term", "edf")
	g.row("intercept", "1.00")
	for _, t := range r.Terms {
		g.row("s("+t.Name+")", fixed(t.EDF, 2))
	}
	g.row("all", fixed(r.EDF, 2))
	p.table(g)
	p.line("\nGCV %.6g, residual variance %.6g; %s after %d steps, %.3f s", r.GCV, r.Scale, r.Status, r.Iterations, r.Seconds)
}
