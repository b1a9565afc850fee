package reconstruct

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/optimize"

	"metabench/analysis/internal/parallel"
)

// points are the training models of one process.
type points struct {
	layout
	correct [][]uint64  // completed answers
	shares  [][]float64 // sub-scores of each benchmark
	y       []float64   // standardised scores
}

func (p points) len() int { return len(p.y) }

func (p points) subset(rows []int) points {
	s := points{layout: p.layout}
	for _, i := range rows {
		s.correct = append(s.correct, p.correct[i])
		s.shares = append(s.shares, p.shares[i])
		s.y = append(s.y, p.y[i])
	}
	return s
}

// covariance is a covariance function over the points of one process.
type covariance interface {
	// row returns the covariances with point i. Rows may be used by different
	// goroutines.
	row(i int) pairs
	// noise is the variance of the noise.
	noise() float64
	// parameters is the number of hyper-parameters, the noise being the last.
	parameters() int
}

// pairs are the covariances of one point with the others.
type pairs interface {
	value(j int) float64
	// addGradient adds weight times the derivatives of value by the logarithms of
	// the hyper-parameters but the noise.
	addGradient(grad []float64, weight float64, j int)
}

// answerCovariance is a kernel over the points' answers.
type answerCovariance struct {
	points
	*kernel
}

func (c answerCovariance) row(i int) pairs { return &answerPairs{c, i, make([]int, c.groups())} }
func (c answerCovariance) noise() float64  { return c.Noise }
func (c answerCovariance) parameters() int { return len(c.logs()) }

type answerPairs struct {
	answerCovariance
	i        int
	distance []int
}

func (r *answerPairs) value(j int) float64 {
	r.distances(r.correct[r.i], r.correct[j], r.distance)
	return r.at(r.distance, r.shares[r.i], r.shares[j])
}

func (r *answerPairs) addGradient(grad []float64, weight float64, j int) {
	r.distances(r.correct[r.i], r.correct[j], r.distance)
	r.kernel.addGradient(grad, weight, r.distance, r.shares[r.i], r.shares[j])
}

// matrix returns the upper triangle of A = K + noise·I, row by row, for n points.
func matrix(c covariance, n, workers int) blas64.Symmetric {
	a := blas64.Symmetric{Uplo: blas.Upper, N: n, Stride: n, Data: make([]float64, n*n)}
	parallel.Each(n, workers, func(i, _ int) {
		row, pairs := a.Data[i*n:(i+1)*n], c.row(i)
		for j := i; j < n; j++ {
			row[j] = pairs.value(j)
		}
		row[i] += c.noise() + noiseFloor
	})
	return a
}

var errNotPositive = errors.New("covariance matrix is not positive definite")

// evidence returns the negative logarithm of the marginal likelihood, without
// its constant, and its gradient by the logarithms of the hyper-parameters:
//
//	½ y'A⁻¹y + ½ log|A|,  ∂ = -½ tr((αα' - A⁻¹) ∂A),  A = K + noise·I, α = A⁻¹y
//
// (Rasmussen and Williams 2006, equation 5.9).
func evidence(c covariance, y []float64, workers int) (float64, []float64, error) {
	n := len(y)
	t, ok := lapack64.Potrf(matrix(c, n, workers))
	if !ok {
		return 0, nil, errNotPositive
	}
	alpha := append([]float64(nil), y...)
	lapack64.Potrs(t, blas64.General{Rows: n, Cols: 1, Stride: 1, Data: alpha})
	value := 0.0
	for i := range n {
		value += y[i]*alpha[i]/2 + math.Log(t.Data[i*n+i])
	}
	if _, ok := lapack64.Potri(t); !ok {
		return 0, nil, errNotPositive
	}
	size := c.parameters()
	parts := make([][]float64, n)
	parallel.Each(n, workers, func(i, _ int) {
		grad, pairs := make([]float64, size), c.row(i)
		for j := i; j < n; j++ {
			weight := t.Data[i*n+j] - alpha[i]*alpha[j]
			if i == j {
				weight /= 2
				grad[size-1] += weight * c.noise()
			}
			pairs.addGradient(grad, weight, j)
		}
		parts[i] = grad
	})
	grad := make([]float64, size)
	for _, part := range parts {
		for q, v := range part {
			grad[q] += v
		}
	}
	return value, grad, nil
}

// priorSD is the standard deviation of the logarithm of each hyper-parameter in its
// prior: one SD is a factor of e².
const priorSD = 2

// maximise finds the logarithms of the hyper-parameters with the largest posterior
// density by L-BFGS from start; prior is the centre of their prior, and covarianceOf
// makes the covariance function of hyper-parameters. It returns the best found within
// the given number of iterations, converged or not.
func maximise(ctx context.Context, covarianceOf func(logs []float64) covariance, y, prior, start []float64, iterations, workers int) ([]float64, error) {
	var last struct {
		x, grad []float64
		value   float64
	}
	evaluate := func(x []float64) {
		if last.x != nil && equal(last.x, x) {
			return
		}
		last.x = append(last.x[:0], x...)
		var err error
		if ctx.Err() != nil {
			err = ctx.Err()
		} else {
			last.value, last.grad, err = evidence(covarianceOf(x), y, workers)
		}
		if err != nil {
			last.value, last.grad = math.Inf(1), make([]float64, len(x))
			return
		}
		for q := range x {
			z := (x[q] - prior[q]) / priorSD
			last.value += z * z / 2
			last.grad[q] += z / priorSD
		}
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { evaluate(x); return last.value },
		Grad: func(grad, x []float64) { evaluate(x); copy(grad, last.grad) },
	}
	settings := &optimize.Settings{MajorIterations: iterations, GradientThreshold: 1e-3}
	result, err := optimize.Minimize(problem, start, settings, &optimize.LBFGS{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// A line search that fails is no error: the best point found is returned.
	if result == nil || math.IsInf(result.F, 0) || math.IsNaN(result.F) {
		return nil, fmt.Errorf("search hyper-parameters: %w", errors.Join(err, errNotPositive))
	}
	return result.X, nil
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// solve conditions a process on all points and returns the weights A⁻¹y.
func solve(c covariance, y []float64, workers int) ([]float64, error) {
	t, ok := lapack64.Potrf(matrix(c, len(y), workers))
	if !ok {
		return nil, errNotPositive
	}
	alpha := append([]float64(nil), y...)
	lapack64.Potrs(t, blas64.General{Rows: len(y), Cols: 1, Stride: 1, Data: alpha})
	return alpha, nil
}
