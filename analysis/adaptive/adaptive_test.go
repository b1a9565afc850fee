package adaptive

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/simulate"
)

// testBank returns n items of the kind and their names.
func testBank(t testing.TB, n int, kind irt.Kind) *Bank {
	t.Helper()
	items, _, _ := simulate.Study{Models: 2, Items: n, Kind: kind, Replicates: 1, Seed: 3}.Truth(0)
	keys := make([]string, n)
	for j := range keys {
		keys[j] = fmt.Sprint(j + 1)
	}
	b, err := NewBank(keys, items)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newTest(t testing.TB, b *Bank, o Options) *Test {
	t.Helper()
	test, err := NewTest(b, o)
	if err != nil {
		t.Fatal(err)
	}
	return test
}

func next(t *testing.T, test *Test, session string, answers []Answer) Step {
	t.Helper()
	s, err := test.Next(session, answers)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// people returns a table of simulated models for the bank.
func people(b *Bank, n int, seed uint64) *response.Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	theta, names := make([]float64, n), make([]string, n)
	for i := range theta {
		theta[i], names[i] = rng.NormFloat64(), fmt.Sprintf("org/model-%d", i)
	}
	return &response.Table{Models: names, Items: b.Keys, Answers: simulate.Answers(rng, b.Items, theta)}
}

func TestEveryConfigurationAsksEachItemOnceAndEndsWithTheTrueScore(t *testing.T) {
	b := testBank(t, 70, irt.ThreePL)
	for _, c := range Criteria() {
		for _, e := range []ability.Method{ability.MAP, ability.EAP, ability.ML, ability.WLE} {
			t.Run(c.String()+"/"+e.String(), func(t *testing.T) {
				test := newTest(t, b, Options{Criterion: c, Estimator: e, Among: 3})
				rng := rand.New(rand.NewPCG(5, 5))
				var answers []Answer
				right := 0
				for range b.Items {
					s := next(t, test, "x", answers)
					if s.Item < 0 {
						t.Fatalf("stopped after %d: %s", len(answers), s.Stopped)
					}
					if math.IsNaN(s.Theta) || !(s.SE > 0) || !(s.Score.Low <= s.Score.Points && s.Score.Points <= s.Score.High) {
						t.Fatalf("after %d answers: %+v", len(answers), s)
					}
					a := Answer{s.Item, rng.Float64() < b.Items[s.Item].Prob(0.5)}
					if a.Correct {
						right++
					}
					answers = append(answers, a) // asking one twice would be Next's error
				}
				s := next(t, test, "x", answers)
				want := 100 * float64(right) / 70
				if s.Item >= 0 || s.Stopped == "" || math.Abs(s.Score.Points-want) > 1e-12 || s.Score.Width() != 0 {
					t.Fatalf("at the end: %+v, want the score %v for certain", s, want)
				}
			})
		}
	}
}

func TestMaximumInformationAsksTheMostInformativeItem(t *testing.T) {
	b := testBank(t, 90, irt.TwoPL)
	test := newTest(t, b, Options{})
	var answers []Answer
	for n := range 40 {
		s := next(t, test, "", answers)
		best, most := -1, 0.0
		for j, it := range b.Items {
			asked := slices.ContainsFunc(answers, func(a Answer) bool { return a.Item == j })
			if v := it.Information(s.Theta); !asked && v > most {
				best, most = j, v
			}
		}
		// The table is linear between nodes, so that near ties may fall the other way.
		if got := b.Items[s.Item].Information(s.Theta); got < 0.998*most {
			t.Fatalf("after %d answers asks item %d with %.4f, item %d has %.4f", n, s.Item, got, best, most)
		}
		if math.Abs(s.Information-most) > 0.002*most {
			t.Fatalf("information left %.5f, want %.5f", s.Information, most)
		}
		answers = append(answers, Answer{s.Item, n%3 > 0})
	}
}

func TestKullbackLeiblerIsTheIntegralOfTheDivergence(t *testing.T) {
	b := testBank(t, 20, irt.FourPL)
	table := newDivergenceTable(b)
	got := make([]float64, 20)
	const theta, answered = 0.5, 8
	table.at(got, theta, answered)
	for j, it := range b.Items {
		p, want := it.Prob(theta), 0.0
		const steps = 20000
		for k := range steps {
			x := theta - 1 + 2*(float64(k)+0.5)/steps // 3/√9 = 1
			q := it.Prob(x)
			want += (p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q))) * 2 / steps
		}
		if math.Abs(got[j]-want) > 2e-3*want+1e-5 {
			t.Errorf("item %d: %v, want %v", j, got[j], want)
		}
	}
}

func TestProgressiveEndsWithInformation(t *testing.T) {
	b := testBank(t, 60, irt.TwoPL)
	byChance := newTest(t, b, Options{Criterion: Progressive, Length: 10})
	best := newTest(t, b, Options{})
	var answers []Answer
	same := 0
	for n := range 30 {
		s := next(t, byChance, "x", answers)
		if s.Item == next(t, best, "x", answers).Item {
			same++
			if n < 10 {
				continue
			}
		} else if n >= 10 {
			t.Fatalf("after %d of 10 answers chance still has a part", n)
		}
		answers = append(answers, Answer{s.Item, n%2 == 0})
	}
	if same > 27 {
		t.Errorf("%d of 30 items are the most informative: chance never had a part", same)
	}
}

func TestProportionalDrawsByInformation(t *testing.T) {
	b := testBank(t, 5, irt.TwoPL)
	test := newTest(t, b, Options{Criterion: Proportional, Length: 10})
	answers := []Answer{{Item: 0, Correct: true}} // progress 1/10, so that h is 1
	count := make([]float64, 5)
	const draws = 4000
	var theta float64
	for k := range draws {
		s := next(t, test, fmt.Sprint(k), answers)
		theta = s.Theta
		count[s.Item] += 1.0 / draws
	}
	sum := 0.0
	for _, it := range b.Items[1:] {
		sum += it.Information(theta)
	}
	for j, it := range b.Items[1:] {
		if want := it.Information(theta) / sum; math.Abs(count[j+1]-want) > 0.03 {
			t.Errorf("item %d is drawn with rate %.3f, want %.3f", j+1, count[j+1], want)
		}
	}
}

func TestChanceDependsOnTheSessionOnly(t *testing.T) {
	test := newTest(t, testBank(t, 200, irt.TwoPL), Options{Criterion: Random})
	seen := make(map[int]bool)
	for k := range 50 {
		s := next(t, test, fmt.Sprint(k), nil)
		if again := next(t, test, fmt.Sprint(k), nil); again.Item != s.Item {
			t.Fatal("the same request gives two items")
		}
		seen[s.Item] = true
	}
	if len(seen) < 30 {
		t.Errorf("50 sessions begin with only %d items", len(seen))
	}
}

func TestScoreIsWhatItsFormulaSays(t *testing.T) {
	b := testBank(t, 50, irt.ThreePL)
	asked := []Answer{{3, true}, {17, false}, {40, true}}
	const theta, se, misfit = 0.337, 0.2, 1.5
	got := b.score(asked, theta, se, misfit, nil)
	sum, slope, variance := 2.0, 0.0, 0.0
	for j, it := range b.Items {
		if j == 3 || j == 17 || j == 40 {
			continue
		}
		p, dp, _ := it.Derivatives(theta)
		sum, slope, variance = sum+p, slope+dp, variance+p*(1-p)
	}
	sd := math.Sqrt(4*(variance+slope*slope*se*se) + misfit*47.0/50*misfit*47.0/50)
	if math.Abs(got.Points-2*sum) > 1e-5 || math.Abs(got.SD-sd) > 2e-3*sd {
		t.Errorf("score %+v, want %v ± %v", got, 2*sum, sd)
	}
}

func TestIntervalCoversWhereTheModelHolds(t *testing.T) {
	b := testBank(t, 300, irt.TwoPL)
	test := newTest(t, b, Options{Estimator: ability.EAP, Stop: Any{Answers(30)}})
	played, err := Study{Test: test}.Run(context.Background(), people(b, 1500, 2))
	if err != nil {
		t.Fatal(err)
	}
	if c := coverageOf(scoresOf(played), actualOf(played)); c < 0.87 || c > 0.93 {
		t.Errorf("90 %% intervals cover %.3f", c)
	}
	if m := misfitOf(scoresOf(played), actualOf(played), 0.9); m > 1 {
		t.Errorf("misfit of %.2f points where there is none", m)
	}
}

func TestStopRulesEndTheTest(t *testing.T) {
	b := testBank(t, 300, irt.TwoPL)
	table := people(b, 60, 4)
	for text, holds := range map[string]func(Played) bool{
		"items=12":                func(p Played) bool { return len(p.Asked) == 12 },
		"se=0.3":                  func(p Played) bool { return p.SE <= 0.3 },
		"width=16":                func(p Played) bool { return p.Score.Width() <= 16 },
		"information=0.3":         func(p Played) bool { return len(p.Asked) > 0 },
		"se=0.5+items=25":         func(p Played) bool { return p.SE <= 0.5 && len(p.Asked) >= 25 },
		"items=40,width=1,se=0.1": func(p Played) bool { return len(p.Asked) == 40 && p.Stopped == "items=40" },
	} {
		t.Run(text, func(t *testing.T) {
			rule, err := ParseRule(text)
			if err != nil {
				t.Fatal(err)
			}
			played, err := Study{Test: newTest(t, b, Options{Stop: rule})}.Run(context.Background(), table)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range played {
				if !holds(p) || p.Stopped == "no item left" {
					t.Fatalf("%s stopped by %q after %d: SE %.3f, width %.2f", p.Model, p.Stopped, len(p.Asked), p.SE, p.Score.Width())
				}
			}
		})
	}
}

func TestStudyEqualsNextStepByStep(t *testing.T) {
	b := testBank(t, 80, irt.ThreePL)
	table := people(b, 5, 6)
	test := newTest(t, b, Options{Criterion: Progressive, Estimator: ability.WLE, Among: 2, Stop: Any{Answers(25)}})
	played, err := Study{Test: test}.Run(context.Background(), table)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range played {
		var answers []Answer
		for range 25 {
			s := next(t, test, p.Model, answers)
			answers = append(answers, Answer{s.Item, table.Answers.At(i, s.Item) == response.Correct})
		}
		s := next(t, test, p.Model, answers)
		asked := make([]int, len(answers))
		for k, a := range answers {
			asked[k] = a.Item
		}
		if !slices.Equal(asked, p.Asked) || s.Theta != p.Theta || s.Score != p.Score || s.Stopped != p.Stopped {
			t.Fatalf("%s: study %+v, Next %v %+v", p.Model, p, asked, s)
		}
	}
}

func TestStudyDoesNotDependOnWorkersAndSkipsWhatIsMissing(t *testing.T) {
	b := testBank(t, 40, irt.TwoPL)
	table := people(b, 30, 8)
	for i := range 30 {
		for j := range 40 {
			if (i+j)%3 == 0 {
				table.Answers.Set(i, j, response.Missing)
			}
		}
	}
	test := newTest(t, b, Options{Criterion: Proportional})
	var first []Played
	for _, workers := range []int{1, 2, 7} {
		played, err := Study{Test: test, Workers: workers}.Run(context.Background(), table)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = played
		}
		if !reflect.DeepEqual(played, first) {
			t.Fatalf("%d workers change the result", workers)
		}
	}
	for i, p := range first {
		if _, observed := table.Answers.Counts(i); len(p.Asked) != observed {
			t.Errorf("%s was asked %d items, has answers to %d", p.Model, len(p.Asked), observed)
		}
		for _, j := range p.Asked {
			if table.Answers.At(i, j) == response.Missing {
				t.Errorf("%s was asked item %d without an answer", p.Model, j)
			}
		}
	}
}

func TestStudyStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := testBank(t, 10, irt.TwoPL)
	if _, err := (Study{Test: newTest(t, b, Options{})}).Run(ctx, people(b, 5, 1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v", err)
	}
}

func TestAnswersThatCannotBeAreErrors(t *testing.T) {
	test := newTest(t, testBank(t, 10, irt.TwoPL), Options{})
	for name, answers := range map[string][]Answer{
		"item_beyond_the_bank": {{Item: 10}},
		"negative_item":        {{Item: -1}},
		"item_answered_twice":  {{Item: 3}, {Item: 4}, {Item: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := test.Next("", answers); err == nil {
				t.Fatal("no error")
			}
		})
	}
}

func TestUnusableBankIsAnError(t *testing.T) {
	good := irt.Item{A: 1, U: 1}
	for name, c := range map[string]struct {
		keys  []string
		items []irt.Item
	}{
		"no_items":           {nil, nil},
		"name_twice":         {[]string{"a", "a"}, []irt.Item{good, good}},
		"name_empty":         {[]string{""}, []irt.Item{good}},
		"name_missing":       {[]string{"a"}, []irt.Item{good, good}},
		"slope_infinite":     {[]string{"a"}, []irt.Item{{A: math.Inf(1), U: 1}}},
		"asymptotes_reverse": {[]string{"a"}, []irt.Item{{A: 1, G: 0.6, U: 0.5}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewBank(c.keys, c.items); err == nil {
				t.Fatal("no error")
			}
		})
	}
}

func TestUnusableOptionsAreErrors(t *testing.T) {
	b := testBank(t, 5, irt.TwoPL)
	for name, o := range map[string]Options{
		"sum_score_estimator": {Estimator: ability.EAPSum},
		"unknown_criterion":   {Criterion: 99},
		"negative_among":      {Among: -1},
		"misfit_not_a_number": {Misfit: math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewTest(b, o); err == nil {
				t.Fatal("no error")
			}
		})
	}
}

func TestRuleErrorsNameTheCondition(t *testing.T) {
	for text, part := range map[string]string{
		"":              `""`,
		"se":            `"se"`,
		"se=-1":         `"se=-1"`,
		"items=2.5":     `"items=2.5"`,
		"items=0":       `"items=0"`,
		"error=3":       `"error"`,
		"se=0.2,,":      `""`,
		"width=NaN":     `"width=NaN"`,
		"se=0.2+items=": `"items="`,
	} {
		if _, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("ParseRule(%q) = %v, want an error with %s", text, err, part)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"items=60", "se=0.2+items=10,width=4", "information=1e-3, se=1", "items=,", "=+,", "se=1000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rule, err := ParseRule(s)
		if err != nil {
			return
		}
		again, err := ParseRule(rule.String())
		if err != nil || !reflect.DeepEqual(rule, again) {
			t.Fatalf("%q reads as %v, written as %q, which reads as %v, %v", s, rule, rule.String(), again, err)
		}
	})
}

func TestFixedFormSpreadsOverTheAbilities(t *testing.T) {
	b := testBank(t, 400, irt.TwoPL)
	form := FixedForm(b, 40)
	if len(form) != 40 || len(slices.Compact(slices.Sorted(slices.Values(form)))) != 40 {
		t.Fatalf("form %v", form)
	}
	low, high := 0, 0
	for _, j := range form {
		if b.Items[j].Difficulty() < -0.7 {
			low++
		}
		if b.Items[j].Difficulty() > 0.7 {
			high++
		}
	}
	if low < 5 || high < 5 {
		t.Errorf("%d easy and %d hard items of 40", low, high)
	}
	if all := FixedForm(b, 1000); len(all) != 400 {
		t.Errorf("a form of more items than the bank has %d", len(all))
	}
}

func BenchmarkStudy(b *testing.B) {
	bank := testBank(b, 1351, irt.TwoPL)
	table := people(bank, 500, 1)
	for _, o := range []Options{
		{}, {Estimator: ability.EAP}, {Estimator: ability.WLE}, {Estimator: ability.ML},
		{Criterion: KullbackLeibler}, {Criterion: Progressive}, {Criterion: Proportional}, {Criterion: Random},
	} {
		o.Stop = Any{Answers(100)}
		b.Run(o.Criterion.String()+"/"+o.Estimator.String(), func(b *testing.B) {
			test := newTest(b, bank, o)
			for b.Loop() {
				if _, err := (Study{Test: test}).Run(context.Background(), table); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/500, "µs/model")
		})
	}
}

func BenchmarkNext(b *testing.B) {
	bank := testBank(b, 1351, irt.TwoPL)
	test := newTest(b, bank, Options{})
	var answers []Answer
	for j := range 60 {
		answers = append(answers, Answer{j * 20, j%2 == 0})
	}
	for b.Loop() {
		if _, err := test.Next("", answers); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleTest_Next() {
	keys := []string{"easy", "medium", "hard"}
	bank, err := NewBank(keys, []irt.Item{
		irt.FromDifficulty(1.5, -1, 0, 1), irt.FromDifficulty(1.5, 0, 0, 1), irt.FromDifficulty(1.5, 1, 0, 1),
	})
	if err != nil {
		panic(err)
	}
	test, err := NewTest(bank, Options{Stop: Any{Answers(2)}})
	if err != nil {
		panic(err)
	}
	var answers []Answer
	for {
		step, err := test.Next("org/model", answers)
		if err != nil {
			panic(err)
		}
		if step.Item < 0 {
			fmt.Printf("%s: ability %.2f ± %.2f\n", step.Stopped, step.Theta, step.SE)
			return
		}
		fmt.Println("ask", keys[step.Item])
		answers = append(answers, Answer{step.Item, true})
	}
	// Output:
	// ask medium
	// ask hard
	// items=2: ability 1.01 ± 0.73
}
