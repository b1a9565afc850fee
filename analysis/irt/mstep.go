package irt

// maximise returns the item that maximises the expected log-likelihood of its
// counts plus the log prior, by Newton steps from the given start, each shortened
// until it gains, while they promise to gain more than the tolerance. It never ends
// below its start.
func (c counts) maximise(start Item, kind Kind, prior *Prior, steps int, tolerance float64) (it Item, value float64) {
	it = start
	value = c.logLikelihood(it) + prior.log(it, kind)
	for range steps {
		gradient, hessian, squares := c.derivatives(it)
		prior.addDerivatives(it, kind, &gradient, &hessian, &squares)
		fixed := fixedParams(it, kind, gradient)
		toAngles(it.angles(), &gradient, &hessian, &squares)
		step := it.inTrustRegion(ascent(gradient, &hessian, &squares, fixed))
		gain := 0.0
		for k := range step {
			gain += step[k] * gradient[k]
		}
		if !(gain > tolerance) {
			break
		}
		moved := false
		for scale := 1.0; scale > 1e-5; scale /= 3 {
			try := it.plus(step, scale, kind)
			if v := c.logLikelihood(try) + prior.log(try, kind); v > value {
				moved = v-value > tolerance/10
				it, value = try, v
				break
			}
		}
		if !moved {
			break
		}
	}
	return it, value
}
