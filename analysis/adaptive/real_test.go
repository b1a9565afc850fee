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

// mmluProMath returns 1,351 questions answered by 3,235 models, items fitted on a
// random four fifths of them.
func mmluProMath(t testing.TB) Evaluation {
	t.Helper()
	ctx := context.Background()
	r, err := table.ReadResponses(ctx, refdata.Path(t, "oll2", "mmlu_pro_math.parquet"), table.ResponseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows := rand.New(rand.NewPCG(1, 1)).Perm(len(r.Models))
	cut := len(rows) * 4 / 5
	ev := Evaluation{
		Table: r.Table, Train: response.TrainSet{Rows: rows[:cut]}, Test: response.TestSet{Rows: rows[cut:]},
		Form: 100, Lengths: []int{10, 20, 30, 40, 60, 80, 100},
	}
	fit, err := irt.Fit(ctx, r.Answers.SelectModels(ev.Train.Rows), irt.Options{Kind: irt.TwoPL, Prior: irt.WeakPrior()})
	if err != nil {
		t.Fatal(err)
	}
	if ev.Bank, err = NewBank(r.Items, fit.Items); err != nil {
		t.Fatal(err)
	}
	return ev
}

func TestAdaptiveReachesTheFixedFormsErrorWithSixtyItems(t *testing.T) {
	if testing.Short() {
		t.Skip("fits 1,351 items and plays 3,235 models")
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
		t.Logf("%3d items: raw %.3f, calibrated %.3f", c.Items, c.Raw.RMSE, c.Calibrated.RMSE)
	}
	t.Logf("%+v", *got)
	if got.Items.Mean > 60 || got.Calibrated.RMSE > form.Calibrated.RMSE {
		t.Errorf("%.1f items on average and RMSE %.3f; the fixed form of %d has %.3f",
			got.Items.Mean, got.Calibrated.RMSE, form.Items, form.Calibrated.RMSE)
	}
}
