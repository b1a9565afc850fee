package reconstruct

import (
	"context"
	"fmt"
	"math"
)

// Surface is a Gaussian process over numeric predictors, such as abilities and
// sub-scores, for where no answers are at hand:
//
//	k(x, x') = Σ_f a_f x_f x'_f + s_1 exp(-r_1) + s_2 exp(-√r_2),  r_c = Σ_f (x_f - x'_f)² / l_cf
//
// with predictors and response standardised. It has no intervals.
type Surface struct {
	xMean, xSD []float64 // of the predictors
	yMean, ySD float64   // of the response
	x          [][]float64
	alpha      []float64
	kernel     surfaceKernel
}

// FitSurface fits y to x[f][i], predictor f of row i. All numbers must be finite.
func FitSurface(ctx context.Context, x [][]float64, y []float64, opts Options) (*Surface, error) {
	opts = opts.withDefaults()
	n := len(y)
	if n < MinModels {
		return nil, fmt.Errorf("fit surface: %d rows, at least %d are needed", n, MinModels)
	}
	s := &Surface{x: make([][]float64, n)}
	for f, column := range x {
		if len(column) != n || !finite(column) {
			return nil, fmt.Errorf("fit surface: predictor %d has %d values, want %d finite ones", f, len(column), n)
		}
		z := append([]float64(nil), column...)
		mean, sd := standardise(z)
		s.xMean, s.xSD = append(s.xMean, mean), append(s.xSD, sd)
		for i, v := range z {
			s.x[i] = append(s.x[i], v)
		}
	}
	if !finite(y) {
		return nil, fmt.Errorf("fit surface: a response is not finite")
	}
	z := append([]float64(nil), y...)
	s.yMean, s.ySD = standardise(z)
	rows := stream(opts.Seed, streamSubset).Perm(n)[:min(n, opts.Subset)]
	var subX [][]float64
	var subY []float64
	for _, i := range rows {
		subX, subY = append(subX, s.x[i]), append(subY, z[i])
	}
	prior := startSurface(len(x)).logs()
	of := func(logs []float64) covariance { return surfaceCovariance{subX, surfaceOf(logs, len(x))} }
	logs, err := maximise(ctx, of, subY, prior, prior, opts.Iterations, opts.Workers)
	if err != nil {
		return nil, fmt.Errorf("fit surface: %w", err)
	}
	s.kernel = surfaceOf(logs, len(x))
	alpha, err := solve(surfaceCovariance{s.x, s.kernel}, z, opts.Workers)
	if err != nil {
		return nil, fmt.Errorf("fit surface: %w", err)
	}
	s.alpha = alpha
	return s, ctx.Err()
}

// Predict returns the expected response at x, one value a predictor.
func (s *Surface) Predict(x []float64) float64 {
	z := make([]float64, len(x))
	for f, v := range x {
		z[f] = (v - s.xMean[f]) / s.xSD[f]
	}
	sum := 0.0
	for i, a := range s.alpha {
		sum += a * s.kernel.at(z, s.x[i])
	}
	return s.yMean + s.ySD*sum
}

// surfaceKernel holds the hyper-parameters of a Surface.
type surfaceKernel struct {
	linear        []float64
	amplitude     [2]float64
	length        [2][]float64
	noiseVariance float64
}

func startSurface(predictors int) surfaceKernel {
	k := surfaceKernel{amplitude: [2]float64{0.3, 0.01}, noiseVariance: 0.003}
	for range predictors {
		k.linear = append(k.linear, 0.05)
		k.length[0] = append(k.length[0], 60)
		k.length[1] = append(k.length[1], 100)
	}
	return k
}

func (k surfaceKernel) logs() []float64 {
	all := append([]float64(nil), k.linear...)
	for c := range k.amplitude {
		all = append(append(all, k.amplitude[c]), k.length[c]...)
	}
	all = append(all, k.noiseVariance)
	for q, v := range all {
		all[q] = math.Log(v)
	}
	return all
}

// surfaceOf is the inverse of logs.
func surfaceOf(logs []float64, predictors int) surfaceKernel {
	v := make([]float64, len(logs))
	for q, l := range logs {
		v[q] = math.Exp(l)
	}
	k := surfaceKernel{linear: v[:predictors], noiseVariance: v[len(v)-1]}
	for c := range k.amplitude {
		at := predictors + c*(1+predictors)
		k.amplitude[c], k.length[c] = v[at], v[at+1:at+1+predictors]
	}
	return k
}

func (k surfaceKernel) at(x, y []float64) float64 {
	sum, r := 0.0, [2]float64{}
	for f, a := range k.linear {
		sum += a * x[f] * y[f]
		d := (x[f] - y[f]) * (x[f] - y[f])
		r[0] += d / k.length[0][f]
		r[1] += d / k.length[1][f]
	}
	return sum + k.amplitude[0]*math.Exp(-r[0]) + k.amplitude[1]*math.Exp(-math.Sqrt(r[1]))
}

// surfaceCovariance is the kernel over rows of predictors.
type surfaceCovariance struct {
	x [][]float64
	surfaceKernel
}

func (c surfaceCovariance) row(i int) pairs { return surfacePairs{c, c.x[i]} }
func (c surfaceCovariance) noise() float64  { return c.noiseVariance }
func (c surfaceCovariance) parameters() int { return 3*len(c.linear) + 3 }

type surfacePairs struct {
	surfaceCovariance
	at []float64
}

func (p surfacePairs) value(j int) float64 { return p.surfaceKernel.at(p.at, p.x[j]) }

func (p surfacePairs) addGradient(grad []float64, weight float64, j int) {
	k, y := p.surfaceKernel, p.x[j]
	n := len(k.linear)
	r := [2]float64{}
	for f, a := range k.linear {
		grad[f] += weight * a * p.at[f] * y[f]
		d := (p.at[f] - y[f]) * (p.at[f] - y[f])
		r[0] += d / k.length[0][f]
		r[1] += d / k.length[1][f]
	}
	root := math.Sqrt(r[1])
	value := [2]float64{k.amplitude[0] * math.Exp(-r[0]), k.amplitude[1] * math.Exp(-root)}
	slope := [2]float64{value[0], 0} // of value by the logarithm of 1/r, divided by r
	if root > 0 {
		slope[1] = value[1] / (2 * root)
	}
	for c := range value {
		at := n + c*(1+n)
		grad[at] += weight * value[c]
		for f := range n {
			d := (p.at[f] - y[f]) * (p.at[f] - y[f])
			grad[at+1+f] += weight * slope[c] * d / k.length[c][f]
		}
	}
}
