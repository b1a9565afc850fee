package harness

// The leaderboard's harness put the documents of a task into the order of Python's
// random.Random(42).shuffle before it asked them; corpora number items by that order. The
// generator is the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998).

const (
	twisterWords  = 624
	twisterMiddle = 397
	leaderSeed    = 42 // of the leaderboard's shuffle
)

// twister is Python's generator.
type twister struct {
	state [twisterWords]uint32
	at    int
}

// newTwister seeds it as Python does by a small whole number: an array of one word.
func newTwister(seed uint32) *twister {
	t := &twister{at: twisterWords}
	t.state[0] = 19650218
	for k := uint32(1); k < twisterWords; k++ {
		before := t.state[k-1]
		t.state[k] = 1812433253*(before^before>>30) + k
	}
	k := 1
	step := func() {
		if k++; k == twisterWords {
			t.state[0], k = t.state[twisterWords-1], 1
		}
	}
	for range twisterWords {
		before := t.state[k-1]
		t.state[k] = (t.state[k] ^ (before^before>>30)*1664525) + seed
		step()
	}
	for range twisterWords - 1 {
		before := t.state[k-1]
		t.state[k] = (t.state[k] ^ (before^before>>30)*1566083941) - uint32(k)
		step()
	}
	t.state[0] = 1 << 31
	return t
}

// next is the next word.
func (t *twister) next() uint32 {
	if t.at == twisterWords {
		for k := range t.state {
			y := t.state[k]&(1<<31) | t.state[(k+1)%twisterWords]&(1<<31-1)
			t.state[k] = t.state[(k+twisterMiddle)%twisterWords] ^ y>>1 ^ y&1*0x9908b0df
		}
		t.at = 0
	}
	y := t.state[t.at]
	t.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// below is a number from 0 to n-1, drawn as Python draws it: as many bits as n has, until
// they are small enough.
func (t *twister) below(n int) int {
	bits := 0
	for v := n; v > 0; v >>= 1 {
		bits++
	}
	for {
		if r := int(t.next() >> (32 - bits)); r < n {
			return r
		}
	}
}

// leaderboardOrder is the documents of a task of n in the order in which the leaderboard
// asked them: the k-th asked is the document of the data set at position order[k].
func leaderboardOrder(n int) []int {
	order := make([]int, n)
	for k := range order {
		order[k] = k
	}
	t := newTwister(leaderSeed)
	for k := n - 1; k > 0; k-- {
		j := t.below(k + 1)
		order[k], order[j] = order[j], order[k]
	}
	return order
}
