package irt

import "math"

// Prior is a weak prior on the items' parameters, which keeps them finite where
// the answers don't determine them:
//
//	a ~ N(SlopeMean, SlopeSD²), d ~ N(0, InterceptSD²),
//	g ~ Beta(1 + c·m, 1 + c·(1-m)), 1-u likewise
//
// with m = AsymptoteMean, the mode, and c = AsymptoteWeight, the number of answers
// that the prior is worth. With a prior the fit maximises the posterior; the
// reported log-likelihood remains that of the answers alone. A nil prior is none.
type Prior struct {
	SlopeMean, SlopeSD             float64
	InterceptSD                    float64
	AsymptoteMean, AsymptoteWeight float64
}

// WeakPrior is the prior of `metabench fit --prior`.
func WeakPrior() *Prior {
	return &Prior{SlopeMean: 1, SlopeSD: 3, InterceptSD: 6, AsymptoteMean: 0.1, AsymptoteWeight: 10}
}

func (p *Prior) log(it Item, kind Kind) float64 {
	if p == nil {
		return 0
	}
	a, d := (it.A-p.SlopeMean)/p.SlopeSD, it.D/p.InterceptSD
	v := -(a*a + d*d) / 2
	if kind >= ThreePL {
		v += p.asymptote(it.G)
	}
	if kind >= FourPL {
		v += p.asymptote(1 - it.U)
	}
	return v
}

// edge keeps the logarithm of an asymptote finite at its bound.
const edge = 1e-6

func (p *Prior) asymptote(x float64) float64 {
	return p.AsymptoteWeight * (p.AsymptoteMean*math.Log(x+edge) + (1-p.AsymptoteMean)*math.Log(1-x))
}

// addDerivatives adds the prior's part to the derivatives of the log-likelihood.
func (p *Prior) addDerivatives(it Item, kind Kind, gradient *vec4, hessian, squares *mat4) {
	if p == nil {
		return
	}
	var first, second vec4
	first[0], second[0] = -(it.A-p.SlopeMean)/(p.SlopeSD*p.SlopeSD), 1/(p.SlopeSD*p.SlopeSD)
	first[1], second[1] = -it.D/(p.InterceptSD*p.InterceptSD), 1/(p.InterceptSD*p.InterceptSD)
	asymptote := func(x float64) (d1, d2 float64) {
		up, down := p.AsymptoteWeight*p.AsymptoteMean, p.AsymptoteWeight*(1-p.AsymptoteMean)
		return up/(x+edge) - down/(1-x), up/((x+edge)*(x+edge)) + down/((1-x)*(1-x))
	}
	if kind >= ThreePL {
		first[2], second[2] = asymptote(it.G)
	}
	if kind >= FourPL {
		first[3], second[3] = asymptote(1 - it.U)
		first[3] = -first[3]
	}
	for k := range first {
		gradient[k] += first[k]
		hessian[k][k] += second[k]
		squares[k][k] += second[k]
	}
}
