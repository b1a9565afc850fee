package split

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"metabench/analysis/response"
)

// Shares are the shares of the models that go to validation and test; the rest is
// trained on.
type Shares struct {
	Validation float64
	Test       float64
}

func (s Shares) validate() error {
	if !(s.Validation >= 0) || !(s.Test >= 0) || !(s.Validation+s.Test < 1) {
		return fmt.Errorf("split models: validation %g and test %g must be shares that leave models to train on", s.Validation, s.Test)
	}
	return nil
}

// stratum is the number of models of like score among which the split is random.
const stratum = 20

// Stratified splits models at random such that each split has the same spread of
// scores: models are sorted by score, those without one (NaN) last, and every
// stratum of twenty neighbours is divided in the proportion of the shares.
// Sizes are exact to the rounding of n·share. Rows are ascending.
//
// It is for experiments, which draw many splits of one table: the order of the models
// matters. Stable is for a corpus that grows.
func Stratified(scores []float64, shares Shares, seed uint64) (response.Split, error) {
	if err := shares.validate(); err != nil {
		return response.Split{}, err
	}
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	// Ties are broken at random, lest the order of the table decide.
	rng := rand.New(rand.NewPCG(seed, 0))
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	sort.SliceStable(order, func(a, b int) bool {
		x, y := scores[order[a]], scores[order[b]]
		return x < y || math.IsNaN(y) && !math.IsNaN(x)
	})
	var s response.Split
	for from := 0; from < len(order); from += stratum {
		part := order[from:min(from+stratum, len(order))]
		rng.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
		done := from + len(part)
		for _, i := range part {
			switch {
			case len(s.Test.Rows) < quota(done, shares.Test):
				s.Test.Rows = append(s.Test.Rows, i)
			case len(s.Validation.Rows) < quota(done, shares.Validation):
				s.Validation.Rows = append(s.Validation.Rows, i)
			default:
				s.Train.Rows = append(s.Train.Rows, i)
			}
		}
	}
	sortRows(&s)
	return s, nil
}

func quota(n int, share float64) int { return int(math.Round(float64(n) * share)) }

// Grouped splits whole groups: models with the same label go to the same side.
// Groups are drawn in random order, first for the test and then for the
// validation models; one that would overshoot the share by more than a tenth of
// it is passed over, so a family larger than that is always trained on. Sizes
// are as near to the shares as the groups allow. Rows are ascending.
func Grouped(labels []string, shares Shares, seed uint64) (response.Split, error) {
	if err := shares.validate(); err != nil {
		return response.Split{}, err
	}
	members := membersOf(labels)
	names := sortedLabels(members)
	rng := rand.New(rand.NewPCG(seed, 1))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return grouped(names, members, len(labels), shares), nil
}

// membersOf are the rows of each group.
func membersOf(labels []string) map[string][]int {
	members := make(map[string][]int)
	for i, l := range labels {
		members[l] = append(members[l], i)
	}
	return members
}

func sortedLabels(members map[string][]int) []string { return slices.Sorted(maps.Keys(members)) }

// grouped takes groups, in the order of their names, for the test models and then for
// the validation models.
func grouped(names []string, members map[string][]int, n int, shares Shares) response.Split {
	taken := make(map[string]bool)
	take := func(share float64) []int {
		want, limit := quota(n, share), 1.1*share*float64(n)
		var rows []int
		for _, name := range names {
			if len(rows) >= want {
				break
			}
			if !taken[name] && float64(len(rows)+len(members[name])) <= limit {
				taken[name] = true
				rows = append(rows, members[name]...)
			}
		}
		return rows
	}
	var s response.Split
	s.Test.Rows = take(shares.Test)
	s.Validation.Rows = take(shares.Validation)
	for _, name := range names {
		if !taken[name] {
			s.Train.Rows = append(s.Train.Rows, members[name]...)
		}
	}
	sortRows(&s)
	return s
}

func sortRows(s *response.Split) {
	sort.Ints(s.Train.Rows)
	sort.Ints(s.Validation.Rows)
	sort.Ints(s.Test.Rows)
}
