package distill

import (
	"context"
	"errors"
	"fmt"
	"math"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/smooth"
)

// Refit judges trials as the published method does: the picks are fitted anew to the
// training models, all abilities are estimated from the picks, a smooth of the
// training models' abilities predicts the score, and the error is that on the
// validation models. Its Evaluate is what a Search needs.
type Refit struct {
	Answers    *response.Matrix // models × items
	Scores     []float64        // points (0 to 100), one a model
	Train      response.TrainSet
	Validation response.ValidationSet
	Prior      *irt.Prior              // of the fits; nil for none
	Starts     map[irt.Kind][]irt.Item // items to start the fits from, one an item of Answers; may be nil
	Smooth     smooth.Smooth           // from ability to score
	Workers    int                     // of a fit; 0 means all processors
}

// Evaluate returns the root mean square error (points) on the validation models. It
// is +Inf if the picks give all training models the same ability.
func (r *Refit) Evaluate(ctx context.Context, t Trial) (float64, error) {
	items := Items(t.Picks)
	answers := r.Answers.SelectItems(items)
	options := irt.Options{Kind: t.Kind, Prior: r.Prior, Restarts: -1, Workers: r.Workers}
	if bank := r.Starts[t.Kind]; bank != nil {
		for _, j := range items {
			options.Start = append(options.Start, bank[j])
		}
	}
	fit, err := irt.Fit(ctx, answers.SelectModels(r.Train.Rows), options)
	if err != nil {
		return 0, fmt.Errorf("refit: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	abilities := func(rows []int) ([]float64, error) {
		estimates, err := ability.Estimates(ctx, answers.SelectModels(rows), fit.Items,
			ability.Options{Method: t.Estimator, Workers: r.Workers})
		if err != nil {
			return nil, fmt.Errorf("refit: %w", err)
		}
		theta := make([]float64, len(estimates))
		for k, e := range estimates {
			theta[k] = e.Theta
		}
		return theta, nil
	}
	train, err := abilities(r.Train.Rows)
	if err != nil {
		return 0, err
	}
	validation, err := abilities(r.Validation.Rows)
	if err != nil {
		return 0, err
	}
	model, err := smooth.Fit(ctx, []smooth.Smooth{r.Smooth}, [][]float64{train}, r.scores(r.Train.Rows), smooth.Settings{})
	switch {
	case errors.Is(err, smooth.ErrConstant):
		return math.Inf(1), nil
	case err != nil:
		return 0, fmt.Errorf("refit: %w", err)
	}
	predicted := make([]float64, len(validation))
	for k, theta := range validation {
		predicted[k] = model.Predict([]float64{theta})
	}
	return smooth.ErrorsOf(predicted, r.scores(r.Validation.Rows)).RMSE, nil
}

func (r *Refit) scores(rows []int) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = r.Scores[i]
	}
	return out
}
