package ability

import "math"

const (
	negligible  = 46.0 // weights below exp(-46) = 1e-20 of the largest count as 0
	meanAgree   = 1e-5 // odd and even nodes must agree to this part of the SD
	meanHalving = 12
)

// mean returns the mean and standard deviation of the posterior, row being its
// logarithm at the nodes up to a constant.
//
// The equidistant (trapezoidal) rule converges geometrically for such an analytic
// integrand: the rule of every other node tells, by how far it differs from that of
// the rest, how exact the rule of all nodes is; the error of the latter is at most
// about the square of that difference. Where they differ too much, or the posterior does not
// vanish at the ends, the step is halved around the mass.
func (s *Scorer) mean(row []float64, p pattern) Estimate {
	all, agree := moments(s.grid, row)
	if !s.fixed && p.answered == 0 {
		return Estimate{SE: 1} // the prior
	}
	if s.fixed || agree && vanishes(row) {
		return all
	}
	value := func(theta float64) float64 {
		return logLikelihood(s.items, p, theta) - theta*theta/2
	}
	nodes, values := s.window(row, all.SE/3, value)
	for range meanHalving {
		if all, agree = moments(nodes, values); agree {
			break
		}
		nodes, values = halve(nodes, values, value)
	}
	return all
}

// moments returns mean and SD of exp(logDensity) at equidistant nodes and whether
// the odd and the even nodes alone agree about them.
func moments(nodes, logDensity []float64) (all Estimate, agree bool) {
	most := math.Inf(-1)
	for _, v := range logDensity {
		most = max(most, v)
	}
	var w, m, v [2]float64 // sums of weights, of the nodes, of their squares about ref
	ref := 0.0
	for k, x := range logDensity {
		if x == most {
			ref = nodes[k]
			break
		}
	}
	for k, x := range logDensity {
		if x < most-negligible {
			continue
		}
		weight, d := math.Exp(x-most), nodes[k]-ref
		w[k&1] += weight
		m[k&1] += weight * d
		v[k&1] += weight * d * d
	}
	fold := func(w, m, v float64) (mean, sd float64) {
		mean = m / w
		return mean, math.Sqrt(max(0, v/w-mean*mean))
	}
	mean, sd := fold(w[0]+w[1], m[0]+m[1], v[0]+v[1])
	mean0, sd0 := fold(w[0], m[0], v[0])
	mean1, sd1 := fold(w[1], m[1], v[1])
	tolerance := meanAgree * sd
	agree = math.Abs(mean0-mean1) <= tolerance && math.Abs(sd0-sd1) <= tolerance // false for NaN
	return Estimate{Theta: mean + ref, SE: sd}, agree
}

// vanishes reports whether the posterior at both ends of the grid is so small, e^-15
// of its peak, that what lies beyond moves mean and SD by 1e-6 or so. The prior alone
// is e^-18 there.
func vanishes(row []float64) bool {
	most := math.Inf(-1)
	for _, v := range row {
		most = max(most, v)
	}
	return max(row[0], row[len(row)-1]) < most-15
}

// window returns equidistant nodes over the posterior's mass, with its logarithm at
// them, about step apart.
func (s *Scorer) window(row []float64, step float64, value func(float64) float64) (nodes, values []float64) {
	most := math.Inf(-1)
	for _, v := range row {
		most = max(most, v)
	}
	first, last := len(row)-1, 0
	for k, v := range row {
		if v > most-negligible {
			first, last = min(first, k), max(last, k)
		}
	}
	lo, hi := s.grid[first], s.grid[last]
	step = max(step, s.grid[1]-s.grid[0])
	offset := s.curve.offset[len(row)/2] // of row above value; the middle node is 0, or nearly
	for value(lo)+offset > most-negligible {
		lo -= step
	}
	for value(hi)+offset > most-negligible {
		hi += step
	}
	n := max(3, int(math.Ceil((hi-lo)/step))+1)
	step = (hi - lo) / float64(n-1)
	for i := range n {
		theta := lo + float64(i)*step
		nodes, values = append(nodes, theta), append(values, value(theta))
	}
	return nodes, values
}

// halve puts a node between each two.
func halve(nodes, values []float64, value func(float64) float64) (finer, at []float64) {
	for k, theta := range nodes {
		if k > 0 {
			mid := nodes[k-1] + (theta-nodes[k-1])/2
			finer, at = append(finer, mid), append(at, value(mid))
		}
		finer, at = append(finer, theta), append(at, values[k])
	}
	return finer, at
}
