package distill

import (
	"fmt"
	"math"
	"math/bits"

	"metabench/analysis/response"
)

// Sample is the answers of the training models to a benchmark, and their scores on the
// whole of it.
type Sample struct {
	answers   *response.Matrix // models × items
	columns   *response.Matrix // items × models
	scores    []float64        // points, one a model
	available []int            // items that may be chosen, ascending
	complete  bool
}

// NewSample takes the training rows of a matrix and of the scores on the whole
// benchmark (points, 0 to 100, one for each row of the matrix). The scores of the
// training rows must be finite.
func NewSample(m *response.Matrix, scores []float64, train response.TrainSet) (*Sample, error) {
	models, items := m.Dims()
	if len(scores) != models {
		panic("distill: as many scores as models are needed")
	}
	s := &Sample{answers: m.SelectModels(train.Rows)}
	for _, i := range train.Rows {
		if math.IsNaN(scores[i]) || math.IsInf(scores[i], 0) {
			return nil, fmt.Errorf("distill: the score of model %d is %v; leave the model out", i+1, scores[i])
		}
		s.scores = append(s.scores, scores[i])
	}
	s.columns = s.answers.Transpose()
	s.complete = s.answers.Complete()
	for j := range items {
		s.available = append(s.available, j)
	}
	return s, nil
}

// Dims returns the number of models and of items, chosen or not.
func (s *Sample) Dims() (models, items int) { return s.answers.Dims() }

// Available returns the items that may be chosen, ascending.
func (s *Sample) Available() []int { return s.available }

// Without returns the sample in which these items may not be chosen. The indices of
// items do not change.
func (s *Sample) Without(items []int) *Sample {
	taken := make(map[int]bool, len(items))
	for _, j := range items {
		taken[j] = true
	}
	rest := *s
	rest.available = nil
	for _, j := range s.available {
		if !taken[j] {
			rest.available = append(rest.available, j)
		}
	}
	return &rest
}

// Only returns the sample in which no other items may be chosen.
func (s *Sample) Only(items []int) *Sample {
	keep := make(map[int]bool, len(items))
	for _, j := range items {
		keep[j] = true
	}
	rest := *s
	rest.available = nil
	for _, j := range s.available {
		if keep[j] {
			rest.available = append(rest.available, j)
		}
	}
	return &rest
}

// TooFewModelsError says that there are too few models to choose items by.
type TooFewModelsError struct{ Models, Need int }

func (e *TooFewModelsError) Error() string {
	return fmt.Sprintf("distill: %d models are too few to choose items by, at least %d are needed", e.Models, e.Need)
}

// check refuses sizes that can't be chosen.
func (s *Sample) check(size int) error {
	if size < 1 || size > len(s.available) {
		return fmt.Errorf("distill: can't choose %d of %d items", size, len(s.available))
	}
	if models, _ := s.Dims(); models < 2 {
		return &TooFewModelsError{Models: models, Need: 2}
	}
	return nil
}

// share returns the share of correct answers to an item, 0 for one that nobody
// answered.
func (s *Sample) share(item int) float64 {
	correct, observed := s.columns.Counts(item)
	if observed == 0 {
		return 0
	}
	return float64(correct) / float64(observed)
}

// filled returns the items × models bits of correct answers, a missing answer
// replaced by the item's more frequent one. The rows of a complete sample are
// shared, not copied.
func (s *Sample) filled() [][]uint64 {
	models, items := s.Dims()
	rows := make([][]uint64, items)
	for j := range rows {
		rows[j] = s.columns.CorrectWords(j)
		if s.complete || s.share(j) <= 0.5 {
			continue
		}
		rows[j] = append([]uint64(nil), rows[j]...)
		for w, observed := range s.columns.ObservedWords(j) {
			rows[j][w] |= ^observed & wordMask(models, w)
		}
	}
	return rows
}

// wordMask has ones where word w of a row of n bits is used.
func wordMask(n, w int) uint64 {
	if left := n - 64*w; left < 64 {
		return 1<<left - 1
	}
	return math.MaxUint64
}

// common counts the bits that are set in both words.
func common(a, b []uint64) int {
	n := 0
	b = b[:len(a)]
	for w, v := range a {
		n += bits.OnesCount64(v & b[w])
	}
	return n
}

// hamming counts the bits in which two rows differ.
func hamming(a, b []uint64) int {
	n := 0
	b = b[:len(a)]
	for w, v := range a {
		n += bits.OnesCount64(v ^ b[w])
	}
	return n
}
