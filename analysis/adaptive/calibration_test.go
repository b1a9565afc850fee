package adaptive

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// distorted returns answers that the bank's model is wrong about: every model has an
// ability of its own for the second half of the items.
func distorted(b *Bank, n int, seed uint64) *response.Table {
	table, other := people(b, n, seed), people(b, n, seed+1000)
	for i := range n {
		for j := len(b.Items) / 2; j < len(b.Items); j++ {
			if (i+j)%3 == 0 {
				table.Answers.Set(i, j, other.Answers.At(i, j))
			}
		}
	}
	return table
}

func calibrated(t *testing.T, b *Bank, o Options, models, answers int) *Calibration {
	t.Helper()
	c, err := Calibrator{Bank: b, Answers: answers}.Run(context.Background(), o, distorted(b, models, 5))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCalibratedIntervalsHoldWhereTheItemModelsDoNot(t *testing.T) {
	b := testBank(t, 200, irt.TwoPL)
	for _, o := range []Options{{}, {Criterion: Progressive, Estimator: ability.EAP, Length: 40}} {
		t.Run(o.Criterion.String(), func(t *testing.T) {
			o.Calibration = calibrated(t, b, o, 700, 40)
			played, err := Study{Test: newTest(t, b, o), Length: 80}.Run(context.Background(), distorted(b, 700, 77))
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{0, 1, 3, 5, 8, 12, 17, 30, 40, 80} {
				scores := scoresAfter(played, n)
				if c := coverageOf(scores, actualOf(played)); c < 0.86 || c > 0.97 {
					t.Errorf("after %d answers intervals hold %.3f, of the item model alone %.3f", n, c, intervalOf(scores, actualOf(played)).ItemModel)
				}
				if bias := errorsOf(scores, actualOf(played)).Calibrated.Bias; math.Abs(bias) > 1 {
					t.Errorf("after %d answers scores are off by %.2f points on average", n, bias)
				}
			}
		})
	}
}

func TestCalibrationIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	b := testBank(t, 60, irt.TwoPL)
	var first *Calibration
	for _, workers := range []int{1, 3} {
		c, err := Calibrator{Bank: b, Answers: 20, Workers: workers}.Run(context.Background(), Options{Criterion: Random}, distorted(b, 150, 5))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = c
		}
		if !reflect.DeepEqual(c, first) {
			t.Errorf("%d workers change the calibration", workers)
		}
	}
}

func TestCalibrationSurvivesJSONToTheLastBit(t *testing.T) {
	b := testBank(t, 60, irt.TwoPL)
	c := calibrated(t, b, Options{}, 200, 20)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again := &Calibration{}
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	answers := []Answer{{3, true}, {9, false}, {11, true}, {40, true}}
	one := next(t, newTest(t, b, Options{Calibration: c}), "", answers)
	two := next(t, newTest(t, b, Options{Calibration: again}), "", answers)
	if one != two {
		t.Errorf("%+v and, read again, %+v", one, two)
	}
}

// extremes are patterns that no model of a calibration has.
var extremes = map[string]func(k int) bool{
	"all_right":   func(int) bool { return true },
	"all_wrong":   func(int) bool { return false },
	"alternating": func(k int) bool { return k%2 == 0 },
	"first_wrong": func(k int) bool { return k > 0 },
}

func TestIntervalsStayInRangeAndOpenUntilEverythingIsAsked(t *testing.T) {
	b := testBank(t, 60, irt.ThreePL)
	for _, estimator := range []ability.Method{ability.MAP, ability.EAP, ability.ML, ability.WLE} {
		c := calibrated(t, b, Options{Estimator: estimator}, 300, 30)
		for _, calibration := range []*Calibration{nil, c} {
			test := newTest(t, b, Options{Estimator: estimator, Calibration: calibration})
			for name, correct := range extremes {
				t.Run(fmt.Sprintf("%s/%s/calibrated_%t", estimator, name, calibration != nil), func(t *testing.T) {
					var answers []Answer
					right := 0
					for k := range b.Items {
						s := next(t, test, "x", answers)
						if s.Item < 0 || math.Abs(s.Theta) > 6 || !(s.SE > 0) {
							t.Fatalf("after %d answers: %+v", k, s)
						}
						least, most := float64(right)/0.6, 100-float64(k-right)/0.6
						if s.Score.Low < least-1e-9 || s.Score.High > most+1e-9 || s.Score.Points < s.Score.Low || s.Score.Points > s.Score.High {
							t.Fatalf("after %d answers, %d right: %+v", k, right, s.Score)
						}
						if s.Score.Width() <= 0 {
							t.Fatalf("after %d of 60 answers the score is certain: %+v", k, s.Score)
						}
						a := Answer{s.Item, correct(k)}
						if a.Correct {
							right++
						}
						answers = append(answers, a)
					}
					s := next(t, test, "x", answers)
					if s.Item >= 0 || s.Stopped != "no item left" || s.Score.Width() != 0 || math.Abs(s.Score.Points-float64(right)/0.6) > 1e-9 {
						t.Errorf("at the end: %+v", s)
					}
				})
			}
		}
	}
}

func TestBrokenCalibrationIsAnError(t *testing.T) {
	b := testBank(t, 60, irt.TwoPL)
	good := calibrated(t, b, Options{}, 300, 20)
	text, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Calibration){
		"no_nodes":              func(c *Calibration) { c.Nodes = nil },
		"first_node_not_empty":  func(c *Calibration) { c.Nodes = c.Nodes[1:] },
		"nodes_do_not_rise":     func(c *Calibration) { c.Nodes[2].Answered = 1 },
		"no_errors":             func(c *Calibration) { c.Nodes[3].Errors = Band{} },
		"errors_differ_in_size": func(c *Calibration) { c.Nodes[3].Errors.Half = c.Nodes[3].Errors.Half[:0] },
		"interval_of_no_width":  func(c *Calibration) { c.Nodes[3].Errors.Half[0] = 0 },
		"offset_not_a_number":   func(c *Calibration) { c.Nodes[3].Offset = math.NaN() },
		"smooth_without_range":  func(c *Calibration) { c.Nodes[len(c.Nodes)-1].Score.Hi = c.Nodes[len(c.Nodes)-1].Score.Lo },
		"two_coefficients":      func(c *Calibration) { c.Nodes[len(c.Nodes)-1].Ability.Coef = []float64{1, 2} },
		"misfit_negative":       func(c *Calibration) { c.Misfit = -1 },
		"unknown_criterion":     func(c *Calibration) { c.Criterion = 77 },
		"sum_score_estimator":   func(c *Calibration) { c.Estimator = ability.EAPSum },
		"other_criterion":       func(c *Calibration) { c.Criterion = Random },
		"other_estimator":       func(c *Calibration) { c.Estimator = ability.WLE },
	} {
		t.Run(name, func(t *testing.T) {
			c := &Calibration{}
			if err := json.Unmarshal(text, c); err != nil {
				t.Fatal(err)
			}
			spoil(c)
			if _, err := NewTest(b, Options{Calibration: c}); err == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := NewTest(b, Options{Calibration: good, Misfit: 1}); err == nil {
		t.Error("a misfit beside a calibration is no error")
	}
}

func TestTooFewModelsOrItemsDoNotCalibrate(t *testing.T) {
	for name, c := range map[string]struct{ items, models int }{"nineteen_models": {30, 19}, "one_item": {1, 100}} {
		t.Run(name, func(t *testing.T) {
			b := testBank(t, c.items, irt.TwoPL)
			if _, err := (Calibrator{Bank: b}).Run(context.Background(), Options{}, people(b, c.models, 1)); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Nothing that the test models answered may have a part in what they are predicted by.
func TestTestModelsHaveNoPartInTheCalibration(t *testing.T) {
	b := testBank(t, 60, irt.TwoPL)
	table := distorted(b, 300, 5)
	ev := Evaluation{Bank: b, Table: table, Form: 20, Lengths: []int{10, 20}}
	for i := range 300 {
		if i < 240 {
			ev.Train.Rows = append(ev.Train.Rows, i)
		} else {
			ev.Test.Rows = append(ev.Test.Rows, i)
		}
	}
	o := Options{Stop: Any{Answers(20)}}
	c, err := Calibrator{Bank: b, Answers: 20}.Run(context.Background(), o, table.SelectModels(ev.Train.Rows))
	if err != nil {
		t.Fatal(err)
	}
	o.Calibration = c
	played, err := Study{Test: newTest(t, b, o)}.Run(context.Background(), table.SelectModels(ev.Test.Rows))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ev.Adaptive(context.Background(), Options{Stop: Any{Answers(20)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := errorsOf(scoresOf(played), actualOf(played)); got.Errors != want {
		t.Errorf("errors %+v, want those of a calibration on the train models alone, %+v", got.Errors, want)
	}
}
