package warehouse

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"math"
	"slices"

	"metabench/analysis/result"
)

// resultTables are the tables that StoreResults replaces.
var resultTables = []string{
	"split_assignment", "irt_fit", "item_parameter", "ability", "selection_search", "selected_item",
	"reconstruction_model", "prediction", "reconstruction_metric", "form_reliability",
	"learning_curve", "left_out",
}

// StoreResults replaces a benchmark's results by those of a run, in one
// transaction. Values that are NaN or infinite are stored as NULL where the column
// says that there may be none, and refused elsewhere.
func (w *Warehouse) StoreResults(ctx context.Context, runID string, s result.Set) error {
	if err := validName("benchmark", s.Benchmark); err != nil {
		return fmt.Errorf("store results: %w", err)
	}
	err := w.change(ctx, func(c *change) error {
		for _, table := range resultTables {
			if err := c.exec(deleteResults[table], s.Benchmark); err != nil {
				return fmt.Errorf("replace %s: %w", table, err)
			}
		}
		if err := c.appendResults(runID, s); err != nil {
			return err
		}
		if err := c.appendCalibrations(runID, s); err != nil {
			return err
		}
		return c.dropQuestions(s.Benchmark)
	})
	if err != nil {
		return fmt.Errorf("store results of %s: %w", s.Benchmark, err)
	}
	return nil
}

// deleteResults are the statements that clear a benchmark's rows.
var deleteResults = func() map[string]string {
	all := map[string]string{}
	for _, table := range resultTables {
		all[table] = "DELETE FROM " + table + " WHERE benchmark = ?"
	}
	return all
}()

func (c *change) appendResults(runID string, s result.Set) error {
	var err error
	// Columns that tables were given later come after the run.
	addLater := func(table string, later []driver.Value, values ...driver.Value) {
		if err == nil {
			err = c.append(table, slices.Concat([]driver.Value{s.Benchmark}, values, []driver.Value{runID}, later)...)
		}
	}
	add := func(table string, values ...driver.Value) { addLater(table, nil, values...) }
	for _, r := range s.Splits {
		add("split_assignment", r.Scheme, r.Model, r.Part, r.Family)
	}
	for _, r := range s.Fits {
		add("irt_fit", r.Stage, r.Kind, int32(r.Persons), int32(r.Items), number(r.LogLikelihood), number(r.Gradient), int32(r.Iterations), r.Status)
	}
	for _, r := range s.Items {
		add("item_parameter", r.Stage, r.Kind, r.Item, number(r.A), number(r.D), number(r.G), number(r.U),
			number(r.SEA), number(r.SED), number(r.SEG), number(r.SEU), number(r.MaxInformation), number(r.ArgMax), number(r.Infit), number(r.Outfit))
	}
	for _, r := range s.Abilities {
		add("ability", r.Stage, r.Kind, r.Estimator, r.Model, number(r.Theta), number(r.SE))
	}
	for _, r := range s.Searches {
		add("selection_search", r.Form, int32(r.Step), r.Kind, r.Estimator, r.Grid, number(r.Threshold), int32(r.Items), number(r.RMSE), number(r.Objective), r.Chosen)
	}
	for _, r := range s.Selected {
		addLater("selected_item", []driver.Value{probability(r.Inclusion)}, r.Form, int32(r.Position), r.Item, number(r.Theta), number(r.Information))
	}
	for _, r := range s.Models {
		add("reconstruction_model", r.Target, r.Form, r.Method, r.Metric, r.Chosen, r.Detail, blob(r.Blob))
	}
	for _, r := range s.Predictions {
		addLater("prediction", []driver.Value{optional(r.Place), optional(r.Reason)}, r.Target, r.Form, r.Method, r.Scheme, r.Model, r.Part, number(r.Score), number(r.Predicted), number(r.Lower), number(r.Upper))
	}
	for _, r := range s.Metrics {
		add("reconstruction_metric", r.Target, r.Form, r.Method, r.Scheme, r.Part, r.Group, int32(r.Models), int32(r.Items),
			number(r.RMSE), number(r.MAE), number(r.Bias), number(r.Spearman), number(r.Coverage), number(r.Width))
	}
	for _, r := range s.Forms {
		add("form_reliability", r.FormA, r.FormB, int32(r.Models), number(r.Correlation), number(r.RMSD))
	}
	for _, r := range s.Curve {
		add("learning_curve", r.Axis, int32(r.TrainingModels), int32(r.Items), int32(r.TestModels), number(r.RMSE), number(r.MAE))
	}
	for _, r := range s.LeftOut {
		add("left_out", r.Part, r.Item, r.Reason)
	}
	return err
}

// number is a value that is NULL where it is not one.
func number(x float64) driver.Value {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return x
}

// probability is a value that is NULL where it is zero.
func probability(p float64) driver.Value {
	if p == 0 {
		return nil
	}
	return p
}

// optional is a value that is NULL where it is empty.
func optional(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

func blob(b []byte) driver.Value {
	if b == nil {
		return nil
	}
	return b
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
