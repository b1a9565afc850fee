package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Indices say how well a factor model reproduces the correlations R of n rows and p
// columns. With Σ the implied correlations and F = tr(RΣ⁻¹) - log|RΣ⁻¹| - p:
type Indices struct {
	DOF        int     // p(p-1)/2 - pk + k(k-1)/2
	Objective  float64 // F
	ChiSquare  float64 // F·(n - 1 - (2p+5)/6 - 2k/3), Bartlett's factor
	PValue     float64 // of ChiSquare
	NullChi    float64 // -log|R|·(n - 1 - (2p+5)/6), independence
	RMSEA      float64 // √max(ChiSquare/(DOF·n) - 1/(n-1), 0)
	RMSEALower float64 // 90 % interval √(λ/(DOF·(n-1))) from the non-central χ²(λ)
	RMSEAUpper float64
	TLI        float64 // Tucker-Lewis index
	CFI        float64 // comparative fit index
	BIC        float64 // ChiSquare - DOF·log n
	RMS        float64 // root mean square residual correlation
	CRMS       float64 // the same, corrected for DOF
	Empirical  float64 // n·Σ of all squared off-diagonal residuals
}

// indices computes the fit of the implied correlations. With DOF = 0 the indices
// that divide by it are NaN, and so are all that need Σ⁻¹ where the implied
// correlations are not positive definite, as with a Heywood case they need not be.
func indices(r, implied *mat.SymDense, n, k int) (Indices, error) {
	p := r.SymmetricDim()
	var cr mat.Cholesky
	if !cr.Factorize(r) {
		return Indices{}, ErrSingular
	}
	squares := 0.0
	for i := range p {
		for j := range p {
			d := r.At(i, j) - implied.At(i, j)
			squares += d * d
		}
	}
	rows, cols := float64(n), float64(p)
	f := Indices{DOF: freedom(p, k), Objective: discrepancy(r, implied, &cr)}
	dof := float64(f.DOF)
	base := rows - 1 - (2*cols+5)/6
	bartlett := base - 2*float64(k)/3
	f.ChiSquare = f.Objective * bartlett
	nullObjective := -cr.LogDet()
	f.NullChi = nullObjective * base
	nullDOF := cols * (cols - 1) / 2
	f.RMS = math.Sqrt(squares / (cols * (cols - 1)))
	f.Empirical = rows * squares
	f.BIC = f.ChiSquare - dof*math.Log(rows)
	f.CFI = 1 - max(f.ChiSquare-dof, 0)/max(f.NullChi-nullDOF, f.ChiSquare-dof, math.SmallestNonzeroFloat64)
	nan := math.NaN()
	f.PValue, f.RMSEA, f.RMSEALower, f.RMSEAUpper, f.TLI, f.CRMS = nan, nan, nan, nan, nan, nan
	if f.DOF == 0 {
		return f, nil
	}
	f.CRMS = math.Sqrt(squares / (2 * dof))
	if math.IsNaN(f.Objective) {
		return f, nil
	}
	f.PValue = distuv.ChiSquared{K: dof}.Survival(f.ChiSquare)
	f.RMSEA = math.Sqrt(max(f.ChiSquare/(dof*rows)-1/(rows-1), 0))
	f.RMSEALower = math.Sqrt(noncentrality(f.ChiSquare, dof, 0.95) / (dof * (rows - 1)))
	f.RMSEAUpper = math.Sqrt(noncentrality(f.ChiSquare, dof, 0.05) / (dof * (rows - 1)))
	null := nullObjective / nullDOF
	f.TLI = (null - f.Objective/dof) / (null - 1/bartlett)
	return f, nil
}

// discrepancy returns F = tr(RΣ⁻¹) - log|RΣ⁻¹| - p of correlations R, whose Cholesky
// factors are given, from implied ones Σ: 0 if they are equal, else positive. NaN
// stands for a Σ that is not positive definite or so near to it that F has no digits.
func discrepancy(r, implied *mat.SymDense, factors *mat.Cholesky) float64 {
	var ci mat.Cholesky
	var inverse mat.SymDense
	if !ci.Factorize(implied) || ci.Cond() > worstCondition || ci.InverseTo(&inverse) != nil {
		return math.NaN()
	}
	p := r.SymmetricDim()
	trace := 0.0
	for i := range p {
		for j := range p {
			trace += r.At(i, j) * inverse.At(j, i)
		}
	}
	return max(trace-factors.LogDet()+ci.LogDet()-float64(p), 0) // rounding leaves an exact fit on either side of 0
}

// noncentrality returns the λ ≥ 0 at which a non-central χ² of dof degrees of freedom
// is at most x with probability want, or 0 if it is less even for λ = 0.
//
// From x = 1e5 on the distribution is as good as normal, with mean dof + λ and variance
// 2(dof + 2λ), while the sum below would have ever more terms.
func noncentrality(x, dof, want float64) float64 {
	if x > 1e5 {
		z := distuv.UnitNormal.Quantile(want)
		m := x + 2*z*z
		return max(m-math.Copysign(math.Sqrt(m*m-x*x-2*dof*z*z), z)-dof, 0)
	}
	if noncentralCDF(x, dof, 0) <= want {
		return 0
	}
	low, high := 0.0, x+10
	for noncentralCDF(x, dof, high) > want {
		high *= 2
	}
	for range 100 {
		mid := (low + high) / 2
		if noncentralCDF(x, dof, mid) > want {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// noncentralCDF is the distribution function of the non-central χ²: a Poisson
// mixture, Σ_j Pois(j; λ/2) P(χ²_{dof+2j} ≤ x), summed outwards from its mode.
func noncentralCDF(x, dof, lambda float64) float64 {
	if lambda == 0 {
		return distuv.ChiSquared{K: dof}.CDF(x)
	}
	poisson := distuv.Poisson{Lambda: lambda / 2}
	mode := math.Floor(lambda / 2)
	sum := 0.0
	for _, direction := range []float64{1, -1} {
		j := mode
		if direction < 0 {
			j--
		}
		for ; j >= 0; j += direction {
			weight := poisson.Prob(j)
			if weight < 1e-16 && math.Abs(j-mode) > 10 {
				break
			}
			sum += weight * distuv.ChiSquared{K: dof + 2*j}.CDF(x)
		}
	}
	return sum
}
