package ability

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/response"

	"pgregory.net/rapid"
)

// drawItems makes items with slopes of any sign, up to steep ones.
func drawItems(t *rapid.T, kind irt.Kind, most int) []irt.Item {
	items := make([]irt.Item, rapid.IntRange(1, most).Draw(t, "items"))
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "item seed"), 1))
	steep := rapid.Float64Range(0, 3).Draw(t, "steepness")
	for j := range items {
		it := irt.FromDifficulty(math.Exp(0.5*rng.NormFloat64()+steep), 1.5*rng.NormFloat64(), 0, 1)
		if rng.IntN(8) == 0 {
			it.A = -it.A
		}
		if kind >= irt.ThreePL {
			it.G = 0.4 * rng.Float64() * rng.Float64()
		}
		if kind == irt.FourPL {
			it.U = 1 - 0.3*rng.Float64()*rng.Float64()
		}
		items[j] = it
	}
	return items
}

func drawAnswers(t *rapid.T, items int) []response.Answer {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "answer seed"), 2))
	missing, correct := rapid.Float64Range(-0.3, 1).Draw(t, "missing"), rng.Float64()
	answers := make([]response.Answer, items)
	for j := range answers {
		switch {
		case rng.Float64() < missing:
			answers[j] = response.Missing
		case rng.Float64() < correct:
			answers[j] = response.Correct
		}
	}
	return answers
}

// patternOf estimates the ability of one model.
func patternOf(answers []response.Answer, items []irt.Item, opts Options) (Estimate, error) {
	s, err := New(items, opts)
	if err != nil {
		return Estimate{}, err
	}
	return s.Pattern(answers)
}

func single(t *rapid.T, answers []response.Answer, items []irt.Item, opts Options) Estimate {
	t.Helper()
	e, err := patternOf(answers, items, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func drawKind(t *rapid.T) irt.Kind { return rapid.SampledFrom(irt.Kinds()).Draw(t, "kind") }

// plain is the log-likelihood without any of the package's tricks.
func plain(items []irt.Item, answers []response.Answer, theta float64) float64 {
	sum := 0.0
	for j, a := range answers {
		logP, logQ := items[j].LogProb(theta)
		switch a {
		case response.Correct:
			sum += logP
		case response.Wrong:
			sum += logQ
		}
	}
	return sum
}

func TestEstimatesAreFiniteForAnyAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 40)
		answers := drawAnswers(t, len(items))
		for _, m := range Methods() {
			e := single(t, answers, items, Options{Method: m})
			if math.IsNaN(e.Theta) || math.IsInf(e.Theta, 0) || !(e.SE > 0) || e.SE > 3.5 {
				t.Fatalf("%s = %+v", m, e)
			}
			if (m == ML || m == WLE) && math.Abs(e.Theta) > DefaultBound {
				t.Fatalf("%s = %v beyond its bound", m, e.Theta)
			}
		}
	})
}

func TestModeIsNowhereExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 25)
		answers := drawAnswers(t, len(items))
		for method, precision := range map[Method]float64{MAP: 1, ML: 0} {
			limit := 9.0
			if method == ML {
				limit = DefaultBound
			}
			e := single(t, answers, items, Options{Method: method})
			f := func(x float64) float64 { return plain(items, answers, x) - precision*x*x/2 }
			best := f(e.Theta)
			for x := -limit; x <= limit; x += 0.004 {
				if v := f(x); v > best+1e-9 {
					t.Fatalf("%s = %v with %.12f, but %.12f at %v", method, e.Theta, best, v, x)
				}
			}
		}
	})
}

func TestMeanIsTheIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 25)
		answers := drawAnswers(t, len(items))
		e := single(t, answers, items, Options{Method: EAP})
		most := math.Inf(-1)
		for x := -10.0; x <= 10; x += 0.05 {
			most = max(most, plain(items, answers, x)-x*x/2)
		}
		w, m, v := 0.0, 0.0, 0.0
		for x := -10.0; x <= 10; x += 0.005 {
			p := math.Exp(plain(items, answers, x) - x*x/2 - most)
			w, m, v = w+p, m+p*x, v+p*x*x
		}
		mean := m / w
		sd := math.Sqrt(v/w - mean*mean)
		if math.Abs(e.Theta-mean) > 1e-6 || math.Abs(e.SE-sd) > 2e-6 {
			t.Fatalf("EAP = %+v, integral %v ± %v", e, mean, sd)
		}
	})
}

func TestSumScoreMeanIsThatOverAllPatternsOfTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 8)
		answers := drawAnswers(t, len(items))
		got := single(t, answers, items, Options{Method: EAPSum, Nodes: 61})
		var answered []int
		sum := 0
		for j, a := range answers {
			if a != response.Missing {
				answered = append(answered, j)
			}
			if a == response.Correct {
				sum++
			}
		}
		w, m := 0.0, 0.0
		for subset := range 1 << len(answered) {
			pattern, correct := slices.Repeat([]response.Answer{response.Missing}, len(items)), 0
			for b, j := range answered {
				pattern[j] = response.Answer(subset >> b & 1)
				correct += subset >> b & 1
			}
			if correct != sum {
				continue
			}
			for k := -30; k <= 30; k++ {
				x := float64(k) / 5
				p := math.Exp(plain(items, pattern, x) - x*x/2)
				w, m = w+p, m+p*x
			}
		}
		if math.Abs(got.Theta-m/w) > 1e-10 {
			t.Fatalf("EAPsum = %v, by enumeration %v", got.Theta, m/w)
		}
	})
}

func TestOneMoreCorrectAnswerNeverLowersThe2PLAbility(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, irt.TwoPL, 40)
		for j := range items {
			items[j].A = math.Abs(items[j].A)
		}
		answers := drawAnswers(t, len(items))
		j := rapid.IntRange(0, len(items)-1).Draw(t, "changed")
		wrong, right := slices.Clone(answers), slices.Clone(answers)
		wrong[j], right[j] = response.Wrong, response.Correct
		for _, m := range Methods() {
			if m == WLE {
				continue // a weight that depends on θ gives no such promise
			}
			a, b := single(t, wrong, items, Options{Method: m}), single(t, right, items, Options{Method: m})
			if b.Theta < a.Theta-1e-9 {
				t.Fatalf("%s falls from %v to %v", m, a.Theta, b.Theta)
			}
		}
	})
}

// The weighted likelihood ℓ + ∫J/(2I), integrated in steps of 5e-4 and in logarithms, is
// nowhere larger than at the WLE, however steep the items and however many maxima there
// are.
func TestWeightedLikelihoodIsNowhereExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 7)
		steep := rapid.SampledFrom([]float64{1, 1, 4, 12}).Draw(t, "stretch")
		for j := range items {
			items[j].D *= steep
			items[j].A *= steep
			if limit := 190 / math.Abs(items[j].A); limit < 1 {
				items[j].A, items[j].D = items[j].A*limit, items[j].D*limit
			}
		}
		answers := drawAnswers(t, len(items))
		var answered []irt.Item
		for j, a := range answers {
			if a != response.Missing {
				answered = append(answered, items[j])
			}
		}
		if len(answered) == 0 {
			t.Skip("nothing answered")
		}
		// J/(2I), with I_j = a²(u-g)² s²(1-s)² / (P(1-P)) in logarithms.
		tilt := func(x float64) float64 {
			most, sum, weighted := math.Inf(-1), 0.0, 0.0
			logs := make([]float64, len(answered))
			for j, it := range answered {
				logP, logQ := it.LogProb(x)
				z := math.Abs(it.A*x + it.D)
				logs[j] = 2*math.Log(math.Abs(it.A)*(it.U-it.G)) - 2*z - 4*math.Log1p(math.Exp(-z)) - logP - logQ
				most = max(most, logs[j])
			}
			for j, it := range answered {
				share := math.Exp(logs[j] - most)
				sum += share
				weighted -= share * it.A * math.Tanh((it.A*x+it.D)/2)
			}
			return weighted / sum / 2
		}
		e := single(t, answers, items, Options{Method: WLE})
		const step = 5e-4
		n := int(math.Round(DefaultBound / step))
		weight, best, at, ours := 0.0, math.Inf(-1), 0.0, math.Inf(-1)
		before := tilt(-DefaultBound)
		for k := -n; k <= n; k++ {
			x := float64(k) * step
			if k > -n {
				now := tilt(x)
				weight += step / 6 * (before + 4*tilt(x-step/2) + now)
				before = now
			}
			v := plain(items, answers, x) + weight
			if v > best {
				best, at = v, x
			}
			if math.Abs(x-e.Theta) <= step {
				ours = max(ours, v)
			}
		}
		// Within a step of a maximum the criterion falls by less than what its largest
		// slope allows.
		slope := 0.0
		for _, it := range answered {
			slope += math.Abs(it.A)
		}
		if ours < best-1e-6-slope*step*0.02 {
			t.Fatalf("WLE = %v with %.9f, but %.9f at %v; items %+v, answers %v", e.Theta, ours, best, at, items, answers)
		}
	})
}

// Two steep items whose answers contradict each other: the criterion has a maximum at
// each threshold, that of the item that is answered right lower by what the other costs.
func TestWeightedLikelihoodTakesTheHigherOfTwoSteepRoots(t *testing.T) {
	items := []irt.Item{irt.FromDifficulty(60, -1.03, 0, 1), irt.FromDifficulty(30, 1.47, 0, 1)}
	answers := []response.Answer{response.Correct, response.Wrong}
	e, err := patternOf(answers, items, Options{Method: WLE})
	if err != nil {
		t.Fatal(err)
	}
	// At a threshold one item has ½ and I = a²/4, the other is certain: ℓ + ½ log I is larger
	// where a is.
	want, best := 0.0, math.Inf(-1)
	for x := -6.0; x <= 6; x += 1e-5 {
		f := plain(items, answers, x)
		z1, z2 := math.Abs(60*(x+1.03)), math.Abs(30*(x-1.47))
		l1 := 2*math.Log(60) - z1 - 2*math.Log1p(math.Exp(-z1))
		l2 := 2*math.Log(30) - z2 - 2*math.Log1p(math.Exp(-z2))
		if v := f + math.Log(math.Exp(l1-max(l1, l2))+math.Exp(l2-max(l1, l2)))/2 + max(l1, l2)/2; v > best {
			want, best = x, v
		}
	}
	if math.Abs(e.Theta-want) > 1e-4 || math.Abs(want+1.03) > 0.05 {
		t.Errorf("WLE = %v, the criterion is largest at %v", e.Theta, want)
	}
}

// A standard error that is the limit and not 1/√information says so.
func TestCappedStandardErrorSaysSo(t *testing.T) {
	items := []irt.Item{irt.FromDifficulty(1.5, 0, 0, 1), irt.FromDifficulty(1.5, 0.5, 0, 1)}
	right := []response.Answer{response.Correct, response.Correct}
	mixed := []response.Answer{response.Correct, response.Wrong}
	none := []response.Answer{response.Missing, response.Missing}
	guessed := []irt.Item{{A: 3, D: -3, G: 0.4, U: 1}, {A: 3, D: -3, G: 0.4, U: 1}}
	bound := DefaultBound / math.Sqrt(3)
	for name, c := range map[string]struct {
		method  Method
		items   []irt.Item
		answers []response.Answer
		capped  bool
		se      float64 // 0: not known in closed form
	}{
		"ml_of_all_right":           {ML, items, right, true, bound},
		"ml_of_both":                {ML, items, mixed, false, 0},
		"ml_of_nothing":             {ML, items, none, true, bound},
		"wle_of_nothing":            {WLE, items, none, true, bound},
		"map_of_nothing":            {MAP, items, none, false, 1}, // the prior's own
		"map_of_both":               {MAP, items, mixed, false, 0},
		"map_where_guessing_widens": {MAP, guessed, mixed, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := patternOf(c.answers, c.items, Options{Method: c.method})
			if err != nil {
				t.Fatal(err)
			}
			if e.Capped != c.capped || c.se > 0 && math.Abs(e.SE-c.se) > 1e-12 {
				t.Errorf("%+v, want capped %v, SE %v", e, c.capped, c.se)
			}
		})
	}
}

func TestWeightedLikelihoodOf2PLMaximisesWarmsCriterion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, irt.TwoPL, 25)
		answers := drawAnswers(t, len(items))
		var answered []irt.Item
		for j, a := range answers {
			if a != response.Missing {
				answered = append(answered, items[j])
			}
		}
		if len(answered) == 0 {
			t.Skip("nothing answered")
		}
		f := func(x float64) float64 {
			return plain(items, answers, x) + math.Log(irt.TestInformation(answered, x))/2
		}
		e := single(t, answers, items, Options{Method: WLE})
		// The criterion can have several maxima; ours must be one of them.
		for _, d := range []float64{-1e-4, 1e-4} {
			if x := e.Theta + d; math.Abs(x) <= DefaultBound && f(x) > f(e.Theta)+1e-12 {
				t.Fatalf("WLE = %v, but %v is better", e.Theta, x)
			}
		}
	})
}

func TestPatternAloneEqualsPatternInAMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	items := make([]irt.Item, 77)
	for j := range items {
		items[j] = irt.Item{A: 1 + rng.Float64(), D: 2 * rng.NormFloat64(), G: 0.2 * rng.Float64(), U: 1}
	}
	m := response.New(300, len(items))
	answers := make([][]response.Answer, 300)
	for i := range answers {
		answers[i] = make([]response.Answer, len(items))
		for j := range answers[i] {
			answers[i][j] = []response.Answer{response.Wrong, response.Correct, response.Missing}[rng.IntN(2+i%2)] // every other row has gaps
			m.Set(i, j, answers[i][j])
		}
	}
	for _, method := range Methods() {
		var first []Estimate
		for _, workers := range []int{1, 2, 7} {
			got, err := Estimates(context.Background(), m, items, Options{Method: method, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Errorf("%s: %d workers change the result", method, workers)
			}
		}
		s, err := New(items, Options{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			e, err := s.Pattern(answers[i])
			if err != nil {
				t.Fatal(err)
			}
			if e != first[i] {
				t.Errorf("%s: row %d alone %+v, in the matrix %+v", method, i, e, first[i])
			}
		}
	}
}

func TestRunningEstimateEqualsThatOfAllAnswersAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 70)
		answers := drawAnswers(t, len(items))
		method := rapid.SampledFrom([]Method{MAP, EAP, ML, WLE}).Draw(t, "method")
		s, err := New(items, Options{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		r := s.Start()
		r.Add(0, true) // must leave no trace
		r.Reset()
		for j, a := range answers {
			if a != response.Missing {
				r.Add(j, a == response.Correct)
			}
			if got := r.At(j); got != a {
				t.Fatalf("At(%d) = %d, want %d", j, got, a)
			}
		}
		want, err := s.Pattern(answers)
		if err != nil {
			t.Fatal(err)
		}
		if want.SE > 3 {
			t.Skip("the likelihood is flat to rounding, its maximum anywhere on the plateau")
		}
		if got := r.Estimate(); math.Abs(got.Theta-want.Theta) > 1e-8 || math.Abs(got.SE-want.SE) > 1e-8 {
			t.Fatalf("running %s = %+v, at once %+v", method, got, want)
		}
	})
}

func TestUnusableInputIsAnError(t *testing.T) {
	good := irt.Item{A: 1, U: 1}
	cases := map[string]struct {
		items   []irt.Item
		answers []response.Answer
		opts    Options
	}{
		"slope_not_a_number":      {[]irt.Item{{A: math.NaN(), U: 1}}, make([]response.Answer, 1), Options{}},
		"intercept_infinite":      {[]irt.Item{{A: 1, D: math.Inf(1), U: 1}}, make([]response.Answer, 1), Options{}},
		"asymptotes_crossed":      {[]irt.Item{{A: 1, G: 0.5, U: 0.4}}, make([]response.Answer, 1), Options{}},
		"upper_asymptote_above_1": {[]irt.Item{{A: 1, U: 1.1}}, make([]response.Answer, 1), Options{}},
		"more_answers_than_items": {[]irt.Item{good}, make([]response.Answer, 2), Options{}},
		"answer_unknown":          {[]irt.Item{good}, []response.Answer{3}, Options{}},
		"one_node":                {[]irt.Item{good}, make([]response.Answer, 1), Options{Method: EAP, Nodes: 1}},
		"negative_bound":          {[]irt.Item{good}, make([]response.Answer, 1), Options{Method: ML, Bound: -1}},
		"unknown_method":          {[]irt.Item{good}, make([]response.Answer, 1), Options{Method: 17}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if e, err := patternOf(c.answers, c.items, c.opts); err == nil {
				t.Fatalf("no error, but %+v", e)
			}
		})
	}
}

func TestCancelledContextStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, method := range Methods() {
		_, err := Estimates(ctx, response.New(500, 1), []irt.Item{{A: 1, U: 1}}, Options{Method: method})
		if err == nil {
			t.Errorf("%s: no error after cancelling", method)
		}
	}
}

func TestLongTestDoesNotUnderflow(t *testing.T) {
	items := make([]irt.Item, 2000)
	answers := make([]response.Answer, len(items)) // all wrong, although guessing gives 1/3
	for j := range items {
		items[j] = irt.Item{A: 1, D: float64(j%5) - 2, G: 1.0 / 3, U: 1}
	}
	answers[0] = response.Correct
	for _, m := range Methods() {
		e, err := patternOf(answers, items, Options{Method: m})
		if err != nil {
			t.Fatal(err)
		}
		if !(e.Theta < -3) || !(e.SE > 0) || math.IsInf(e.Theta, 0) {
			t.Errorf("%s = %+v", m, e)
		}
	}
}

func TestTiltedSumProbabilityEqualsTheRecursion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, drawKind(t), 12)
		s, err := New(items, Options{Method: EAPSum, Nodes: 61})
		if err != nil {
			t.Fatal(err)
		}
		theta := rapid.Float64Range(-4, 4).Draw(t, "theta")
		all := make([]int, len(items))
		like := make([]float64, len(items)+1)
		like[0] = 1
		for j, it := range items {
			all[j] = j
			p, c := it.Prob(theta), wrongProb(it.G, it.U, it.A*theta+it.D)
			for n := j + 1; n > 0; n-- {
				like[n] = like[n]*c + like[n-1]*p
			}
			like[0] *= c
		}
		sum := rapid.IntRange(0, len(items)).Draw(t, "sum")
		if like[sum] < 1e-280 {
			t.Skip("the plain recursion underflows")
		}
		if got, want := s.logSum(all, sum, theta), math.Log(like[sum]); math.Abs(got-want) > 1e-9 {
			t.Fatalf("log L(%d) = %v, want %v", sum, got, want)
		}
	})
}

func TestExtremeItemsGiveFiniteEstimates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slope := rapid.SampledFrom([]float64{0, 1e-12, 1, -1, 40, -40, 300})
		intercept := rapid.SampledFrom([]float64{0, 1e-9, 5, -60, 60, 1000, -1000})
		lower := rapid.SampledFrom([]float64{0, 1e-300, 1e-9, 0.25, 0.5})
		upper := rapid.SampledFrom([]float64{1, 1 - 1e-16, 0.9, 0.51})
		items := make([]irt.Item, rapid.IntRange(1, 6).Draw(t, "items"))
		for j := range items {
			items[j] = irt.Item{
				A: slope.Draw(t, "a"), D: intercept.Draw(t, "d"), G: lower.Draw(t, "g"), U: upper.Draw(t, "u"),
			}
		}
		answers := drawAnswers(t, len(items))
		for _, m := range Methods() {
			e := single(t, answers, items, Options{Method: m})
			if math.IsNaN(e.Theta) || math.IsInf(e.Theta, 0) || !(e.SE >= 0) || e.SE > 6 {
				t.Fatalf("%s = %+v", m, e)
			}
		}
	})
}
