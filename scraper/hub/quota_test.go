package hub

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The response to an earlier request may arrive after that to a later one. Its headers are
// older and must not raise the number of remaining requests.
func TestOvertakenAnswerGivesNothingBack(t *testing.T) {
	clock := newJumpClock()
	g := newGovernor(clock, rand.New(rand.NewPCG(1, 1)))
	says := func(remaining int, reset time.Duration) outcome {
		return outcome{limits: []Limit{{Bucket: "api", Remaining: remaining, Quota: 15, Reset: reset, Window: 300 * time.Second}}}
	}
	for range 3 {
		if _, err := g.acquire(t.Context(), "api", time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	g.release("api", says(1, 100*time.Second)) // the third request's answer comes first
	g.release("api", says(3, 100*time.Second))
	g.release("api", says(2, 100*time.Second))
	waited, err := g.acquire(t.Context(), "api", time.Hour)
	if err != nil || waited < 100*time.Second {
		t.Fatalf("a request beyond the quota waited %v, error %v, want the window's end", waited, err)
	}
}

func TestNewWindowIsFullAgain(t *testing.T) {
	clock := newJumpClock()
	g := newGovernor(clock, rand.New(rand.NewPCG(1, 1)))
	for _, remaining := range []int{1, 14} { // the second answer speaks of the next window
		if _, err := g.acquire(t.Context(), "api", time.Hour); err != nil {
			t.Fatal(err)
		}
		g.release("api", outcome{limits: []Limit{{Bucket: "api", Remaining: remaining, Quota: 15, Reset: 300 * time.Second, Window: 300 * time.Second}}})
		clock.now = clock.now.Add(250 * time.Second)
	}
	if limit := g.bucket("api").limit; limit.Remaining != 14 {
		t.Fatalf("%d requests left, want 14", limit.Remaining)
	}
}
