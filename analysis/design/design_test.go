package design

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"metabench/analysis/response"
)

// population draws models that answer by a two-parameter logistic model, weakest first.
func population(seed uint64, models, items int) (answers [][]float64, share []float64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	a, d := make([]float64, items), make([]float64, items)
	for j := range items {
		a[j], d[j] = 0.8+rng.Float64(), 2.5*rng.NormFloat64()
	}
	for i := range models {
		theta := -1.5 + 4*float64(i)/float64(models)
		row, sum := make([]float64, items), 0.0
		for j := range row {
			if rng.Float64() < logistic(a[j]*theta+d[j]) {
				row[j] = 1
			}
			sum += row[j]
		}
		answers, share = append(answers, row), append(share, sum/float64(items))
	}
	return answers, share
}

func matrix(answers [][]float64) *response.Matrix {
	m := response.New(len(answers), len(answers[0]))
	for i, row := range answers {
		for j, x := range row {
			m.Set(i, j, response.Wrong)
			if x == 1 {
				m.Set(i, j, response.Correct)
			}
		}
	}
	return m
}

func pick(row []float64, items []int) []float64 {
	out := make([]float64, len(items))
	for k, j := range items {
		out[k] = row[j]
	}
	return out
}

func TestStrataHoldEveryItemOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 60).Draw(t, "key")
		items := make([]int, len(key))
		for j := range items {
			items[j] = j
		}
		n := rapid.IntRange(1, len(items)).Draw(t, "n")
		strata, err := Strata(items, key, n)
		if err != nil {
			t.Fatal(err)
		}
		var all []int
		last := math.Inf(-1)
		for _, s := range strata {
			if len(s) < len(items)/n || len(s) > len(items)/n+1 {
				t.Fatalf("a stratum of %d of %d items in %d", len(s), len(items), n)
			}
			for _, j := range s {
				if key[j] < last {
					t.Fatalf("item %d of key %g after one of %g", j, key[j], last)
				}
				last = key[j]
			}
			all = append(all, s...)
		}
		slices.Sort(all)
		if !slices.Equal(all, items) {
			t.Fatalf("strata hold %v", all)
		}
	})
}

func TestBalancedSamplesAreBalancedAndKeepTheirProbabilities(t *testing.T) {
	answers, share := population(1, 40, 120)
	key := make([]float64, 120)
	items := make([]int, 120)
	for j := range key {
		items[j] = j
		for _, row := range answers {
			key[j] += row[j]
		}
	}
	strata, err := Strata(items, key, 24)
	if err != nil {
		t.Fatal(err)
	}
	loss := func(s Sample) float64 {
		sum := 0.0
		for i, row := range answers {
			e := -share[i]
			for _, x := range pick(row, s.Items) {
				e += x / 24
			}
			sum += e * e
		}
		return sum
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const rounds = 600
	plain, balanced := 0.0, 0.0
	held, expected := make([]float64, 120), make([]float64, 120)
	for range rounds {
		plain += loss(Draw(strata, rng))
		s, err := Balanced(strata, answers, 20, nil, rng)
		if err != nil {
			t.Fatal(err)
		}
		balanced += loss(s)
		for k, j := range s.Items {
			held[j]++
			expected[j] = s.Inclusion[k]
		}
	}
	if balanced > 0.7*plain {
		t.Errorf("the most balanced of 20 draws is off by %.3g, a draw by %.3g", balanced/rounds, plain/rounds)
	}
	// Rejection moves them a little: by 0.05 on average, of 0.2.
	off := 0.0
	for j, n := range held {
		off += math.Abs(n/rounds-expected[j]) / 120
	}
	if off > 0.05 {
		t.Errorf("shares of samples that hold an item are off their probabilities by %.3f on average", off)
	}
}

// Predicting every item's answer from the known models' answers to it, by a ridge regression
// over the sampled items, and correcting by the residuals on the sample, is the weighted mean.
func TestWeightsAreAugmentedInverseProbabilityWeighting(t *testing.T) {
	answers, share := population(2, 30, 90)
	rng := rand.New(rand.NewPCG(2, 2))
	sampled := rng.Perm(90)[:20]
	known := make([][]float64, len(answers)-1)
	for i := range known {
		known[i] = pick(answers[i], sampled)
	}
	w, err := NewWeights(known, share[:len(known)], 5)
	if err != nil {
		t.Fatal(err)
	}
	answered := []int{0, 1, 2, 4, 5, 8, 9, 11, 12, 15, 17, 18, 19} // the others are missing
	weights, err := w.Of(answered)
	if err != nil {
		t.Fatal(err)
	}
	x := pick(pick(answers[len(answers)-1], sampled), answered)
	got, mean := 0.0, 0.0
	for k, v := range weights {
		got += v * x[k]
		mean += x[k] / float64(len(x))
	}
	// Rows are items, columns known models, centred by the sampled items.
	n, m := len(answered), len(known)
	f := mat.NewDense(n, m, nil)
	target := mat.NewVecDense(m, nil)
	for i := range m {
		centre := 0.0
		for _, p := range answered {
			centre += known[i][p] / float64(n)
		}
		for k, p := range answered {
			f.Set(k, i, known[i][p]-centre)
		}
		target.SetVec(i, share[i]-centre)
	}
	var normal mat.SymDense
	normal.SymOuterK(1, f.T())
	for i := range m {
		normal.SetSym(i, i, normal.At(i, i)+5)
	}
	var root mat.Cholesky
	if !root.Factorize(&normal) {
		t.Fatal("not positive definite")
	}
	y := mat.NewVecDense(n, nil)
	for k := range n {
		y.SetVec(k, x[k]-mean)
	}
	var right, beta mat.VecDense
	right.MulVec(f.T(), y)
	if err := root.SolveVecTo(&beta, &right); err != nil {
		t.Fatal(err)
	}
	want := mean + mat.Dot(target, &beta)
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("weighted mean %.9f, regression over the items %.9f", got, want)
	}
}

func TestEstimatesOfBetterModelsAreNotDrawnToTheKnownOnes(t *testing.T) {
	const models, items, n = 160, 300, 60
	answers, share := population(3, models, items)
	rng := rand.New(rand.NewPCG(3, 3))
	bias, plain, off := 0.0, 0.0, 0.0
	const rounds = 24
	bank, err := NewBank(context.Background(), matrix(answers[:models/2]), 1)
	if err != nil || bank == nil {
		t.Fatalf("bank %v, error %v", bank, err)
	}
	for range rounds {
		sampled := rng.Perm(items)[:n]
		var known [][]float64
		for _, row := range answers[:models/2] {
			known = append(known, pick(row, sampled))
		}
		e, err := New(known, share[:models/2], bank, sampled)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Validate(n); err != nil {
			t.Fatal(err)
		}
		all := make([]int, n)
		for k := range all {
			all[k] = k
		}
		for i := models * 3 / 4; i < models; i += 4 {
			x := pick(answers[i], sampled)
			score, se, err := e.Estimate(all, x)
			if err != nil {
				t.Fatal(err)
			}
			mean := 0.0
			for _, v := range x {
				mean += 100 * v / n
			}
			d := score - 100*share[i]
			bias += d / (rounds * models / 16)
			off += d * d
			plain += (mean - 100*share[i]) * (mean - 100*share[i])
			if se < 1 || se > 8 {
				t.Errorf("score %.1f has a standard error of %.2f", score, se)
			}
		}
		ones := slices.Repeat([]float64{1}, n)
		if score, _, err := e.Estimate(all, ones); err != nil || score < 95 {
			t.Errorf("all right is %.1f, error %v", score, err)
		}
		if score, _, err := e.Estimate(all[:5], make([]float64, 5)); err != nil || score > 30 {
			t.Errorf("five wrong ones of the easier and harder are %.1f, error %v", score, err)
		}
	}
	if math.Abs(bias) > 2 {
		t.Errorf("bias of %.2f points for models above all known ones", bias)
	}
	if off > 0.9*plain {
		t.Errorf("RMSE %.2f, the plain mean has %.2f", math.Sqrt(off), math.Sqrt(plain))
	}
}

func TestNothingAnsweredIsAnError(t *testing.T) {
	w, err := NewWeights([][]float64{{1, 0}, {0, 1}}, []float64{0.5, 0.5}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Of(nil); err == nil {
		t.Error("weights of no answers")
	}
	if _, err := NewWeights(nil, nil, 1); err == nil {
		t.Error("weights of no models")
	}
}
