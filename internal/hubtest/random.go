package hubtest

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// key is a stable 64-bit number for a seed and some names: the address of a stream
// of randomness. Names are separated, so that ("ab","c") and ("a","bc") differ.
func key(seed uint64, names ...string) uint64 {
	h := fnv.New64a()
	for _, n := range names {
		_, _ = h.Write([]byte(n)) // a hash's Write never fails
		_, _ = h.Write([]byte{0})
	}
	return mix(seed ^ h.Sum64())
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64
// bits whose output bits all depend on all input bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a key and a counter to a number in [0, 1).
func unit(k uint64, n int) float64 {
	return float64(mix(k+uint64(n))>>11) / (1 << 53)
}

// stream is a generator of its own for a key.
func stream(k uint64) *rand.Rand { return rand.New(rand.NewPCG(k, 0x6875627465737421)) }

// hexOf returns n hexadecimal digits that depend on a key.
func hexOf(k uint64, n int) string {
	b := make([]byte, 0, (n+15)/16*8)
	for i := uint64(0); len(b)*2 < n; i++ {
		v := mix(k + i*0x9e3779b97f4a7c15)
		for s := 56; s >= 0; s -= 8 {
			b = append(b, byte(v>>s))
		}
	}
	return hex.EncodeToString(b)[:n]
}

// logistic is 1/(1+exp(-x)).
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// quantile is an approximate standard normal quantile (Shore 1982), good to two
// digits, which is all that a made-up population needs. p is in (0, 1).
func quantile(p float64) float64 {
	if p < 0.5 {
		return -quantile(1 - p)
	}
	p = min(p, 1-1e-9)
	return 5.5556 * (1 - math.Pow((1-p)/p, 0.1186))
}
func nan() float64 { return math.NaN() }
