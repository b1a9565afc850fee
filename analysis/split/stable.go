package split

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"

	"metabench/analysis/response"
)

// strata is the most ranges of scores that a corpus is cut into, with at least stratum
// models each. They are few, lest a corpus that grows move many models from one to the
// next.
const strata = 10

// Stable splits models by what they answered instead of by their place in the table.
// Each model has a lot in [0, 1) that is a hash of the seed and its print, which stands
// for its answers. Models are sorted by score, those without one (NaN) last, and cut
// into up to ten strata of like scores; in each, the models with the smallest lots are
// test models and those with the largest are validation models, as many as the shares
// say. So a table with other names or in another order has the same split, and as the
// corpus grows a model moves only when its lot lies near a share's end or its score near
// a stratum's.
//
// Models with equal prints go to the same part, where they are too many for what is
// left of a share to training. Sizes are otherwise exact to the rounding of n·share.
// Rows are ascending.
func Stable(scores []float64, prints []uint64, shares Shares, seed uint64) (response.Split, error) {
	if err := shares.validate(); err != nil {
		return response.Split{}, err
	}
	units := unitsOf(prints, seed)
	slices.SortStableFunc(units, func(a, b unit) int {
		x, y := scores[a.rows[0]], scores[b.rows[0]]
		switch {
		case math.IsNaN(x) && math.IsNaN(y), x == y:
			return cmp.Compare(a.lot, b.lot)
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		}
		return cmp.Compare(x, y)
	})
	var s response.Split
	n := len(scores)
	parts := max(1, min(strata, n/stratum))
	done, from := 0, 0
	for part := range parts {
		to := from
		for to < len(units) && done < (part+1)*n/parts {
			done += len(units[to].rows)
			to++
		}
		in := slices.Clone(units[from:to])
		from = to
		slices.SortStableFunc(in, func(a, b unit) int { return cmp.Compare(a.lot, b.lot) })
		in = take(in, &s.Test.Rows, quota(done, shares.Test))
		slices.Reverse(in)
		in = take(in, &s.Validation.Rows, quota(done, shares.Validation))
		for _, u := range in {
			s.Train.Rows = append(s.Train.Rows, u.rows...)
		}
	}
	sortRows(&s)
	return s, nil
}

// take moves units, in their order, as long as rows does not get longer than want, and
// returns the others.
func take(units []unit, rows *[]int, want int) (rest []unit) {
	for _, u := range units {
		if len(*rows)+len(u.rows) <= want {
			*rows = append(*rows, u.rows...)
		} else {
			rest = append(rest, u)
		}
	}
	return rest
}

// StableGroups is Grouped with the order of the groups drawn by what their models
// answered: a group's lot is that of one of its models, chosen by the prints. Rows are
// ascending.
func StableGroups(labels []string, prints []uint64, shares Shares, seed uint64) (response.Split, error) {
	if err := shares.validate(); err != nil {
		return response.Split{}, err
	}
	members := membersOf(labels)
	first := map[string]uint64{} // smallest print
	for label, rows := range members {
		least := uint64(math.MaxUint64)
		for _, i := range rows {
			least = min(least, prints[i])
		}
		first[label] = least
	}
	names := sortedLabels(members)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(lot(first[a], seed), lot(first[b], seed)) })
	return grouped(names, members, len(labels), shares), nil
}

// unit is models that gave the same answers.
type unit struct {
	rows []int
	lot  uint64
}

func unitsOf(prints []uint64, seed uint64) []unit {
	at := map[uint64]int{}
	var units []unit
	for i, p := range prints {
		k, ok := at[p]
		if !ok {
			k = len(units)
			at[p] = k
			units = append(units, unit{lot: lot(p, seed)})
		}
		units[k].rows = append(units[k].rows, i)
	}
	return units
}

// lot is a hash of a print and a seed.
func lot(print, seed uint64) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), print)) // never fails
	x := h.Sum64()
	// FNV's upper bits hardly depend on the last byte: the finaliser of SplitMix64
	// (Steele, Lea and Flood 2014) spreads them.
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
