package statistics

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"metabench/analysis/factor"
	"metabench/table"
)

// FactorOptions say which columns of a table are analysed for how many factors.
type FactorOptions struct {
	Columns []string // at least three
	Factors int
	Where   string // COLUMN=VALUE: only rows whose column has the value; empty for all
	ID      string // column to copy into the scores; empty for none
	Out     string // file of the factor scores of all complete rows; empty for none
}

// FactorReport is a factor analysis. Fit has the indices of factor.Indices by name, nil
// for one that is not defined.
type FactorReport struct {
	Rows        int                      `json:"rows"`
	Dropped     int                      `json:"dropped"` // rows that lack a value
	Factors     []string                 `json:"factors"`
	Columns     []FactorColumn           `json:"columns"`
	Correlation [][]float64              `json:"factor_correlation"`
	Variance    []float64                `json:"ss_loadings"`
	Proportion  []float64                `json:"proportion_of_variance"`
	Fit         map[string]*float64      `json:"fit"`
	Status      map[string]factor.Status `json:"status"`
	Heywood     []string                 `json:"heywood"` // columns whose communality reaches 1: the solution is improper
}

// FactorColumn is what factors say of a column.
type FactorColumn struct {
	Name        string    `json:"name"`
	Loadings    []float64 `json:"loadings"`
	Communality float64   `json:"communality"`
	Uniqueness  float64   `json:"uniqueness"`
	Weights     []float64 `json:"score_weights"`
}

// Factors analyses columns of a table.
//
// Errors: *OptionError, *corpus.DataError, those of factor.Fit.
func Factors(ctx context.Context, path string, o FactorOptions) (*FactorReport, error) {
	if len(o.Columns) < 3 {
		return nil, optionErrorf("fa needs --columns with at least three columns, got %d", len(o.Columns))
	}
	names, err := uniqueNames("--columns", o.Columns)
	if err != nil {
		return nil, err
	}
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	if o.Where != "" {
		column, value, ok := strings.Cut(o.Where, "=")
		if !ok {
			return nil, optionErrorf("--where needs COLUMN=VALUE, got %q", o.Where)
		}
		if frame, err = frame.Filter(column, value); err != nil {
			return nil, &OptionError{err}
		}
	}
	x, err := readColumns(frame, names)
	if err != nil {
		return nil, err
	}
	var complete []int
	for i := range frame.Rows() {
		if x.complete(i) {
			complete = append(complete, i)
		}
	}
	s, err := factor.Fit(ctx, names, x.rows(complete), o.Factors)
	if err != nil {
		return nil, fmt.Errorf("fa %s: %w", path, err)
	}
	if o.Out != "" {
		id, err := readTexts(frame, o.ID)
		if err != nil {
			return nil, err
		}
		if err := writeRecords(o.Out, factorScores(s, o, x, id, complete)); err != nil {
			return nil, err
		}
	}
	return factorReport(s, frame.Rows()-len(complete)), nil
}

func factorReport(s *factor.Solution, dropped int) *FactorReport {
	r := &FactorReport{Rows: s.Rows, Dropped: dropped, Variance: s.Variance, Heywood: []string{},
		Status: map[string]factor.Status{"extraction": s.Extraction, "rotation": s.Rotation}}
	_, k := s.Loadings.Dims()
	for f := range k {
		r.Factors = append(r.Factors, "F"+strconv.Itoa(f+1))
		r.Correlation = append(r.Correlation, mat.Row(nil, f, s.Phi))
		r.Proportion = append(r.Proportion, s.Variance[f]/float64(len(s.Columns)))
	}
	for i, name := range s.Columns {
		r.Columns = append(r.Columns, FactorColumn{
			Name: name, Loadings: mat.Row(nil, i, s.Loadings), Weights: mat.Row(nil, i, s.Weights),
			Communality: s.Communality[i], Uniqueness: s.Uniqueness[i],
		})
	}
	for _, i := range s.Heywood {
		r.Heywood = append(r.Heywood, s.Columns[i])
	}
	f := s.Fit
	r.Fit = map[string]*float64{
		"dof": finiteOrNull(float64(f.DOF)), "objective": finiteOrNull(f.Objective),
		"chi_square": finiteOrNull(f.ChiSquare), "p_value": finiteOrNull(f.PValue), "null_chi_square": finiteOrNull(f.NullChi),
		"rmsea": finiteOrNull(f.RMSEA), "rmsea_lower": finiteOrNull(f.RMSEALower), "rmsea_upper": finiteOrNull(f.RMSEAUpper),
		"tli": finiteOrNull(f.TLI), "cfi": finiteOrNull(f.CFI), "bic": finiteOrNull(f.BIC),
		"rms": finiteOrNull(f.RMS), "crms": finiteOrNull(f.CRMS), "empirical_chi_square": finiteOrNull(f.Empirical),
	}
	return r
}

// factorScores are the factor scores of the complete rows, a record each.
func factorScores(s *factor.Solution, o FactorOptions, x columns, id []string, complete []int) [][]string {
	header := []string{"row"}
	if id != nil {
		header = append(header, o.ID)
	}
	score := make([]float64, o.Factors)
	for f := range score {
		header = append(header, "F"+strconv.Itoa(f+1))
	}
	records, row := [][]string{header}, make([]float64, len(x))
	for _, i := range complete {
		record := []string{strconv.Itoa(i + 1)}
		if id != nil {
			record = append(record, id[i])
		}
		for _, v := range s.Score(score, x.row(i, row)) {
			record = append(record, number(v))
		}
		records = append(records, record)
	}
	return records
}
