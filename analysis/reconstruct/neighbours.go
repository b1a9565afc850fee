package reconstruct

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// neighbourCount is how many training models the variance of a prediction is
// computed from. The exact variance needs the whole inverse covariance matrix
// (35 MB a benchmark for 2,000 models); given the nearest models, the others add
// little.
const neighbourCount = 16

// neighbours are the training models nearest to the one predicted, nearest
// first; among equals, the first offered. The distance is the prior variance of the
// difference of the two scores, k(x, x) + k(i, i) - 2 k(x, i).
type neighbours struct {
	row        []int
	difference []float64
	covariance []float64
}

func newNeighbours() *neighbours {
	return &neighbours{make([]int, 0, neighbourCount), make([]float64, 0, neighbourCount), make([]float64, 0, neighbourCount)}
}

func (n *neighbours) offer(row int, difference, covariance float64) {
	at := len(n.row)
	if at == neighbourCount {
		if difference >= n.difference[at-1] {
			return
		}
		at--
	} else {
		n.row = append(n.row, 0)
		n.difference = append(n.difference, 0)
		n.covariance = append(n.covariance, 0)
	}
	for at > 0 && difference < n.difference[at-1] {
		n.row[at], n.difference[at], n.covariance[at] = n.row[at-1], n.difference[at-1], n.covariance[at-1]
		at--
	}
	n.row[at], n.difference[at], n.covariance[at] = row, difference, covariance
}

// variance returns k(x, x) - c'(K + noise)⁻¹c + noise over the neighbours, the
// variance of a nearest-neighbour Gaussian process (Datta, Banerjee, Finley and
// Gelfand 2016), in units of the standardised scores. Where rounding leaves their
// covariance not positive definite, it is the prior variance, an upper limit.
func (n *neighbours) variance(m *Model, t *target, own float64) float64 {
	size := len(n.row)
	h := make([]int, m.layout.groups())
	a := blas64.Symmetric{Uplo: blas.Lower, N: size, Stride: max(1, size), Data: make([]float64, size*size)}
	for p, i := range n.row {
		for q := range p + 1 {
			j := n.row[q]
			m.layout.distances(m.rows[i], m.rows[j], h)
			a.Data[p*size+q] = t.kernel.at(h, m.shares[i], m.shares[j])
		}
		a.Data[p*size+p] += t.Hyper.Noise + noiseFloor
	}
	v := own + t.Hyper.Noise + noiseFloor
	root, ok := lapack64.Potrf(a)
	if !ok {
		return v
	}
	c := append([]float64(nil), n.covariance...)
	blas64.Trsv(blas.NoTrans, root, blas64.Vector{N: size, Inc: 1, Data: c})
	for _, x := range c {
		v -= x * x
	}
	return math.Max(v, noiseFloor)
}
