package reconstruct

import (
	"fmt"
	"math"
	"slices"
)

// Place says where a model stands to the training models.
type Place string

// The places. A model inside is one of the population that the calibration knows.
const (
	Inside  Place = "inside"
	Edge    Place = "near the edge"
	Outside Place = "outside"
)

// Verdict says whether the training models tell about a model, and why not.
type Verdict struct {
	Place  Place
	Reason string // in words, with figures; also of one inside

	// Distance is the share of answers that the nearest training model gave otherwise, of
	// those that the model gave.
	Distance float64

	// The score is Weight·Process + (1 - Weight)·Design, in points: what the model's likeness
	// to the calibration's models says, and what its answers alone say, NaN where it has none.
	Weight, Process, Design float64
}

// limits are where a verdict changes, learned from models that were left out.
type limits struct {
	Edge float64 // position from which on a model is near the edge
	Far  float64 // distance beyond which likewise

	Known bool // whether models were left out to learn them from
}

const (
	// ordinaryAtEdge and ordinaryFar are the shares of models left out at random that are
	// not taken for inside, by position and by distance: 5 % together.
	ordinaryAtEdge = 0.035
	ordinaryFar    = 0.015
	// outsideFrom is the position from which on a model is outside.
	outsideFrom = 1
)

// newLimits takes the limits from ordinary cases.
func newLimits(cases []leftOut) limits {
	l := limits{Far: 1, Known: len(cases) > 0}
	var position, distance []float64
	for _, x := range cases {
		if !math.IsNaN(x.position) {
			position = append(position, x.position)
		}
		distance = append(distance, x.distance)
	}
	// The value that a new model exceeds with the probability; more than one of so few
	// models may be asked for.
	upper := func(values []float64, share, otherwise float64) float64 {
		slices.Sort(values)
		if k, ok := quantileRank(len(values), 1-share); ok {
			return min(values[k-1], otherwise)
		}
		return otherwise
	}
	l.Edge, l.Far = upper(position, ordinaryAtEdge, outsideFrom), upper(distance, ordinaryFar, 1)
	return l
}

// verdict judges a model by its position and distance.
func (l limits) verdict(x located, e extent, distance, weight float64) Verdict {
	v := Verdict{Place: Inside, Distance: distance, Weight: weight, Process: x.process, Design: x.design}
	beyond, bound := "above the highest", e.High
	if x.side == 0 {
		beyond, bound = "below the lowest", e.Low
	}
	nearest := fmt.Sprintf("the nearest model of the calibration answers %.0f %% otherwise", 100*distance)
	answers := fmt.Sprintf("its answers alone say %.1f", x.design)
	switch {
	case x.position >= outsideFrom:
		v.Place = Outside
		v.Reason = fmt.Sprintf("%s, %s score of the calibration, %.1f; %s", answers, beyond, bound, nearest)
	case x.position >= l.Edge:
		v.Place = Edge
		v.Reason = fmt.Sprintf("%s, and the calibration ends at %.1f; %s", answers, bound, nearest)
	case distance > l.Far:
		v.Place = Edge
		v.Reason = fmt.Sprintf("no model of the calibration is like it: %s", nearest)
	case math.IsNaN(x.design):
		v.Reason = "it has no answers to this benchmark; " + nearest
	default:
		v.Reason = fmt.Sprintf("%s, and the calibration has scores from %.1f to %.1f; %s", answers, e.Low, e.High, nearest)
	}
	return v
}
