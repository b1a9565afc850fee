package split

import (
	"math/bits"
	"runtime"
	"slices"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// Two models that are relatives differ in at most a twentieth of their answers, and in at
// most a quarter of those in which two models of their scores would that have nothing in
// common. The second keeps apart what is alike because nearly all, or nearly no, answers are
// right; so do the fewest answers that both must have given.
const (
	alikeShare    = 0.05
	alikeExpected = 0.25
	alikeLeast    = 50
)

// Alike returns the pairs of models that answer as only relatives do. The parts are
// benchmarks, with the same models as rows; a model without answers to one has none
// there. Two models are compared by the answers that both gave, if these are at least half
// of those of each. With d the number in which they differ and, in part b, n_b answers in
// common and p_ib the share of i's answers that are right, pairs have
//
//	d ≤ 0.05 Σ_b n_b   and   d ≤ 0.25 Σ_b n_b (p_ib (1 - p_kb) + p_kb (1 - p_ib)).
//
// Pairs are in the order of their rows, the smaller row first. No workers means one a
// processor.
func Alike(parts []*response.Matrix, workers int) [][2]int {
	if len(parts) == 0 {
		return nil
	}
	models, _ := parts[0].Dims()
	known, share := make([]int, models), make([][]float64, models)
	for i := range models {
		for _, m := range parts {
			right, n := m.Counts(i)
			known[i] += n
			share[i] = append(share[i], float64(right)/float64(max(1, n)))
		}
	}
	near := make([][][2]int, models)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	parallel.Each(models, workers, func(i, _ int) {
		for k := i + 1; k < models; k++ {
			if alike(parts, i, k, known, share) {
				near[i] = append(near[i], [2]int{i, k})
			}
		}
	})
	return slices.Concat(near...)
}

// alike compares two models; for most pairs the first few words decide.
func alike(parts []*response.Matrix, i, k int, known []int, share [][]float64) bool {
	differ, both, expected := 0, 0, 0.0
	most := int(alikeShare * float64(min(known[i], known[k]))) // as both is at most that
	for b, m := range parts {
		x, y := m.CorrectWords(i), m.CorrectWords(k)
		seen, also := m.ObservedWords(i), m.ObservedWords(k)
		n := 0
		for w, o := range seen {
			o &= also[w]
			n += bits.OnesCount64(o)
			if differ += bits.OnesCount64((x[w] ^ y[w]) & o); differ > most {
				return false
			}
		}
		both += n
		p, q := share[i][b], share[k][b]
		expected += float64(n) * (p*(1-q) + q*(1-p))
	}
	return both >= alikeLeast && 2*both >= max(known[i], known[k]) &&
		float64(differ) <= alikeShare*float64(both) && float64(differ) <= alikeExpected*expected
}
