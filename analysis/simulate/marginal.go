package simulate

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// Marginal lets a study test irt.Fit, marginal maximum likelihood.
type Marginal struct {
	Workers int  // 0 for all; does not change the result
	Errors  bool // compute standard errors too

	Spent time.Duration // on all fits with their standard errors
}

// Fit implements Fitter.
func (m *Marginal) Fit(ctx context.Context, answers *response.Matrix, kind irt.Kind) (*Fitted, error) {
	began := time.Now()
	defer func() { m.Spent += time.Since(began) }()
	opts := irt.Options{Kind: kind, Workers: m.Workers}
	fit, err := irt.Fit(ctx, answers, opts)
	if err != nil {
		return nil, err
	}
	out := &Fitted{Items: fit.Items, Status: fit.Status.String()}
	if !m.Errors || ctx.Err() != nil {
		return out, ctx.Err()
	}
	se, err := irt.ComputeStandardErrors(ctx, answers, fit, opts)
	if errors.Is(err, irt.ErrNoInformation) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.SE = slices.Clone(se.Items)
	for j := range out.SE {
		e := &out.SE[j]
		for _, v := range []*float64{&e.A, &e.D, &e.G, &e.U} {
			if *v == 0 { // has none
				*v = math.NaN()
			}
		}
	}
	return out, nil
}
