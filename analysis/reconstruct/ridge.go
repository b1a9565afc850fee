package reconstruct

import (
	"errors"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"metabench/analysis/response"
)

// ridge regresses the scores of a benchmark on its answers,
//
//	minimise Σ_i (y_i - β₀ - Σ_j β_j x_ij)² + λ Σ_j β_j² ,
//
// over rows with all answers. 1e-8 of the number of rows is always added to λ, for
// collinear answers; where the matrix is not positive definite all the same, it is an
// error.
func ridge(b Benchmark, rows []int, lambda float64) (linear, error) {
	p := len(b.Items)
	n := float64(len(rows))
	mean, my := make([]float64, p), 0.0
	for _, i := range rows {
		my += b.Scores[i] / n
		for j := range p {
			if b.Answers.At(i, j) == response.Correct {
				mean[j] += 1 / n
			}
		}
	}
	a, c := make([]float64, p*p), make([]float64, p)
	on := make([]int, 0, p)
	for _, i := range rows {
		on = on[:0]
		for j := range p {
			if b.Answers.At(i, j) == response.Correct {
				on = append(on, j)
			}
		}
		for _, j := range on {
			c[j] += b.Scores[i] - my
			for _, k := range on {
				if k > j {
					break
				}
				a[j*p+k]++
			}
		}
	}
	for j := range p {
		for k := range j + 1 {
			a[j*p+k] -= n * mean[j] * mean[k]
		}
		a[j*p+j] += lambda + 1e-8*n
	}
	root, ok := lapack64.Potrf(blas64.Symmetric{Uplo: blas.Lower, N: p, Stride: max(1, p), Data: a})
	if !ok {
		return nil, errors.New("the answers are collinear")
	}
	lapack64.Potrs(root, blas64.General{Rows: p, Cols: 1, Stride: 1, Data: c})
	l := make(linear, p+1)
	l[0] = my
	for j, v := range c {
		l[j+1] = v
		l[0] -= v * mean[j]
	}
	return l, nil
}
