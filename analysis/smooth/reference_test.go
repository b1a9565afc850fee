package smooth

import (
	"context"
	"math"
	"path/filepath"
	"strconv"
	"testing"

	"metabench/internal/refdata"
)

// columns is a CSV read whole.
type columns map[string][]string

func readColumns(t testing.TB, name string) columns {
	t.Helper()
	records := refdata.ReadCSV(t, filepath.Join(refdata.Path(t, "metabench-r"), name))
	c := make(columns)
	for k, name := range records[0] {
		for _, record := range records[1:] {
			c[name] = append(c[name], record[k])
		}
	}
	return c
}

// floats returns a column's rows in which the column set has the value want.
func (c columns) floats(t testing.TB, name, want string) []float64 {
	t.Helper()
	var out []float64
	for i, s := range c[name] {
		if want != "" && c["set"][i] != want {
			continue
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatalf("%s, row %d: %v", name, i, err)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		t.Fatalf("no column %s with set %q", name, want)
	}
	return out
}

func rmse(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(s / float64(len(a)))
}

// The published single-ability models, as mgcv fitted them.
var single = map[string]struct{ gcv, edf float64 }{
	"arc-A": {4.2529885976, 32.588},
	"arc-B": {5.2054544988, 22.913},
}

func TestSingleSmoothAgreesWithMgcv(t *testing.T) {
	for tag, want := range single {
		t.Run(tag, func(t *testing.T) {
			train := readColumns(t, "thetas-"+tag+".csv.gz")
			x, y := train.floats(t, "F1", "train"), train.floats(t, "score", "train")
			m, err := Fit(context.Background(), []Smooth{{Name: "theta"}}, [][]float64{x}, y, Settings{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("GCV %.6f (mgcv %.6f), edf %.2f (%.2f), %s after %d steps, lambda %.3g", m.GCV, want.gcv, m.EDF, want.edf, m.Status, m.Iterations, m.Terms[0].Lambda)
			if m.GCV > 1.001*want.gcv {
				t.Errorf("GCV = %v, mgcv reaches %v", m.GCV, want.gcv)
			}
			for _, part := range []string{"test", "grid"} {
				ref := readColumns(t, "reference/gam-theta-"+tag+"-"+part+".csv")
				column := "fit"
				if part == "test" {
					column = "pred"
				}
				theirs := ref.floats(t, column, "")
				ours, se := make([]float64, len(theirs)), make([]float64, len(theirs))
				for i, theta := range ref.floats(t, "theta", "") {
					ours[i], se[i] = m.PredictSE([]float64{theta})
				}
				d := rmse(ours, theirs)
				t.Logf("%s: %.4f points RMS from mgcv", part, d)
				if part == "test" {
					t.Logf("test rmse %.4f (mgcv %.4f), se differ by %.4f", rmse(ours, ref.floats(t, "score", "")), rmse(theirs, ref.floats(t, "score", "")), rmse(se, ref.floats(t, "se", "")))
				}
				if d > 0.1 {
					t.Errorf("%s predictions are %.3f points RMS from mgcv's", part, d)
				}
			}
		})
	}
}

// The published additive models: terms, mgcv's GCV and test RMSE.
var additive = map[string]struct {
	terms     []string
	gcv, rmse float64
}{
	"grand-A":     {[]string{"grand.l", "grand.s"}, 0.36636535813, 0.5823681961},
	"grand-B":     {[]string{"grand.l", "grand.s"}, 0.40395006677, 0.67517704653},
	"hellaswag-A": {[]string{"grand.l", "this.l"}, 0.90174471477, 0.99862293243},
}

func additiveFrame(t testing.TB, tag, set string) (smooths []Smooth, x [][]float64, y []float64) {
	frame := readColumns(t, "gam-"+tag+".csv.gz")
	names := append(append([]string{}, additive[tag].terms...), "arc", "gsm8k", "hellaswag", "mmlu", "truthfulqa", "winogrande")
	for _, name := range names {
		smooths = append(smooths, Smooth{Name: name})
		x = append(x, frame.floats(t, name, set))
	}
	return smooths, x, frame.floats(t, "grand", set)
}

func TestAdditiveModelIsNoWorseThanMgcv(t *testing.T) {
	for tag, want := range additive {
		t.Run(tag, func(t *testing.T) {
			smooths, x, y := additiveFrame(t, tag, "train")
			m, err := Fit(context.Background(), smooths, x, y, Settings{})
			if err != nil {
				t.Fatal(err)
			}
			_, testX, testY := additiveFrame(t, tag, "test")
			got := make([]float64, len(testY))
			row := make([]float64, len(testX))
			for i := range testY {
				for j := range testX {
					row[j] = testX[j][i]
				}
				got[i] = m.Predict(row)
			}
			t.Logf("GCV %.6f (mgcv %.6f), edf %.1f, test RMSE %.4f (mgcv %.4f), %s after %d steps", m.GCV, want.gcv, m.EDF, rmse(got, testY), want.rmse, m.Status, m.Iterations)
			if m.GCV > 1.001*want.gcv {
				t.Errorf("GCV = %v, mgcv reaches %v", m.GCV, want.gcv)
			}
			if r := rmse(got, testY); r > want.rmse+0.005 {
				t.Errorf("test RMSE = %v, mgcv has %v", r, want.rmse)
			}
		})
	}
}

func BenchmarkSingle(b *testing.B) {
	train := readColumns(b, "thetas-arc-A.csv.gz")
	x, y := train.floats(b, "F1", "train"), train.floats(b, "score", "train")
	for b.Loop() {
		if _, err := Fit(context.Background(), []Smooth{{Name: "theta"}}, [][]float64{x}, y, Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGrand(b *testing.B) {
	smooths, x, y := additiveFrame(b, "grand-A", "train")
	for b.Loop() {
		if _, err := Fit(context.Background(), smooths, x, y, Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}
