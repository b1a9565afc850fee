package reconstruct

import (
	"fmt"
	"math"
)

// scale is one Gaussian term of the kernel: Amplitude · exp(-Σ_g h_g / Length[g]).
// A length of +Inf leaves a benchmark out. Amplitudes are in units of the
// variance of the scores, lengths in items.
type scale struct {
	Amplitude float64
	Length    []float64
}

// hyper are the hyper-parameters of one process, in units of the standardised
// scores.
type hyper struct {
	Linear []float64 // prior variance of the slope on each benchmark's sub-score
	Scales []scale
	Noise  float64 // variance of the noise
}

// noiseFloor keeps the covariance matrix positive definite when models answer
// all items alike.
const noiseFloor = 1e-5

// mostVariance bounds a hyper-parameter, so that noiseFloor is more than rounding beside it.
const mostVariance = 1e6

// validate checks that the covariance matrix of any models is positive definite.
func (h hyper) validate() error {
	variances := append([]float64{h.Noise}, h.Linear...)
	for _, s := range h.Scales {
		variances = append(variances, s.Amplitude)
	}
	for _, v := range variances {
		if !(v >= 0 && v <= mostVariance) {
			return fmt.Errorf("a variance of %v among the hyper-parameters", v)
		}
	}
	return nil
}

// startHyper is where the search for the hyper-parameters begins and the centre
// of their prior: half of the variance is linear or nearly so (the longest
// scale is several times the number of items), the rest on shorter scales.
func startHyper(l layout, target int) hyper {
	groups, total := l.groups(), 0
	for _, n := range l.items {
		total += n
	}
	h := hyper{Linear: make([]float64, groups), Noise: 0.01}
	for g := range h.Linear {
		h.Linear[g] = 1
	}
	for _, s := range []struct{ amplitude, length float64 }{{0.5, 2.7}, {0.1, 0.33}, {0.01, 0.07}} {
		length := make([]float64, groups)
		for g := range length {
			length[g] = s.length * float64(total)
		}
		h.Scales = append(h.Scales, scale{s.amplitude, length})
	}
	if groups > 1 {
		length := make([]float64, groups)
		for g := range length {
			length[g] = math.Inf(1)
		}
		length[target] = float64(l.items[target]) / 3
		h.Scales = append(h.Scales, scale{0.01, length})
	}
	return h
}

// logs appends the logarithms of all finite hyper-parameters in a fixed order.
func (h hyper) logs() []float64 {
	var p []float64
	for _, a := range h.Linear {
		p = append(p, math.Log(a))
	}
	for _, s := range h.Scales {
		p = append(p, math.Log(s.Amplitude))
		for _, v := range s.Length {
			if !math.IsInf(v, 1) {
				p = append(p, math.Log(v))
			}
		}
	}
	return append(p, math.Log(h.Noise))
}

// withLogs returns a copy of h with the values of p, the inverse of logs.
func (h hyper) withLogs(p []float64) hyper {
	next := func() float64 { v := math.Exp(p[0]); p = p[1:]; return v }
	out := hyper{Linear: make([]float64, len(h.Linear)), Scales: make([]scale, len(h.Scales))}
	for g := range out.Linear {
		out.Linear[g] = next()
	}
	for c, s := range h.Scales {
		out.Scales[c].Amplitude = next()
		out.Scales[c].Length = make([]float64, len(s.Length))
		for g, v := range s.Length {
			if !math.IsInf(v, 1) {
				v = next()
			}
			out.Scales[c].Length[g] = v
		}
	}
	out.Noise = next()
	return out
}

// kernel evaluates the covariance of two models. The exponentials of all
// possible distances are tabulated: a pair costs one multiplication a benchmark
// and scale.
type kernel struct {
	hyper
	centre []float64 // sub-score at which the linear term vanishes
	decay  [][]decay // a scale's, without the benchmarks that it leaves out
}

// decay is exp(-h/length) for every distance h in one benchmark.
type decay struct {
	group int
	table []float64
}

func newKernel(h hyper, l layout, centre []float64) *kernel {
	k := &kernel{hyper: h, centre: centre, decay: make([][]decay, len(h.Scales))}
	for c, s := range h.Scales {
		for g, length := range s.Length {
			if math.IsInf(length, 1) {
				continue
			}
			table := make([]float64, l.items[g]+1)
			for d := range table {
				table[d] = math.Exp(-float64(d) / length)
			}
			k.decay[c] = append(k.decay[c], decay{g, table})
		}
	}
	return k
}

// at returns the covariance of two models with distances h and sub-scores u, v.
func (k *kernel) at(h []int, u, v []float64) float64 {
	sum := 0.0
	for g, a := range k.Linear {
		sum += a * (u[g] - k.centre[g]) * (v[g] - k.centre[g])
	}
	for c := range k.Scales {
		sum += k.term(c, h)
	}
	return sum
}

func (k *kernel) term(c int, h []int) float64 {
	v := k.Scales[c].Amplitude
	for _, d := range k.decay[c] {
		v *= d.table[h[d.group]]
	}
	return v
}

// addGradient adds weight times the derivatives of at by the logarithms of the
// hyper-parameters (noise excepted) to grad, in the order of logs.
func (k *kernel) addGradient(grad []float64, weight float64, h []int, u, v []float64) {
	at := 0
	for g, a := range k.Linear {
		grad[at] += weight * a * (u[g] - k.centre[g]) * (v[g] - k.centre[g])
		at++
	}
	for c, s := range k.Scales {
		term := weight * k.term(c, h)
		grad[at] += term
		at++
		for g, length := range s.Length {
			if !math.IsInf(length, 1) {
				grad[at] += term * float64(h[g]) / length
				at++
			}
		}
	}
}
