package response

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestSetRowIsSetInTurn compares packing eight at a time with one at a time, over
// a row that is not empty.
func TestSetRowIsSetInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.IntRange(1, 200).Draw(t, "items")
		first := rapid.IntRange(0, items).Draw(t, "first")
		answers := rapid.SliceOfN(rapid.OneOf(rapid.Uint8Range(0, 2), rapid.Uint8()), 0, items-first).Draw(t, "answers")
		rng := rand.New(rand.NewPCG(1, uint64(items)))
		got, want := New(2, items), New(2, items)
		for j := range items {
			a := []Answer{Wrong, Correct, Missing}[rng.IntN(3)]
			got.Set(0, j, a)
			want.Set(0, j, a)
		}
		got.SetRow(0, first, answers)
		for k, a := range answers {
			if a > 1 {
				a = uint8(Missing)
			}
			want.Set(0, first+k, Answer(a))
		}
		for w := range want.correct {
			if got.correct[w] != want.correct[w] || got.observed[w] != want.observed[w] {
				t.Fatalf("word %d: %b %b, want %b %b", w, got.correct[w], got.observed[w], want.correct[w], want.observed[w])
			}
		}
	})
}

func BenchmarkSetRow(b *testing.B) {
	const items = 10042
	m := New(1, items+3)
	answers := make([]uint8, items)
	for k := range answers {
		answers[k] = uint8(k * k % 7 % 2)
	}
	for b.Loop() {
		m.SetRow(0, 3, answers)
	}
}
