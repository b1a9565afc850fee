package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"metabench/analysis/internal/rank"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// sizing is how many items a form has, and why.
type sizing struct {
	Items int
	RMSE  float64 // cross-validated at that number, points; NaN where the number is given
}

const (
	leastSize  = 10  // of a form whose size is searched
	sizeRatio  = 1.4 // between sizes tried
	sizeShare  = 0.2 // of the items that Forward chooses, in the search
	sizeModels = 500 // models that it is made with
	sizeFolds  = 3
)

// chooseSize returns the number of items with the least price: the cross-validated RMSE of
// the reconstruction from items that are chosen anew in every fold, plus lambda points an
// item. Sizes rise in equal ratios to half of the benchmark, beyond which a form is not a
// short one, until two in a row are dearer than the best.
func chooseSize(ctx context.Context, data *Data, columns []int, s response.Split, groups []string, opts Options, report func(done, total int)) (sizing, error) {
	if opts.Items > 0 {
		return sizing{Items: min(opts.Items, len(columns)), RMSE: math.NaN()}, nil
	}
	train := thinned(data, fitting(s), sizeModels)
	most := max(1, min(len(columns), len(data.Table.Items)/2))
	var sizes []int
	for n := float64(min(leastSize, most)); int(n) < most; n *= sizeRatio {
		sizes = append(sizes, int(n))
	}
	sizes = append(sizes, most)
	best, least, worse := sizing{}, math.Inf(1), 0
	for k, n := range sizes {
		choose := data.choice(columns, n, sizeShare, opts)
		rmse, err := reconstruct.CrossValidate(ctx, func(ctx context.Context, some response.TrainSet) (*reconstruct.Input, error) {
			chosen, err := choose(ctx, some)
			if err != nil {
				return nil, err
			}
			return data.plain(chosen.Items), nil
		}, train, reconstruct.Options{Seed: opts.Seed, Workers: opts.Workers, Groups: groups, Folds: sizeFolds})
		if err != nil {
			return sizing{}, err
		}
		if price := rmse + opts.Lambda*float64(n); price < least {
			best, least, worse = sizing{n, rmse}, price, 0
		} else if worse++; worse == 2 {
			break
		}
		report(k+1, len(sizes)+1)
	}
	return best, nil
}

// thinned are at most n training models, evenly along the score.
func thinned(data *Data, train response.TrainSet, n int) response.TrainSet {
	if len(train.Rows) <= n {
		return train
	}
	scores := make([]float64, len(train.Rows))
	for k, i := range train.Rows {
		scores[k] = data.Scores[i]
	}
	order := rank.Order(scores)
	out := make([]int, n)
	for k := range out {
		out[k] = train.Rows[order[k*len(order)/n]]
	}
	slices.Sort(out)
	return response.TrainSet{Rows: out}
}

// dear says why the benchmark's short form is not worth it, if so: asking all items costs
// less than the form with its error.
func (z sizing) dear(items int, lambda float64) string {
	price := z.RMSE + lambda*float64(z.Items)
	if whole := lambda * float64(items); whole < price { // false for NaN
		return fmt.Sprintf("it is not worth it: at %g points an item, all %d items cost %.2f points, and the best form, of %d items with an error of %.2f, %.2f: ask all of them",
			lambda, items, whole, z.Items, z.RMSE, price)
	}
	return ""
}
