package irt

import "math"

// The box in which parameters are sought. Slopes and intercepts this large make a
// curve that is a step between two neighbouring nodes of any usual grid, so the
// likelihood is flat beyond; asymptotes are probabilities.
const (
	MaxSlope     = 200.0
	MaxIntercept = 1200.0
	MinWidth     = 0.001 // least distance between the asymptotes
)

// clampItem moves an item's free parameters into the box.
func clampItem(it Item, kind Kind) Item {
	it.A = max(-MaxSlope, min(MaxSlope, it.A))
	it.D = max(-MaxIntercept, min(MaxIntercept, it.D))
	if kind < FourPL {
		it.U = 1
	}
	if kind < ThreePL {
		it.G = 0
		return it
	}
	it.G, it.U = max(0, it.G), min(1, it.U)
	if it.U-it.G < MinWidth {
		if kind == ThreePL {
			it.G = 1 - MinWidth
			return it
		}
		mid := max(MinWidth/2, min(1-MinWidth/2, (it.U+it.G)/2))
		it.G, it.U = mid-MinWidth/2, mid+MinWidth/2
	}
	return it
}

// fixedParams reports which parameters can't be moved along the gradient: those
// the kind doesn't free and those at their bound.
func fixedParams(it Item, kind Kind, gradient vec4) (fixed [maxParams]bool) {
	fixed[0] = it.A >= MaxSlope && gradient[0] >= 0 || it.A <= -MaxSlope && gradient[0] <= 0
	fixed[1] = it.D >= MaxIntercept && gradient[1] >= 0 || it.D <= -MaxIntercept && gradient[1] <= 0
	fixed[2] = kind < ThreePL || it.G <= 0
	fixed[3] = kind < FourPL || it.U >= 1
	closer := gradient[2]
	if kind >= FourPL {
		closer -= gradient[3]
	}
	if it.U-it.G <= MinWidth*(1+1e-9) && closer >= 0 {
		fixed[2], fixed[3] = true, true
	}
	return fixed
}

// AtBound reports whether a parameter of the item lies on the edge of the box.
func (k Kind) AtBound(it Item) bool {
	return it.A <= -MaxSlope || it.A >= MaxSlope || it.D <= -MaxIntercept || it.D >= MaxIntercept ||
		k >= ThreePL && (it.G <= 0 || it.U-it.G <= MinWidth) || k >= FourPL && it.U >= 1
}

// inTrustRegion shortens a step from the item, in angles, to where the local quadratic
// model is accurate.
func (it Item) inTrustRegion(step vec4) vec4 {
	long := math.Abs(step[0]) / (1 + math.Abs(it.A))
	long = max(long, math.Abs(step[1])/(2+math.Abs(it.D)))
	long = max(long, 3*math.Abs(step[2]), 3*math.Abs(step[3]))
	if long > 1 {
		for k := range step {
			step[k] /= long
		}
	}
	return step
}

// plus returns the item moved by scale times the step, in angles.
func (it Item) plus(step vec4, scale float64, kind Kind) Item {
	x := it.angles()
	// To the edge of the box in a straight line: a slope cut off without its
	// intercept would throw the threshold elsewhere.
	line := min(scale, room(x[0], step[0], MaxSlope), room(x[1], step[1], MaxIntercept))
	x[0], x[1] = x[0]+line*step[0], x[1]+line*step[1]
	x[2], x[3] = x[2]+scale*step[2], x[3]+scale*step[3]
	x[2], x[3] = max(0, min(math.Pi/2, x[2])), max(0, min(math.Pi/2, x[3]))
	next := itemAt(x)
	if step[2] == 0 {
		next.G = it.G
	}
	if step[3] == 0 {
		next.U = it.U
	}
	return clampItem(next, kind)
}

// room returns how many times the step fits between x and the bound on its side; as
// often as one likes where x lies on the bound, for then it is cut off there.
func room(x, step, limit float64) float64 {
	if step == 0 || math.Abs(x) >= limit && x*step > 0 {
		return math.Inf(1)
	}
	return (math.Copysign(limit, step) - x) / step
}
