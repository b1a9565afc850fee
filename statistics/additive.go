package statistics

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"metabench/analysis/smooth"
	"metabench/table"
)

// AdditiveOptions say what an additive model predicts from which columns.
type AdditiveOptions struct {
	Target  string
	Smooths []string // columns that get a smooth term
	Split   string   // column that says which rows to fit and which to judge by; empty for all to fit
	Train   string   // its value for rows to fit
	Test    string   // its value for rows to judge by; empty for none
	ID      string   // column to copy into the predictions; empty for none
	Out     string   // file of the predictions with standard errors; empty for none

	Functions int     // B-splines a term
	Penalties int     // smoothing parameters a term
	Gamma     float64 // weight of a degree of freedom in GCV
	Starts    int     // searches for the smoothing parameters
	Seed      uint64  // of the searches after the first
}

// AdditiveReport is a fitted additive model and its errors.
type AdditiveReport struct {
	Target  string         `json:"target"`
	Train   smooth.Errors  `json:"train"`
	Test    *smooth.Errors `json:"test,omitempty"`
	Dropped struct {       // rows that lack a value
		Train int `json:"train"`
		Test  int `json:"test"`
	} `json:"dropped"`
	GCV        float64        `json:"gcv"`
	EDF        float64        `json:"edf"`
	Intercept  float64        `json:"intercept"`
	Scale      float64        `json:"scale"`
	Terms      []AdditiveTerm `json:"terms"`
	Status     smooth.Status  `json:"status"`
	Iterations int            `json:"iterations"`
	Seconds    float64        `json:"seconds"`
}

// AdditiveTerm is a smooth term with its effective degrees of freedom and smoothing
// parameters.
type AdditiveTerm struct {
	Name   string    `json:"name"`
	EDF    float64   `json:"edf"`
	Lambda []float64 `json:"lambda"`
}

// terms refuses impossible options and returns the smooth terms.
func (o *AdditiveOptions) terms() ([]smooth.Smooth, error) {
	switch {
	case o.Target == "":
		return nil, optionErrorf("gam needs --target COL, the column to predict")
	case len(o.Smooths) == 0:
		return nil, optionErrorf("gam needs --smooth A,B,..., the columns to predict from")
	}
	names, err := uniqueNames("--smooth", o.Smooths)
	if err != nil {
		return nil, err
	}
	var terms []smooth.Smooth
	for _, name := range names {
		if name == o.Target {
			return nil, optionErrorf("--smooth: %q is the target itself", name)
		}
		terms = append(terms, smooth.Smooth{Name: name, Functions: o.Functions, Penalties: o.Penalties})
	}
	switch err := terms[0].Validate(); {
	case err != nil:
		return nil, optionErrorf("gam: %w", err)
	case !(o.Gamma > 0):
		return nil, optionErrorf("--gamma %v: give a positive number", o.Gamma)
	case o.Train == o.Test:
		return nil, optionErrorf("--train and --test are both %q", o.Train)
	}
	o.Smooths = names
	return terms, nil
}

// additiveRows is the table of an additive model.
type additiveRows struct {
	x     columns // a column a term
	y     []float64
	split []string // nil without a split
	id    []string // nil without an ID
	train []int    // complete rows to fit
	test  []int    // complete rows to judge by
}

// Additive fits an additive model to a table.
//
// Errors: *OptionError, *corpus.DataError, those of smooth.Fit.
func Additive(ctx context.Context, path string, o AdditiveOptions) (*AdditiveReport, error) {
	terms, err := o.terms()
	if err != nil {
		return nil, err
	}
	r := &AdditiveReport{Target: o.Target}
	rows, err := r.read(ctx, path, o)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	model, err := smooth.Fit(ctx, terms, rows.x.rows(rows.train), columns{rows.y}.rows(rows.train)[0],
		smooth.Settings{Starts: o.Starts, Seed: o.Seed, Gamma: o.Gamma})
	if err != nil {
		return nil, fmt.Errorf("gam %s: %w", path, err)
	}
	r.Seconds = time.Since(started).Seconds()
	r.GCV, r.EDF, r.Intercept, r.Scale = model.GCV, model.EDF, model.Intercept, model.Scale
	r.Status, r.Iterations = model.Status, model.Iterations
	for _, t := range model.Terms {
		r.Terms = append(r.Terms, AdditiveTerm{Name: t.Name, EDF: t.EDF, Lambda: t.Lambda})
	}
	r.Train = rows.errors(model, rows.train)
	if o.Split != "" && o.Test != "" {
		test := rows.errors(model, rows.test)
		r.Test = &test
	}
	if o.Out == "" {
		return r, nil
	}
	return r, writeRecords(o.Out, rows.predictions(o, model))
}

// read reads the table, finds the rows to fit and to judge by, and counts those that lack
// a value.
func (r *AdditiveReport) read(ctx context.Context, path string, o AdditiveOptions) (*additiveRows, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	rows := &additiveRows{}
	if rows.x, err = readColumns(frame, o.Smooths); err != nil {
		return nil, err
	}
	if rows.y, err = frame.Floats(o.Target); err != nil {
		return nil, columnError(err)
	}
	if rows.split, err = readTexts(frame, o.Split); err != nil {
		return nil, err
	}
	if o.Split != "" {
		if !slices.Contains(rows.split, o.Train) {
			return nil, optionErrorf("%s, column %q: no row has the value %q, so there is nothing to fit. "+
				"It holds %s; choose with --train", path, o.Split, o.Train, someValues(rows.split))
		}
		if o.Test != "" && !slices.Contains(rows.split, o.Test) {
			return nil, optionErrorf("%s, column %q: no row has the value %q, so there is nothing to judge by. "+
				"It holds %s; choose with --test, or judge by none with --test \"\"", path, o.Split, o.Test, someValues(rows.split))
		}
	}
	if rows.id, err = readTexts(frame, o.ID); err != nil {
		return nil, err
	}
	for i := range rows.y {
		part, dropped := &rows.train, &r.Dropped.Train
		if o.Split != "" && rows.split[i] != o.Train {
			if part, dropped = &rows.test, &r.Dropped.Test; o.Test == "" || rows.split[i] != o.Test {
				continue
			}
		}
		if isFinite(rows.y[i]) && rows.x.complete(i) {
			*part = append(*part, i)
		} else {
			*dropped++
		}
	}
	if n := r.Dropped.Test; n > 0 && len(rows.test) == 0 {
		return nil, fmt.Errorf("gam %s: each of the %d rows to judge by lacks a value; fill them, or judge by none with --test \"\"", path, n)
	}
	return rows, nil
}

// errors judges a model by some rows.
func (r *additiveRows) errors(m *smooth.Model, rows []int) smooth.Errors {
	predicted := make([]float64, len(rows))
	x := make([]float64, len(r.x))
	for k, i := range rows {
		predicted[k] = m.Predict(r.x.row(i, x))
	}
	return smooth.ErrorsOf(predicted, columns{r.y}.rows(rows)[0])
}

// predictions are those of all rows, in file order; empty where a predictor lacks.
func (r *additiveRows) predictions(o AdditiveOptions, m *smooth.Model) [][]string {
	header := []string{"row"}
	if r.id != nil {
		header = append(header, o.ID)
	}
	if r.split != nil {
		header = append(header, o.Split)
	}
	records := [][]string{append(header, o.Target, "prediction", "se")}
	x := make([]float64, len(r.x))
	for i, y := range r.y {
		record := []string{strconv.Itoa(i + 1)}
		if r.id != nil {
			record = append(record, r.id[i])
		}
		if r.split != nil {
			record = append(record, r.split[i])
		}
		fitted, se := "", ""
		if r.x.complete(i) {
			v, e := m.PredictSE(r.x.row(i, x))
			fitted, se = number(v), number(e)
		}
		records = append(records, append(record, number(y), fitted, se))
	}
	return records
}
