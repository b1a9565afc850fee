package smooth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Defaults of a Smooth, those of the adaptive smooths in the published method.
const (
	DefaultFunctions = 40
	DefaultPenalties = 5
)

// Smooth asks for one term of a model.
type Smooth struct {
	Name      string // for messages and results
	Functions int    // B-splines, at least 6; 0 means DefaultFunctions
	Penalties int    // 1: plain P-spline; from 4: adaptive; 0 means DefaultPenalties
}

// Settings of a fit. The zero value is right for most.
type Settings struct {
	Starts int     // searches; 0 means 1
	Seed   uint64  // of the starting points after the first
	Gamma  float64 // how dear a degree of freedom is in GCV; 0 means 1, 1.4 guards against overfitting
}

// ErrConstant is the cause of a refused predictor or response that has only one value.
var ErrConstant = errors.New("only one distinct value")

// ErrScale is the cause of a refused predictor or response whose values are too large or
// too close to each other for floating point: squares of a response must stay within it.
var ErrScale = errors.New("the range of its values is beyond what can be computed with; give it in another unit")

// The ranges of a response and of a predictor that can be computed with, largest value
// less smallest.
const (
	leastResponse, mostResponse   = 1e-140, 1e140
	leastPredictor, mostPredictor = 1e-300, 1e300
)

// Fit fits y = intercept + Σ_j f_j(x[j]) by penalised least squares: x[j] holds the
// predictor of term j, one value a row. All numbers must be finite.
//
// GCV can have several local minima. settings.Starts > 1 searches from further
// starting points and keeps the lowest; the result depends on the seed only.
func Fit(ctx context.Context, smooths []Smooth, x [][]float64, y []float64, settings Settings) (*Model, error) {
	if len(smooths) != len(x) {
		panic("smooth: as many predictors as smooths are needed")
	}
	bases := make([]Basis, len(x))
	for j, s := range smooths {
		basis, err := basisFor(s, x[j], len(y))
		if err != nil {
			return nil, fmt.Errorf("smooth of %s: %w", s.Name, err)
		}
		bases[j] = basis
	}
	mean := 0.0
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("smooth: response of row %d is %v; drop the row first", i+1, v)
		}
		mean += v
	}
	mean /= float64(len(y))
	switch width := slices.Max(y) - slices.Min(y); {
	case width == 0: // the squares about a rounded mean would not tell
		return nil, fmt.Errorf("smooth: response: %w", ErrConstant)
	case width < leastResponse || width > mostResponse:
		return nil, fmt.Errorf("smooth: response: %w", ErrScale)
	}
	acc := newAccumulator(bases)
	for i, v := range y {
		for j := range bases {
			acc.setTerm(j, x[j][i])
		}
		acc.add(1, v-mean, (v-mean)*(v-mean))
	}
	return newFitter(smooths, acc).fit(ctx, mean, settings)
}

func basisFor(s Smooth, x []float64, rows int) (Basis, error) {
	if err := s.Validate(); err != nil {
		return Basis{}, err
	}
	functions, _ := s.sizes()
	if len(x) != rows {
		panic("smooth: predictor and response differ in length")
	}
	if rows < 4 {
		return Basis{}, fmt.Errorf("%d rows are too few", rows)
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Basis{}, fmt.Errorf("row %d is %v; drop the row first", i+1, v)
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	if !(hi > lo) {
		return Basis{}, ErrConstant
	}
	if hi-lo < leastPredictor || hi-lo > mostPredictor {
		return Basis{}, ErrScale
	}
	return NewBasis(lo, hi, functions), nil
}

// Validate reports whether the numbers of functions and penalties are possible.
func (s Smooth) Validate() error {
	functions, penalties := s.sizes()
	if functions < 6 {
		return fmt.Errorf("%d functions asked for, at least 6 are needed", functions)
	}
	if penalties != 1 && (penalties < order || penalties > functions-2) {
		return fmt.Errorf("%d penalties asked for, 1 or %d to %d are possible", penalties, order, functions-2)
	}
	return nil
}

func (s Smooth) sizes() (functions, penalties int) {
	functions, penalties = s.Functions, s.Penalties
	if functions == 0 {
		functions = DefaultFunctions
	}
	if penalties == 0 {
		penalties = DefaultPenalties
	}
	return functions, penalties
}
