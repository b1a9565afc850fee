package analysis

import (
	"context"
	"errors"
	"testing"
)

// memoryCache is a Cache that forgets at the end of the test.
type memoryCache map[string][]byte

func (c memoryCache) Stage(_ context.Context, benchmark, stage, fingerprint string) ([]byte, bool, error) {
	out, ok := c[benchmark+"/"+stage+"/"+fingerprint]
	return out, ok, nil
}

func (c memoryCache) StoreStage(_ context.Context, benchmark, stage, fingerprint string, output []byte) error {
	c[benchmark+"/"+stage+"/"+fingerprint] = output
	return nil
}

func TestStageRunsOnceForTheSameInputs(t *testing.T) {
	computed := 0
	s := stages{benchmark: "arc", cache: memoryCache{}, report: func(string, int, int) {}}
	get := func(s stages, key int) int {
		t.Helper()
		out, _, err := run(t.Context(), s, "square", key, func(func(int, int)) (int, error) {
			computed++
			return key * key, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct{ key, want, computed int }{{3, 9, 1}, {3, 9, 1}, {4, 16, 2}, {3, 9, 2}} {
		if got := get(s, c.key); got != c.want || computed != c.computed {
			t.Fatalf("stage(%d) = %d after %d computations, want %d after %d", c.key, got, computed, c.want, c.computed)
		}
	}
	s.rerun = "square"
	if get(s, 3); computed != 3 {
		t.Fatal("a stage that was asked for by name was not run again")
	}
}

func TestStageThatFailsIsNotKept(t *testing.T) {
	cache := memoryCache{}
	s := stages{benchmark: "arc", cache: cache, report: func(string, int, int) {}}
	cause := errors.New("no models")
	_, _, err := run(t.Context(), s, "fit", 1, func(func(int, int)) (int, error) { return 0, cause })
	if !errors.Is(err, cause) || len(cache) != 0 {
		t.Fatalf("error %v, %d outputs kept", err, len(cache))
	}
}

func TestUnreadableOutputIsComputedAgain(t *testing.T) {
	cache := memoryCache{}
	s := stages{benchmark: "arc", cache: cache, report: func(string, int, int) {}}
	compute := func(func(int, int)) (string, error) { return "x", nil }
	if _, _, err := run(t.Context(), s, "fit", 1, compute); err != nil {
		t.Fatal(err)
	}
	for k := range cache {
		cache[k] = []byte("torn")
	}
	if out, _, err := run(t.Context(), s, "fit", 1, compute); err != nil || out != "x" {
		t.Fatalf("output %q, error %v", out, err)
	}
}
