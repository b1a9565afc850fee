package hubtest

import (
	"testing"

	"pgregory.net/rapid"

	"metabench/corpus"
)

// A shuffle is a permutation in which repeated questions stay in order, whatever the
// task and the seed.
func TestShuffleKeepsRepeatedQuestionsInOrder(t *testing.T) {
	repeated := 0
	rapid.Check(t, func(r *rapid.T) {
		tk := &Task{Task: corpus.Task{Name: "mmlu", Items: rapid.IntRange(1, 4000).Draw(r, "items")},
			Bench: corpus.Benchmark{Name: "mmlu", Options: 4}, seed: rapid.Uint64().Draw(r, "seed")}
		order := tk.shuffled(rapid.Uint64().Draw(r, "shuffle"))
		seen := make([]bool, tk.Items)
		last := map[int]int{} // the position met last of each repeated question
		for _, p := range order {
			if seen[p] {
				r.Fatalf("position %d twice", p)
			}
			seen[p] = true
			origin := p
			if d := tk.duplicateOf(p); d >= 0 {
				origin = d
				repeated++
			}
			if before, ok := last[origin]; ok && before > p {
				r.Fatalf("position %d after %d, which repeats it", p, before)
			}
			last[origin] = p
		}
		if len(order) != tk.Items {
			r.Fatalf("%d rows of %d", len(order), tk.Items)
		}
	})
	if repeated == 0 {
		t.Error("no question was repeated: nothing was tested")
	}
}
