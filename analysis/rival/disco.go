package rival

import (
	"context"
	"math"
	"slices"

	"metabench/analysis/distill"
	"metabench/analysis/internal/rank"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// nearestSignatures asks the items about which the training models disagree most, and
// takes the mean score of the k training models whose answers to them, the signature, are
// most like the model's (Rubinstein, Raible, Gubri and Oh, "DISCO: Diversifying sample
// condensation for efficient model evaluation", 2025, which finds nearest neighbours and
// regressions on signatures about as good). The k is the one of least error where each
// training model is left out.
func nearestSignatures(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	c, err := t.choose(ctx, distill.Disagreement{}, size)
	if err != nil {
		return nil, err
	}
	s := signatures{answers: t.Table.Answers.SelectItems(c.Items), scores: t.Scores, train: t.Train.Rows}
	most := min(mostNeighbours, len(s.train)-1)
	squares := make([]float64, most+1)
	for _, i := range s.train {
		for k, estimate := range s.means(i, most) {
			squares[k+1] += (estimate - t.Scores[i]) * (estimate - t.Scores[i])
		}
	}
	best := 1
	for k := 2; k <= most; k++ {
		if squares[k] < squares[best] {
			best = k
		}
	}
	out := make([]reconstruct.Prediction, len(t.Test.Rows))
	for k, i := range t.Test.Rows {
		out[k].Score = s.means(i, best)[best-1]
	}
	return out, nil
}

// mostNeighbours bounds the number of neighbours that is tried.
const mostNeighbours = 50

// signatures are models' answers to the chosen items.
type signatures struct {
	answers *response.Matrix
	scores  []float64
	train   []int
}

// means returns the mean scores of the 1, 2 … k training models nearest to a model, but
// for itself. Nearest is the smallest share of the answers known of both that differ; of
// equals, the first.
func (s *signatures) means(model, k int) []float64 {
	distances := make([]float64, len(s.train))
	for at, i := range s.train {
		distances[at] = differing(s.answers, model, i)
	}
	nearest := slices.DeleteFunc(rank.Order(distances), func(at int) bool { return s.train[at] == model })
	out := make([]float64, k)
	sum := 0.0
	for n := range k {
		sum += s.scores[s.train[nearest[n]]]
		out[n] = sum / float64(n+1)
	}
	return out
}

// differing returns the share of the answers known of both models that differ; +Inf where
// they have none in common.
func differing(m *response.Matrix, a, b int) float64 {
	differ, both := m.Differing(a, b)
	if both == 0 {
		return math.Inf(1)
	}
	return float64(differ) / float64(both)
}
