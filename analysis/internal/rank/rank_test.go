package rank

import (
	"math"
	"slices"
	"testing"
)

func TestOrderKeepsEqualValuesInIndexOrder(t *testing.T) {
	if got, want := Order([]float64{2, 1, 2, 0, 1}), []int{3, 1, 4, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestEqualValuesShareTheirMeanRank(t *testing.T) {
	if got, want := Of([]float64{5, 1, 5, 3}), []float64{2.5, 0, 2.5, 1}; !slices.Equal(got, want) {
		t.Errorf("ranks %v, want %v", got, want)
	}
}

func TestSpearmanIsOfRanksOnly(t *testing.T) {
	a := []float64{1, 2, 3, 10}
	for name, c := range map[string]struct {
		b    []float64
		want float64
	}{
		"rising":  {[]float64{0, 1, 100, 101}, 1},
		"falling": {[]float64{0, -1, -100, -101}, -1},
		"ties":    {[]float64{1, 2, 2, 3}, 3 / math.Sqrt(10)},
	} {
		if got := Spearman(a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %g, want %g", name, got, c.want)
		}
	}
	if got := Spearman(a, []float64{3, 3, 3, 3}); !math.IsNaN(got) {
		t.Errorf("a constant has the correlation %g, want none", got)
	}
}
