package reconstruct

import (
	"math"
	"math/rand/v2"
	"testing"

	"metabench/analysis/response"
)

// sheetsOf returns all rows of an input in a layout.
func sheetsOf(in *Input) (layout, []sheet) {
	var items []int
	for _, b := range in.Benchmarks {
		items = append(items, len(b.Items))
	}
	l := newLayout(items)
	var rows []sheet
	for i := range in.Models {
		rows = append(rows, l.row(in, i))
	}
	return l, rows
}

func TestImputedAnswersGoWithTheObserved(t *testing.T) {
	in := population(31, 400, 40)
	l, rows := sheetsOf(in)
	m := newImputer(l, rows, rand.New(rand.NewPCG(1, 1)), 2)
	// Hide the second half of the items and draw it from the first.
	var drawn, truth, byMean float64
	for i, row := range rows {
		s := l.sheet()
		for j := range 20 {
			l.set(s, 0, j, in.Benchmarks[0].Answers.At(i, j))
		}
		p, err := m.posterior(l, s)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(uint64(i), 2))
		share := 0.0
		for range 20 {
			full := m.complete(l, s, p, rng)
			if full[0]&s.observed[0] != s.correct[0] {
				t.Fatalf("model %d: drawing changed observed answers", i)
			}
			for j := 20; j < 40; j++ {
				share += float64(full[0]>>j&1) / 400
			}
		}
		want, mean := 0.0, 0.0
		for j := 20; j < 40; j++ {
			want += float64(row.correct[0]>>j&1) / 20
			mean += m.Mean[j] / 20
		}
		drawn += (share - want) * (share - want)
		byMean += (mean - want) * (mean - want)
		truth += want / float64(len(rows))
	}
	if drawn > 0.5*byMean {
		t.Errorf("drawn answers miss the hidden share by %.4f, the items' means by %.4f (mean share %.2f)", drawn, byMean, truth)
	}
}

func TestImputerLearnsFromRowsWithGaps(t *testing.T) {
	in := population(32, 500, 30)
	l, rows := sheetsOf(in)
	whole := newImputer(l, rows, rand.New(rand.NewPCG(1, 1)), 1)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range rows {
		for j := range 30 {
			if rng.Float64() < 0.3 {
				in.Benchmarks[0].Answers.Set(i, j, response.Missing)
			}
		}
	}
	_, gaps := sheetsOf(in)
	part := newImputer(l, gaps, rand.New(rand.NewPCG(1, 1)), 1)
	for j := range 30 {
		if math.Abs(whole.Mean[j]-part.Mean[j]) > 0.08 {
			t.Errorf("item %d: mean %.3f with gaps, %.3f without", j, part.Mean[j], whole.Mean[j])
		}
		if !(part.Noise[j] > 0) {
			t.Errorf("item %d: noise %g", j, part.Noise[j])
		}
	}
}

func TestImputerTakesConstantItems(t *testing.T) {
	in := population(33, 50, 12)
	for i := range in.Models {
		in.Benchmarks[0].Answers.Set(i, 0, response.Correct)
		in.Benchmarks[0].Answers.Set(i, 1, response.Wrong)
		in.Benchmarks[0].Answers.Set(i, 2, response.Missing)
	}
	l, rows := sheetsOf(in)
	m := newImputer(l, rows, rand.New(rand.NewPCG(1, 1)), 1)
	p, err := m.posterior(l, l.sheet())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(p.mean, m.Loading...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatal("constant items make the factor model infinite")
		}
	}
}
