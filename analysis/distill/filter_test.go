package distill

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"metabench/internal/refdata"

	"pgregory.net/rapid"
)

func number(t testing.TB, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The published selections: the exported information tables with the published
// thresholds give the published items in the published order.
func TestFilterReturnsThePublishedItems(t *testing.T) {
	raw, err := os.ReadFile(refdata.Path(t, "metabench-r", "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var summary map[string]json.RawMessage
	if err := json.Unmarshal(raw, &summary); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"arc-A", "arc-B", "gsm8k-A", "gsm8k-B", "mmlu-B", "truthfulqa-B", "winogrande-B"} {
		t.Run(tag, func(t *testing.T) {
			var fit struct {
				Hyperparams struct {
					Threshold float64 `json:"threshold"`
				} `json:"hyperparams"`
			}
			if err := json.Unmarshal(summary[tag], &fit); err != nil {
				t.Fatal(err)
			}
			records := refdata.ReadCSV(t, refdata.Path(t, "metabench-r", "iteminfo350-"+tag+".csv.gz"))
			names, rows := records[0][2:], records[1:]
			var grid Grid
			information := make([][]float64, len(names))
			for _, row := range rows {
				grid.Theta = append(grid.Theta, number(t, row[0]))
				grid.Count = append(grid.Count, int(number(t, row[1])))
				for j := range names {
					information[j] = append(information[j], number(t, row[2+j]))
				}
			}
			bins := 200
			if strings.HasPrefix(tag, "gsm8k") {
				bins = 250
			}
			filter, err := NewFilter(information, grid, bins)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, j := range filter.Select(fit.Hyperparams.Threshold) {
				got = append(got, names[j])
			}
			params := refdata.ReadCSV(t, refdata.Path(t, "metabench-r", "params-"+tag+".csv"))[1:]
			for _, row := range params {
				want = append(want, row[0])
			}
			if !slices.Equal(got, want) {
				t.Fatalf("chose %d items %v\npublished %d items %v", len(got), got, len(want), want)
			}
		})
	}
}

func TestQuantilesInterpolateTheDistribution(t *testing.T) {
	cases := map[string]struct {
		grid Grid
		bins int
		want []float64
	}{
		"one_bin_a_point":  {Grid{[]float64{1, 2, 3, 4}, []int{1, 1, 1, 1}}, 4, []float64{1, 1, 2, 3, 4}},
		"between_points":   {Grid{[]float64{1, 2, 3, 4}, []int{1, 1, 1, 1}}, 8, []float64{1, 1, 1, 1.5, 2, 2.5, 3, 3.5, 4}},
		"repeated_ability": {Grid{[]float64{1, 5, 9}, []int{1, 6, 1}}, 4, []float64{1, 5, 5, 5, 9}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := c.grid.Quantiles(c.bins)
			for k := range c.want {
				if math.Abs(got[k]-c.want[k]) > 1e-12 {
					t.Fatalf("quantiles %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestQuantilesOfCountedGridEqualThoseOfItsAbilities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 20), 2, 200).Draw(t, "abilities")
		bins := rapid.IntRange(1, 60).Draw(t, "bins")
		abilities := make([]float64, len(values))
		for i, v := range values {
			abilities[i] = float64(v)
		}
		slices.Sort(abilities)
		if abilities[0] == abilities[len(abilities)-1] {
			t.Skip("all equal")
		}
		counted, err := NewGrid(ObservedGrid, abilities, 0)
		if err != nil {
			t.Fatal(err)
		}
		ones := make([]int, len(abilities))
		for i := range ones {
			ones[i] = 1
		}
		a, b := counted.Quantiles(bins), Grid{abilities, ones}.Quantiles(bins)
		if !slices.Equal(a, b) {
			t.Fatalf("%v counted, %v spelled out", a, b)
		}
		if !slices.IsSorted(a) || a[0] != abilities[0] || a[bins] != abilities[len(abilities)-1] {
			t.Fatalf("quantiles %v of %v", a, abilities)
		}
	})
}

func TestHigherThresholdsChooseFewerItems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points, items := rapid.IntRange(2, 30).Draw(t, "points"), rapid.IntRange(1, 30).Draw(t, "items")
		var grid Grid
		for k := range points {
			grid.Theta, grid.Count = append(grid.Theta, float64(k)), append(grid.Count, 1)
		}
		information := make([][]float64, items)
		for j := range information {
			information[j] = rapid.SliceOfN(rapid.Float64Range(0, 3), points, points).Draw(t, "information")
		}
		f, err := NewFilter(information, grid, points)
		if err != nil {
			t.Fatal(err)
		}
		all, high := f.Picks(0), f.Picks(1)
		// One item a bin that holds a grid point. Borders of an even grid fall on the
		// points themselves, and rounding may put a few on the other side.
		if len(all) != min(items, len(f.bins)) || len(f.bins) > points {
			t.Fatalf("threshold 0 chose %d of %d items in %d bins", len(all), items, len(f.bins))
		}
		if len(high) > len(all) {
			t.Fatalf("threshold 1 chose %d items, threshold 0 %d", len(high), len(all))
		}
		seen := map[int]bool{}
		for _, p := range all {
			if seen[p.Item] {
				t.Fatalf("item %d chosen twice", p.Item)
			}
			seen[p.Item] = true
			if k := int(p.Theta); information[p.Item][k] != p.Information {
				t.Fatalf("pick %+v, but the item has %v there", p, information[p.Item][k])
			}
		}
	})
}
