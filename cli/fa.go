package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"metabench/analysis/factor"
	"metabench/table"
)

// faOptions are the flags of `metabench fa`.
type faOptions struct {
	columns []string
	factors int
	where   string
	id      string
	out     string
}

func newFaCommand(a *app) *cobra.Command {
	var o faOptions
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
		RunE: func(cmd *cobra.Command, args []string) error { return a.fa(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.columns, "columns", nil, "columns to analyse, separated by commas (required)")
	f.IntVar(&o.factors, "factors", 1, "number of factors")
	f.StringVar(&o.where, "where", "", "use only rows whose column has a value: COLUMN=VALUE")
	f.StringVar(&o.id, "id", "", "column to copy into the scores")
	f.StringVar(&o.out, "out", "", "write the factor scores of all complete rows to this CSV file")
	return cmd
}

// faReport is what `metabench fa --json` prints.
type faReport struct {
	Rows        int                      `json:"rows"`
	Dropped     int                      `json:"dropped"`
	Factors     []string                 `json:"factors"`
	Columns     []faColumn               `json:"columns"`
	Correlation [][]float64              `json:"factor_correlation"`
	Variance    []float64                `json:"ss_loadings"`
	Proportion  []float64                `json:"proportion_of_variance"`
	Fit         map[string]*float64      `json:"fit"`
	Status      map[string]factor.Status `json:"status"`
	Heywood     []string                 `json:"heywood"` // columns whose communality reaches 1: the solution is improper
}

type faColumn struct {
	Name        string    `json:"name"`
	Loadings    []float64 `json:"loadings"`
	Communality float64   `json:"communality"`
	Uniqueness  float64   `json:"uniqueness"`
	Weights     []float64 `json:"score_weights"`
}

func (a *app) fa(ctx context.Context, path string, o faOptions) error {
	if len(o.columns) < 3 {
		return usagef("fa needs --columns with at least three columns, got %d", len(o.columns))
	}
	seen := map[string]bool{}
	for k, name := range o.columns {
		name = strings.TrimSpace(name)
		if seen[name] {
			return usagef("--columns: %q is given twice", name)
		}
		o.columns[k], seen[name] = name, true
	}
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return err
	}
	if o.where != "" {
		column, value, ok := strings.Cut(o.where, "=")
		if !ok {
			return usagef("--where needs COLUMN=VALUE, got %q", o.where)
		}
		if frame, err = frame.Filter(column, value); err != nil {
			return withCode(ExitUsage, err)
		}
	}
	x, err := floatColumns(frame, o.columns)
	if err != nil {
		return err
	}
	var complete []int
	rows := gamRows{x: x}
	for i := range frame.Rows() {
		if rows.complete(i) {
			complete = append(complete, i)
		}
	}
	x = pickRows(x, complete)
	s, err := factor.Fit(ctx, o.columns, x, o.factors)
	if err != nil {
		return fmt.Errorf("fa %s: %w", path, err)
	}
	if o.out != "" {
		if err := writeScores(frame, o, s, x, complete); err != nil {
			return err
		}
	}
	dropped := frame.Rows() - len(complete)
	if a.json {
		return a.printJSON(newFaReport(s, dropped))
	}
	return a.printFa(newFaReport(s, dropped))
}

func newFaReport(s *factor.Solution, dropped int) faReport {
	r := faReport{Rows: s.Rows, Dropped: dropped, Variance: s.Variance, Heywood: []string{},
		Status: map[string]factor.Status{"extraction": s.Extraction, "rotation": s.Rotation}}
	_, k := s.Loadings.Dims()
	for f := range k {
		r.Factors = append(r.Factors, "F"+strconv.Itoa(f+1))
		r.Correlation = append(r.Correlation, mat.Row(nil, f, s.Phi))
		r.Proportion = append(r.Proportion, s.Variance[f]/float64(len(s.Columns)))
	}
	for i, name := range s.Columns {
		r.Columns = append(r.Columns, faColumn{
			Name: name, Loadings: mat.Row(nil, i, s.Loadings), Weights: mat.Row(nil, i, s.Weights),
			Communality: s.Communality[i], Uniqueness: s.Uniqueness[i],
		})
	}
	for _, i := range s.Heywood {
		r.Heywood = append(r.Heywood, s.Columns[i])
	}
	f := s.Fit
	r.Fit = map[string]*float64{}
	for name, v := range map[string]float64{
		"dof": float64(f.DOF), "objective": f.Objective, "chi_square": f.ChiSquare, "p_value": f.PValue,
		"null_chi_square": f.NullChi, "rmsea": f.RMSEA, "rmsea_lower": f.RMSEALower, "rmsea_upper": f.RMSEAUpper,
		"tli": f.TLI, "cfi": f.CFI, "bic": f.BIC, "rms": f.RMS, "crms": f.CRMS, "empirical_chi_square": f.Empirical,
	} {
		if !isFinite(v) { // null: not defined, see factor.Indices
			r.Fit[name] = nil
			continue
		}
		r.Fit[name] = &v
	}
	return r
}

func (a *app) printFa(r faReport) error {
	if r.Dropped > 0 {
		fmt.Fprintf(a.Err, "left out %d rows that lack a value\n", r.Dropped)
	}
	for _, what := range []string{"extraction", "rotation"} {
		if status := r.Status[what]; status != factor.Converged {
			fmt.Fprintf(a.Err, "%s ended with: %s\n", what, status)
		}
	}
	for _, c := range r.Columns {
		if slices.Contains(r.Heywood, c.Name) {
			fmt.Fprintf(a.Err, "warning: %s has communality %.3f: a Heywood case\n", c.Name, c.Communality)
		}
	}
	if len(r.Heywood) > 0 {
		fmt.Fprintln(a.Err, "the solution is improper: no column can share all of its variance, or more, with factors; ask for fewer factors or take more rows")
	}
	g := newGrid(append(append([]string{"column"}, r.Factors...), "communality", "uniqueness")...)
	number := func(v float64) string { return fmt.Sprintf("%.4f", v) }
	cells := func(first string, values []float64, more ...string) []string {
		row := []string{first}
		for _, v := range values {
			row = append(row, number(v))
		}
		return append(row, more...)
	}
	for _, c := range r.Columns {
		g.row(cells(c.Name, c.Loadings, number(c.Communality), number(c.Uniqueness))...)
	}
	g.row(cells("SS loadings", r.Variance, "", "")...)
	g.row(cells("proportion", r.Proportion, "", "")...)
	if len(r.Factors) > 1 {
		for f, name := range r.Factors {
			g.row(cells("correlation with "+name, r.Correlation[f], "", "")...)
		}
	}
	if err := g.print(a.Out); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.Out); err != nil {
		return err
	}
	g = newGrid("fit", "value")
	for _, name := range []string{"dof", "chi_square", "rmsea", "rmsea_lower", "rmsea_upper", "tli", "cfi", "rms", "crms", "bic"} {
		value := "–"
		if v := r.Fit[name]; v != nil {
			value = strconv.FormatFloat(*v, 'g', 6, 64)
		}
		g.row(name, value)
	}
	g.row("rows", strconv.Itoa(r.Rows))
	if len(r.Heywood) > 0 {
		g.row("Heywood cases", strings.Join(r.Heywood, ", "))
	}
	return g.print(a.Out)
}

// writeScores writes the factor scores of the complete rows; x holds those only.
func writeScores(frame *table.Frame, o faOptions, s *factor.Solution, x [][]float64, complete []int) (err error) {
	var id []string
	header := []string{"row"}
	if o.id != "" {
		if id, err = frame.Strings(o.id); err != nil {
			return columnError(err)
		}
		header = append(header, o.id)
	}
	score := make([]float64, o.factors)
	for f := range score {
		header = append(header, "F"+strconv.Itoa(f+1))
	}
	f, err := renameio.NewPendingFile(o.out, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	defer func() {
		if cleaning := f.Cleanup(); err == nil && cleaning != nil {
			err = fmt.Errorf("write scores: %w", cleaning)
		}
	}()
	records, row := [][]string{header}, make([]float64, len(x))
	for k, i := range complete {
		record := []string{strconv.Itoa(i + 1)}
		if id != nil {
			record = append(record, id[i])
		}
		for j := range x {
			row[j] = x[j][k]
		}
		for _, v := range s.Score(score, row) {
			record = append(record, formatFloat(v))
		}
		records = append(records, record)
	}
	if err := csv.NewWriter(f).WriteAll(records); err != nil {
		return fmt.Errorf("write scores to %s: %w", o.out, err)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write scores to %s: %w", o.out, err)
	}
	return nil
}
