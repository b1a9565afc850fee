package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"metabench/analysis/smooth"
	"metabench/table"
)

// gamOptions are the flags of `metabench gam`.
type gamOptions struct {
	target     string
	smooths    []string
	split      string
	train      string
	test       string
	id         string
	out        string
	functions  int
	penalties  int
	plain      bool
	gamma      float64
	starts     int
	seed       uint64
	smoothList []smooth.Smooth
}

func newGamCommand(a *app) *cobra.Command {
	var o gamOptions
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
		RunE: func(cmd *cobra.Command, args []string) error { return a.gam(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "", "column to predict (required)")
	f.StringSliceVar(&o.smooths, "smooth", nil, "columns that get a smooth term, separated by commas (required)")
	f.StringVar(&o.split, "split", "", "column that says which rows to fit and which to judge by")
	f.StringVar(&o.train, "train", "train", "value of the split column for rows to fit")
	f.StringVar(&o.test, "test", "test", "value of the split column for rows to judge by; \"\" for none")
	f.StringVar(&o.id, "id", "", "column to copy into the predictions")
	f.StringVar(&o.out, "out", "", "write the predictions with standard errors to this CSV file")
	f.IntVar(&o.functions, "functions", smooth.DefaultFunctions, "B-splines a term")
	f.IntVar(&o.penalties, "penalties", smooth.DefaultPenalties, "smoothing parameters of an adaptive term")
	f.BoolVar(&o.plain, "plain", false, "one smoothing parameter a term (P-splines)")
	f.Float64Var(&o.gamma, "gamma", 1, "weight of a degree of freedom in GCV; above 1 for smoother terms")
	f.IntVar(&o.starts, "starts", 1, "searches for the smoothing parameters; the best is kept")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the searches after the first")
	return cmd
}

// check completes the options and refuses impossible ones.
func (o *gamOptions) check() error {
	if o.target == "" {
		return usagef("gam needs --target COL, the column to predict")
	}
	if len(o.smooths) == 0 {
		return usagef("gam needs --smooth A,B,..., the columns to predict from")
	}
	if o.plain {
		o.penalties = 1
	}
	for k, name := range o.smooths {
		name = strings.TrimSpace(name)
		o.smooths[k] = name
		switch {
		case name == o.target:
			return usagef("--smooth: %q is the target itself", name)
		case slices.Contains(o.smooths[:k], name):
			return usagef("--smooth: %q is given twice", name)
		}
		o.smoothList = append(o.smoothList, smooth.Smooth{Name: name, Functions: o.functions, Penalties: o.penalties})
	}
	if err := o.smoothList[0].Validate(); err != nil {
		return usagef("gam: %w", err)
	}
	if !(o.gamma > 0) {
		return usagef("--gamma %v: give a positive number", o.gamma)
	}
	if o.train == o.test {
		return usagef("--train and --test are both %q", o.train)
	}
	return nil
}

// gamRows is the table of one gam command, one column a term.
type gamRows struct {
	x      [][]float64
	y      []float64
	split  []string // empty without --split
	id     []string // empty without --id
	fit    []int    // complete rows to fit
	judge  []int    // complete rows to judge by
	report gamReport
}

// gamReport is what `metabench gam --json` prints.
type gamReport struct {
	Target     string         `json:"target"`
	Train      smooth.Errors  `json:"train"`
	Test       *smooth.Errors `json:"test,omitempty"`
	Dropped    gamDropped     `json:"dropped"`
	GCV        float64        `json:"gcv"`
	EDF        float64        `json:"edf"`
	Intercept  float64        `json:"intercept"`
	Scale      float64        `json:"scale"`
	Terms      []gamTerm      `json:"terms"`
	Status     smooth.Status  `json:"status"`
	Iterations int            `json:"iterations"`
	Seconds    float64        `json:"seconds"`
}

// gamDropped counts rows that were left out because a value is missing.
type gamDropped struct {
	Train int `json:"train"`
	Test  int `json:"test"`
}

type gamTerm struct {
	Name   string    `json:"name"`
	EDF    float64   `json:"edf"`
	Lambda []float64 `json:"lambda"`
}

func (a *app) gam(ctx context.Context, path string, o gamOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	rows, err := readGamRows(ctx, path, o)
	if err != nil {
		return err
	}
	started := time.Now()
	model, err := smooth.Fit(ctx, o.smoothList, pickRows(rows.x, rows.fit), pick(rows.y, rows.fit),
		smooth.Settings{Starts: o.starts, Seed: o.seed, Gamma: o.gamma})
	if err != nil {
		return fmt.Errorf("gam %s: %w", path, err)
	}
	r := rows.report
	r.Seconds = time.Since(started).Seconds()
	r.GCV, r.EDF, r.Intercept, r.Scale = model.GCV, model.EDF, model.Intercept, model.Scale
	r.Status, r.Iterations = model.Status, model.Iterations
	for _, t := range model.Terms {
		r.Terms = append(r.Terms, gamTerm{Name: t.Name, EDF: t.EDF, Lambda: t.Lambda})
	}
	r.Train = rows.errors(model, rows.fit)
	if o.split != "" && o.test != "" {
		test := rows.errors(model, rows.judge)
		r.Test = &test
	}
	if o.out != "" {
		if err := rows.write(o, model); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(r)
	}
	return a.printGam(r)
}

func readGamRows(ctx context.Context, path string, o gamOptions) (*gamRows, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	rows := &gamRows{report: gamReport{Target: o.target}}
	if rows.x, err = floatColumns(frame, o.smooths); err != nil {
		return nil, err
	}
	if rows.y, err = frame.Floats(o.target); err != nil {
		return nil, columnError(err)
	}
	if o.split != "" {
		if rows.split, err = frame.Strings(o.split); err != nil {
			return nil, columnError(err)
		}
		if !slices.Contains(rows.split, o.train) {
			return nil, usagef("%s, column %q: no row has the value %q, so there is nothing to fit. "+
				"It holds %s; choose with --train", path, o.split, o.train, someValues(rows.split))
		}
		if o.test != "" && !slices.Contains(rows.split, o.test) {
			return nil, usagef("%s, column %q: no row has the value %q, so there is nothing to judge by. "+
				"It holds %s; choose with --test, or judge by none with --test \"\"", path, o.split, o.test, someValues(rows.split))
		}
	}
	if o.id != "" {
		if rows.id, err = frame.Strings(o.id); err != nil {
			return nil, columnError(err)
		}
	}
	for i := range rows.y {
		complete := isFinite(rows.y[i]) && rows.complete(i)
		switch {
		case o.split == "" || rows.split[i] == o.train:
			if complete {
				rows.fit = append(rows.fit, i)
			} else {
				rows.report.Dropped.Train++
			}
		case o.test != "" && rows.split[i] == o.test:
			if complete {
				rows.judge = append(rows.judge, i)
			} else {
				rows.report.Dropped.Test++
			}
		}
	}
	if n := rows.report.Dropped.Test; n > 0 && len(rows.judge) == 0 {
		return nil, fmt.Errorf("gam %s: each of the %d rows to judge by lacks a value; fill them, or judge by none with --test \"\"", path, n)
	}
	return rows, nil
}

// complete reports whether row i has all predictors.
func (r *gamRows) complete(i int) bool {
	for _, column := range r.x {
		if !isFinite(column[i]) {
			return false
		}
	}
	return true
}

// errors judges a model by some rows.
func (r *gamRows) errors(m *smooth.Model, rows []int) smooth.Errors {
	predicted := make([]float64, len(rows))
	at := make([]float64, len(r.x))
	for k, i := range rows {
		predicted[k] = m.Predict(r.at(i, at))
	}
	return smooth.ErrorsOf(predicted, pick(r.y, rows))
}

// at writes the predictors of row i into x.
func (r *gamRows) at(i int, x []float64) []float64 {
	for j, column := range r.x {
		x[j] = column[i]
	}
	return x
}

// write writes the predictions of all rows that have the predictors, in file order.
func (r *gamRows) write(o gamOptions, m *smooth.Model) (err error) {
	f, err := renameio.NewPendingFile(o.out, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("write predictions: %w", err)
	}
	defer func() {
		if cleaning := f.Cleanup(); err == nil && cleaning != nil {
			err = fmt.Errorf("write predictions: %w", cleaning)
		}
	}()
	w := csv.NewWriter(f)
	header := []string{"row"}
	if o.id != "" {
		header = append(header, o.id)
	}
	if o.split != "" {
		header = append(header, o.split)
	}
	records := [][]string{append(header, o.target, "prediction", "se")}
	at := make([]float64, len(r.x))
	for i, y := range r.y {
		record := []string{strconv.Itoa(i + 1)}
		if o.id != "" {
			record = append(record, r.id[i])
		}
		if o.split != "" {
			record = append(record, r.split[i])
		}
		record = append(record, formatFloat(y))
		if r.complete(i) {
			fitted, se := m.PredictSE(r.at(i, at))
			record = append(record, formatFloat(fitted), formatFloat(se))
		} else {
			record = append(record, "", "")
		}
		records = append(records, record)
	}
	if err := w.WriteAll(records); err != nil {
		return fmt.Errorf("write predictions to %s: %w", o.out, err)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write predictions to %s: %w", o.out, err)
	}
	return nil
}

func (a *app) printGam(r gamReport) error {
	if n := r.Dropped.Train + r.Dropped.Test; n > 0 {
		fmt.Fprintf(a.Err, "left out %d rows that lack a value (%d train, %d test)\n", n, r.Dropped.Train, r.Dropped.Test)
	}
	if r.Status != smooth.Converged {
		fmt.Fprintf(a.Err, "the search for the smoothing parameters ended with: %s\n", r.Status)
	}
	g := newGrid("rows", "n", "RMSE", "MAE")
	g.row("train", strconv.Itoa(r.Train.N), fmt.Sprintf("%.4f", r.Train.RMSE), fmt.Sprintf("%.4f", r.Train.MAE))
	if r.Test != nil {
		g.row("test", strconv.Itoa(r.Test.N), fmt.Sprintf("%.4f", r.Test.RMSE), fmt.Sprintf("%.4f", r.Test.MAE))
	}
	if err := g.print(a.Out); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.Out); err != nil {
		return err
	}
	g = newGrid("term", "edf")
	g.row("intercept", "1.00")
	for _, t := range r.Terms {
		g.row("s("+t.Name+")", fmt.Sprintf("%.2f", t.EDF))
	}
	g.row("all", fmt.Sprintf("%.2f", r.EDF))
	if err := g.print(a.Out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.Out, "\nGCV %.6g, residual variance %.6g; %s after %d steps, %.3f s\n",
		r.GCV, r.Scale, r.Status, r.Iterations, r.Seconds)
	return err
}
