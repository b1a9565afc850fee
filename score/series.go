package score

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"

	"metabench/analysis/reconstruct"
)

// Series is runs as checkpoints of one model.
type Series struct {
	// Unit is what the positions count: "step" where every run's name or arguments have a
	// number of steps, by which they are in order, else "run", in the order given.
	Unit        string       `json:"unit"`
	Checkpoints []Checkpoint `json:"checkpoints"`
	Trends      []Trend      `json:"trends"` // the mean first, where there is one; then the benchmarks that all runs have
}

// Checkpoint is a run at its place.
type Checkpoint struct {
	Name     string  `json:"name"`
	Position float64 `json:"position"`
}

// Trend is how a score changes by the line of least squares through a series, in points from
// its first position to its last.
type Trend struct {
	Benchmark string  `json:"benchmark"`
	Title     string  `json:"title"`
	Change    float64 `json:"change"`
	Lower     float64 `json:"lower"`
	Upper     float64 `json:"upper"`
}

// stepNumber finds the number of a checkpoint, in "revision=step1000" and the like.
var stepNumber = regexp.MustCompile(`(?i)(?:step|checkpoint|ckpt|iter)s?[-_=]?([0-9]+)`)

// newSeries puts runs in order.
func newSeries(reports []*Report, names []string) (*Series, []int) {
	s := &Series{Unit: "step", Trends: []Trend{}}
	position := make([]float64, len(reports))
	order := make([]int, len(reports))
	seen := map[float64]bool{}
	for k, r := range reports {
		order[k] = k
		all := stepNumber.FindAllStringSubmatch(r.Evaluation.String(), -1)
		if len(all) == 0 {
			s.Unit = "run"
			continue
		}
		n, err := strconv.ParseFloat(all[len(all)-1][1], 64)
		if err != nil || seen[n] || math.IsInf(n, 0) {
			s.Unit = "run"
		}
		position[k], seen[n] = n, true
	}
	if s.Unit == "run" {
		for k := range position {
			position[k] = float64(k + 1)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(position[a], position[b]) })
	for _, k := range order {
		s.Checkpoints = append(s.Checkpoints, Checkpoint{names[k], position[k]})
	}
	return s, order
}

// fit makes the trends. The change along the line of least squares through the scores y is
//
//	T = Σ c_k y_k,  c_k = (x_k - x̄) (x_n - x_1) / Σ (x - x̄)²
//
// As Σ c_k = 0, its variance follows from those of the differences alone, and so does how far
// its interval reaches, w, from how far those of the differences reach:
//
//	w² = -Σ_{j<k} c_j c_k w_jk²
//
// The w_jk are each by itself calibrated, and need not be those of any points; where they are
// so far from it that w² is not positive, w is the sum of what the changes from one run to the
// next contribute, which no correlation can exceed.
func (s *Series) fit(order []int, models []Compared, pairs [][2]int, differences []map[string]reconstruct.Difference) {
	n := len(order)
	middle, squares := 0.0, 0.0
	for _, c := range s.Checkpoints {
		middle += c.Position / float64(n)
	}
	for _, c := range s.Checkpoints {
		squares += (c.Position - middle) * (c.Position - middle)
	}
	weight := make([]float64, n)
	for k, c := range s.Checkpoints {
		weight[k] = (c.Position - middle) * (s.Checkpoints[n-1].Position - s.Checkpoints[0].Position) / squares
	}
	place := make(map[int]int, n)
	for k, i := range order {
		place[i] = k
	}
	for _, of := range models[order[0]].Scores {
		y := make([]float64, n)
		known := true
		for k, i := range order {
			at := slices.IndexFunc(models[i].Scores, func(x NamedScore) bool { return x.Benchmark == of.Benchmark })
			if known = known && at >= 0; known {
				y[k] = models[i].Scores[at].Value
			}
		}
		if !known {
			continue
		}
		w2, bound, sum := 0.0, 0.0, 0.0
		along := make([]float64, n) // Σ of the weights up to each
		for k := range weight {
			sum += weight[k]
			along[k] = sum
		}
		for p, at := range pairs {
			d, ok := differences[p][of.Benchmark]
			if !ok {
				known = false
				break
			}
			reach := (d.Upper - d.Lower) / 2
			later, earlier := place[at[0]], place[at[1]]
			w2 -= weight[later] * weight[earlier] * reach * reach
			if later == earlier+1 {
				bound += math.Abs(along[earlier]) * reach
			}
		}
		if !known {
			continue
		}
		w := bound
		if w2 > 0 {
			w = min(bound, math.Sqrt(w2))
		}
		t := Trend{Benchmark: of.Benchmark, Title: of.Title}
		for k, c := range weight {
			t.Change += c * y[k]
		}
		t.Lower, t.Upper = max(-100, t.Change-w), min(100, t.Change+w)
		s.Trends = append(s.Trends, t)
	}
}
