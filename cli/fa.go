package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"metabench/analysis/factor"
	"metabench/statistics"
)

func newFaCommand(a *app) *cobra.Command {
	var o statistics.FactorOptions
	cmd := &cobra.Command{
		Use:   "fa FILE --columns A,B,... --factors K",
		Short: "Factor analysis of columns of a table",
		Long: `Extract K factors from columns of a table (Parquet or CSV, gzipped or not) by minimum
residuals, rotate them by direct oblimin if K > 1, and print loadings, factor
correlations and indices of fit. Rows that lack a value are left out and counted.`,
		Example: `  metabench fa frame.csv.gz --columns arc,gsm8k,hellaswag,mmlu --factors 1 --where set=train
  metabench fa thetas.parquet --columns arc,gsm8k,hellaswag,mmlu,truthfulqa --factors 2 --out scores.csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("fa needs one table: metabench fa FILE --columns A,B,... --factors K")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := statistics.Factors(cmd.Context(), args[0], o)
			if err != nil {
				return optionError(err)
			}
			if !a.json {
				a.noteFactors(r)
			}
			return a.print(r, func(p *page) { p.factors(r) })
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.Columns, "columns", nil, "columns to analyse, separated by commas (required)")
	f.IntVar(&o.Factors, "factors", 1, "number of factors")
	f.StringVar(&o.Where, "where", "", "use only rows whose column has a value: COLUMN=VALUE")
	f.StringVar(&o.ID, "id", "", "column to copy into the scores")
	f.StringVar(&o.Out, "out", "", "write the factor scores of all complete rows to this CSV file")
	return cmd
}

// noteFactors says what the numbers alone would hide.
func (a *app) noteFactors(r *statistics.FactorReport) {
	if r.Dropped > 0 {
		a.notef("left out %d rows that lack a value", r.Dropped)
	}
	for _, what := range []string{"extraction", "rotation"} {
		if status := r.Status[what]; status != factor.Converged {
			a.notef("%s ended with: %s", what, status)
		}
	}
	for _, c := range r.Columns {
		if slices.Contains(r.Heywood, c.Name) {
			a.notef("warning: %s has communality %.3f: a Heywood case", c.Name, c.Communality)
		}
	}
	if len(r.Heywood) > 0 {
		a.note("the solution is improper: no column can share all of its variance, or more, with factors; ask for fewer factors or take more rows")
	}
}

// factors adds loadings, factor correlations and indices of fit.
func (p *page) factors(r *statistics.FactorReport) {
	g := newGrid(append(append([]string{"column"}, r.Factors...), "communality", "uniqueness")...)
	row := func(first string, values []float64, rest ...string) {
		cells := []string{first}
		for _, v := range values {
			cells = append(cells, fixed(v, 4))
		}
		g.row(append(cells, rest...)...)
	}
	for _, c := range r.Columns {
		row(c.Name, c.Loadings, fixed(c.Communality, 4), fixed(c.Uniqueness, 4))
	}
	row("SS loadings", r.Variance, "", "")
	row("proportion", r.Proportion, "", "")
	if len(r.Factors) > 1 {
		for f, name := range r.Factors {
			row("correlation with "+name, r.Correlation[f], "", "")
		}
	}
	p.table(g)
	p.line("")
	g = newGrid("fit", "value")
	for _, name := range []string{"dof", "chi_square", "rmsea", "rmsea_lower", "rmsea_upper", "tli", "cfi", "rms", "crms", "bic"} {
		value := dash
		if v := r.Fit[name]; v != nil {
			value = strconv.FormatFloat(*v, 'g', 6, 64)
		}
		g.row(name, value)
	}
	g.count("rows", r.Rows)
	if len(r.Heywood) > 0 {
		g.row("Heywood cases", strings.Join(r.Heywood, ", "))
	}
	p.table(g)
}
