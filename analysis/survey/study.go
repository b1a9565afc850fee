package survey

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// Study plays surveys with models whose answers are known.
type Study struct {
	Answers  *response.Matrix
	Train    response.TrainSet
	Test     response.TestSet
	Lengths  []int   // report after so many answers, ascending
	Level    float64 // of the intervals
	Seed     uint64
	Workers  int                   // 0 means one a processor; does not change the result
	Progress func(done, total int) // called by one goroutine at a time; may be nil
}

// Report says how well the surveys did after so many answers. Random items are those of a
// simple random sample without replacement, whose variance is known: S(100 - S)/n ·
// (N - n)/(N - 1) in points².
type Report struct {
	Items     int        `json:"items"`
	Models    int        `json:"models"`
	RMSE      float64    `json:"rmse"`
	Bias      float64    `json:"bias"`
	Random    float64    `json:"random_rmse"`    // of the mean of as many random items
	Effective float64    `json:"effective"`      // how many random items one item is worth
	Coverage  float64    `json:"coverage"`       // of the intervals
	Fifths    [5]float64 `json:"fifths"`         // coverage by fifth of the true scores
	Width     float64    `json:"width"`          // mean, points
	Binomial  float64    `json:"random_width"`   // of the normal interval of as many random items
	Form      *Report    `json:"form,omitempty"` // the same with forms drawn in advance
}

// Run surveys every test model, and estimates it from a form drawn in advance, another for
// each model. Models that lack an answer are surveyed on those that they have; no form is
// tried with them.
func (st Study) Run(ctx context.Context) ([]Report, error) {
	f, err := NewFrame(st.Answers, st.Train)
	if err != nil {
		return nil, err
	}
	longest := slices.Max(st.Lengths)
	surveys, forms := make([][]Estimate, len(st.Test.Rows)), make([][]Estimate, len(st.Test.Rows))
	workers := st.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	done := 0
	var reporting sync.Mutex
	report := func() {
		reporting.Lock()
		defer reporting.Unlock()
		if done++; st.Progress != nil {
			st.Progress(done, len(surveys))
		}
	}
	err = parallel.Until(ctx, len(surveys), workers, func(k, _ int) {
		defer report()
		row := st.Test.Rows[k]
		rng := rand.New(rand.NewPCG(st.Seed, uint64(row)))
		surveys[k] = st.play(f, row, func(s *Sample) (Draw, bool) { return s.Draw(rng) })
		if _, n := st.Answers.Counts(row); n == f.items {
			form := f.Form(longest, rng)
			forms[k] = st.play(f, row, func(s *Sample) (Draw, bool) {
				if s.asked >= len(form) {
					return Draw{}, false
				}
				return form[s.asked], true
			})
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Report
	for k, n := range st.Lengths {
		r := st.report(k, n, surveys)
		if form := st.report(k, n, forms); form.Models > 0 {
			r.Form = &form
		}
		out = append(out, r)
	}
	return out, nil
}

// play returns the estimates at the lengths.
func (st Study) play(f *Frame, row int, draw func(*Sample) (Draw, bool)) []Estimate {
	available := make([]bool, f.items)
	for j := range available {
		available[j] = st.Answers.At(row, j) != response.Missing
	}
	s := f.Start(available)
	var out []Estimate
	for _, n := range st.Lengths {
		for s.asked < n {
			d, ok := draw(s)
			if !ok {
				break
			}
			if s.Add(d, st.Answers.At(row, d.Item) == response.Correct) != nil {
				break // a draw is of an open item
			}
		}
		out = append(out, s.Estimate(st.Level))
	}
	return out
}

func (st Study) report(k, n int, estimates [][]Estimate) Report {
	r := Report{Items: n}
	var held []bool
	var truths []float64
	for q, e := range estimates {
		if e == nil {
			continue
		}
		right, all := st.Answers.Counts(st.Test.Rows[q])
		truth := 100 * float64(right) / float64(all)
		d := e[k].Score - truth
		r.Models++
		r.RMSE += d * d
		r.Bias += d
		r.Width += e[k].Upper - e[k].Lower
		random := truth * (100 - truth) / float64(min(n, all)) * float64(all-min(n, all)) / float64(max(1, all-1))
		r.Random += random
		r.Binomial += 2 * normalQuantile(st.Level) * math.Sqrt(random)
		const rounding = 1e-9
		ok := e[k].Lower-rounding <= truth && truth <= e[k].Upper+rounding
		held, truths = append(held, ok), append(truths, truth)
		if ok {
			r.Coverage++
		}
	}
	if r.Models == 0 {
		return r
	}
	m := float64(r.Models)
	r.RMSE, r.Random = math.Sqrt(r.RMSE/m), math.Sqrt(r.Random/m)
	r.Bias, r.Coverage, r.Width, r.Binomial = r.Bias/m, r.Coverage/m, r.Width/m, r.Binomial/m
	if r.RMSE > 0 {
		r.Effective = r.Random * r.Random / (r.RMSE * r.RMSE)
	}
	order := make([]int, len(truths))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(truths[a], truths[b]) })
	for q := range r.Fifths {
		part := order[q*len(order)/5 : (q+1)*len(order)/5]
		for _, i := range part {
			if held[i] {
				r.Fifths[q] += 1 / float64(len(part))
			}
		}
	}
	return r
}

// normalQuantile is the number of standard errors on each side of a normal interval.
func normalQuantile(level float64) float64 { return distuv.UnitNormal.Quantile((1 + level) / 2) }
