package distill

// tally counts, for every model at once, how many of some items have a bit set.
//
// Counts are bit planes: bit i of plane[p] is binary digit p of model i's count. Eight items at a time go through a tree of carry-save adders (Harley and
// Seal; Warren, "Hacker's Delight", 2nd ed., section 5-1), so that an item costs about six
// word operations for 64 models. Masking each model's row with the items and
// counting its bits takes five times as long at 350 of 10,042 items, because it
// touches every word of the matrix (BenchmarkTally).
type tally struct {
	words int
	plane [][]uint64
}

// newTally makes a tally for models and counts up to limit.
func newTally(models, limit int) *tally {
	t := &tally{words: (models + 63) / 64}
	for digits := 1; digits <= 3 || limit>>(digits-1) > 0; digits++ {
		t.plane = append(t.plane, make([]uint64, t.words))
	}
	return t
}

// add counts items whose bits are rows[items[k]].
func (t *tally) add(rows func(item int) []uint64, items []int) {
	for len(items) >= 8 {
		t.addEight([8][]uint64{rows(items[0]), rows(items[1]), rows(items[2]), rows(items[3]),
			rows(items[4]), rows(items[5]), rows(items[6]), rows(items[7])})
		items = items[8:]
	}
	for _, j := range items {
		for w, carry := range rows(j) {
			t.carry(0, w, carry)
		}
	}
}

func (t *tally) addEight(row [8][]uint64) {
	n := t.words
	ones, twos, fours := t.plane[0][:n], t.plane[1][:n], t.plane[2][:n]
	a, b, c, d := row[0][:n], row[1][:n], row[2][:n], row[3][:n]
	e, f, g, h := row[4][:n], row[5][:n], row[6][:n], row[7][:n]
	for w := range n {
		one, twoA := fullAdd(ones[w], a[w], b[w])
		one, twoB := fullAdd(one, c[w], d[w])
		two, fourA := fullAdd(twos[w], twoA, twoB)
		one, twoA = fullAdd(one, e[w], f[w])
		one, twoB = fullAdd(one, g[w], h[w])
		two, fourB := fullAdd(two, twoA, twoB)
		four, eight := fullAdd(fours[w], fourA, fourB)
		ones[w], twos[w], fours[w] = one, two, four
		t.carry(3, w, eight)
	}
}

// fullAdd adds three bits in each of 64 places.
func fullAdd(a, b, c uint64) (sum, carry uint64) {
	u := a ^ b
	return u ^ c, a&b | u&c
}

// carry adds a bit of weight 2^p in each place of word w.
func (t *tally) carry(p, w int, carry uint64) {
	for ; carry != 0; p++ {
		t.plane[p][w], carry = t.plane[p][w]^carry, t.plane[p][w]&carry
	}
}

// read writes the counts of the models and sets them back to zero.
func (t *tally) read(counts []int) {
	for i := range counts {
		counts[i] = 0
	}
	for p, plane := range t.plane {
		for w, word := range plane {
			block := counts[w*64 : min(w*64+64, len(counts))]
			for i := range block {
				block[i] += int(word>>uint(i)&1) << p
			}
			plane[w] = 0
		}
	}
}
