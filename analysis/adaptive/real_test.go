package adaptive

import (
	"context"
	"math/rand/v2"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/internal/refdata"
	"metabench/table"
)

// mmluProMath returns every third of 1,351 questions answered by 3,235 models, items
// fitted on a random four fifths of them.
func mmluProMath(t testing.TB) Evaluation {
	t.Helper()
	ctx := context.Background()
	r, err := table.ReadResponses(ctx, refdata.Path(t, "oll2", "mmlu_pro_math.parquet"), table.ResponseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var columns []int
	for j := 0; j < len(r.Items); j += 3 {
		columns = append(columns, j)
	}
	r.Table = r.SelectItems(columns)
	rows := rand.New(rand.NewPCG(1, 1)).Perm(len(r.Models))
	cut := len(rows) * 4 / 5
	ev := Evaluation{
		Table: r.Table, Train: response.TrainSet{Rows: rows[:cut]}, Test: response.TestSet{Rows: rows[cut:]},
		Form: 100, Lengths: []int{1, 2, 4, 6, 10, 12, 20, 40, 60, 80, 100},
	}
	fit, err := irt.Fit(ctx, r.Answers.SelectModels(ev.Train.Rows), irt.Options{Kind: irt.ThreePL, Prior: irt.WeakPrior(), Restarts: -1})
	if err != nil {
		t.Fatal(err)
	}
	if ev.Bank, err = NewBank(r.Items, fit.Items); err != nil {
		t.Fatal(err)
	}
	return ev
}

func TestSixtyAdaptiveItemsReachTheFixedFormsErrorAndIntervalsHold(t *testing.T) {
	if testing.Short() {
		t.Skip("fits 451 items and plays 3,235 models")
	}
	ev := mmluProMath(t)
	ctx := context.Background()
	form, err := ev.FixedForm(ctx, ability.MAP)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("fixed form: %+v", *form)
	stop := Any{Answers(60)}
	got, err := ev.Adaptive(ctx, Options{Stop: stop}, form)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Curve {
		t.Logf("%3d items: raw %.3f, calibrated %.3f, coverage %.3f, width %.2f", c.Items, c.Raw.RMSE, c.Calibrated.RMSE, c.Coverage, c.Width)
		// 647 test models: an SD of the coverage of 1.2 %, and the models differ from
		// those of the calibration.
		if c.Coverage < 0.86 || c.Coverage > 0.985 {
			t.Errorf("after %d items 90 %% intervals hold %.1f %% of the scores", c.Items, 100*c.Coverage)
		}
		if c.Items >= 10 && c.Coverage > 0.94 {
			t.Errorf("after %d items 90 %% intervals hold %.1f %% of the scores: they are too wide", c.Items, 100*c.Coverage)
		}
	}
	if got.Lowest < 0.82 || got.Highest < 0.82 {
		t.Errorf("intervals hold %.3f of the lowest scores and %.3f of the highest", got.Lowest, got.Highest)
	}
	if got.ItemModel > 0.8 {
		t.Errorf("without calibration they hold %.3f: the warning about that is out of date", got.ItemModel)
	}
	t.Logf("%+v", *got)
	if got.Items.Mean > 60 || got.Calibrated.RMSE > form.Calibrated.RMSE {
		t.Errorf("%.1f items on average and RMSE %.3f; the fixed form of %d has %.3f",
			got.Items.Mean, got.Calibrated.RMSE, form.Items, form.Calibrated.RMSE)
	}
}
