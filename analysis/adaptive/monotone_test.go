package adaptive

import (
	"math"
	"math/rand/v2"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
)

// In a 2PL bank with positive slopes the likelihood of a right answer rises in θ.
func TestOneMoreCorrectAnswerNeverLowersTheAbility(t *testing.T) {
	b := testBank(t, 80, irt.TwoPL)
	const rounding = 1e-6
	for _, estimator := range []ability.Method{ability.MAP, ability.EAP, ability.ML} {
		t.Run(estimator.String(), func(t *testing.T) {
			test := newTest(t, b, Options{Estimator: estimator})
			rng := rand.New(rand.NewPCG(9, 9))
			for range 300 {
				order := rng.Perm(len(b.Items))[:1+rng.IntN(40)]
				answers := make([]Answer, len(order))
				for k, j := range order {
					answers[k] = Answer{j, rng.IntN(2) == 0}
				}
				before := next(t, test, "", answers)
				for k := range answers {
					if !answers[k].Correct {
						turned := append([]Answer(nil), answers...)
						turned[k].Correct = true
						if after := next(t, test, "", turned); !mixed(turned, answers) && estimator == ability.ML {
							continue // one of the two is MAP's, drawn to the middle
						} else if after.Theta < before.Theta-rounding {
							t.Fatalf("a right answer in place of a wrong one lowers θ from %v to %v", before.Theta, after.Theta)
						}
						break
					}
				}
				more := append(append([]Answer(nil), answers...), Answer{before.Item, true})
				if after := next(t, test, "", more); (estimator != ability.ML || mixed(more, answers)) && after.Theta < before.Theta-rounding {
					t.Fatalf("a further right answer lowers θ from %v to %v", before.Theta, after.Theta)
				}
			}
		})
	}
}

// mixed reports whether all patterns have both right and wrong answers.
func mixed(patterns ...[]Answer) bool {
	for _, answers := range patterns {
		right := 0
		for _, a := range answers {
			if a.Correct {
				right++
			}
		}
		if right == 0 || right == len(answers) {
			return false
		}
	}
	return true
}

// A standard error that collapses after one answer would end a test at once.
func TestStandardErrorIsNoSmallerThanTheInformationAllows(t *testing.T) {
	for _, kind := range []irt.Kind{irt.TwoPL, irt.ThreePL} {
		b := testBank(t, 80, kind)
		most := make([]float64, len(b.Items))
		for j, it := range b.Items {
			for k := range gridNodes {
				most[j] = max(most[j], it.Information(gridTheta(k)))
			}
		}
		for _, estimator := range []ability.Method{ability.MAP, ability.EAP, ability.ML, ability.WLE} {
			t.Run(kind.String()+"/"+estimator.String(), func(t *testing.T) {
				test := newTest(t, b, Options{Estimator: estimator})
				for name, correct := range extremes {
					var answers []Answer
					limit := 1.0 // information of the prior
					for k := range 40 {
						s := next(t, test, "", answers)
						// 3PL posteriors may be more curved than the expected information.
						if floor := 1 / math.Sqrt(limit); s.SE < 0.7*floor {
							t.Fatalf("%s: SE %.3f after %d answers that allow %.3f", name, s.SE, k, floor)
						}
						limit += most[s.Item]
						answers = append(answers, Answer{s.Item, correct(k)})
					}
				}
			})
		}
	}
}

func TestLeastNumberOfItemsGuardsAgainstALuckyStandardError(t *testing.T) {
	b := testBank(t, 80, irt.TwoPL)
	guarded := newTest(t, b, Options{Stop: Any{All{SEBelow(0.99), Answers(10)}}})
	alone := newTest(t, b, Options{Stop: Any{SEBelow(0.99)}})
	var answers []Answer
	for k := range 10 {
		s := next(t, guarded, "", answers)
		if s.Item < 0 {
			t.Fatalf("stopped after %d answers by %s", k, s.Stopped)
		}
		if k > 0 && next(t, alone, "", answers).Item >= 0 {
			t.Fatalf("SE %.3f does not stop a test without a least number", s.SE)
		}
		answers = append(answers, Answer{s.Item, true})
	}
	if s := next(t, guarded, "", answers); s.Item >= 0 || s.Stopped != "se=0.99+items=10" {
		t.Errorf("after ten answers: %+v", s)
	}
}

func TestEmptyAnswersAreThePrior(t *testing.T) {
	b := testBank(t, 40, irt.TwoPL)
	for _, estimator := range []ability.Method{ability.MAP, ability.EAP, ability.ML} {
		if s := next(t, newTest(t, b, Options{Estimator: estimator}), "", nil); math.Abs(s.Theta) > 1e-6 || math.Abs(s.SE-1) > 1e-3 {
			t.Errorf("%s: ability %v ± %v, want 0 ± 1", estimator, s.Theta, s.SE)
		}
	}
}
