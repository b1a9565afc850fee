package irt

import "math"

// angles are the coordinates in which an item is sought:
//
//	(a, d, φ, ψ) with g = sin²φ and u = cos²ψ, 0 ≤ φ, ψ ≤ π/2
//
// On this scale, which stabilises a proportion's variance, the information about an
// asymptote doesn't grow without bound towards 0 and 1, and Newton steps neither
// cross the bound nor crawl along it.
type angles = vec4

func (it Item) angles() angles {
	return angles{it.A, it.D, math.Asin(math.Sqrt(it.G)), math.Acos(math.Sqrt(it.U))}
}

func itemAt(x angles) Item {
	sin, cos := math.Sin(x[2]), math.Cos(x[3])
	return Item{A: x[0], D: x[1], G: sin * sin, U: cos * cos}
}

// toAngles rewrites derivatives by (a, d, g, u) as derivatives by the angles.
// hessian is the negative Hessian.
func toAngles(x angles, gradient *vec4, hessian, squares *mat4) {
	k := [2]float64{math.Sin(2 * x[2]), -math.Sin(2 * x[3])} // first derivatives of g, u
	c := [2]float64{2 * math.Cos(2*x[2]), -2 * math.Cos(2*x[3])}
	for i := range 2 {
		for l := range maxParams {
			hessian[2+i][l] *= k[i]
			squares[2+i][l] *= k[i]
		}
		for l := range maxParams {
			hessian[l][2+i] *= k[i]
			squares[l][2+i] *= k[i]
		}
		hessian[2+i][2+i] -= gradient[2+i] * c[i]
		gradient[2+i] *= k[i]
	}
}
