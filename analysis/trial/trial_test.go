package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/analysis/rival"
)

// population is a table of models that answer by a Rasch model.
func population(models, items int, name func(i int) string) *response.Table {
	t := &response.Table{Benchmark: "b", Answers: response.New(models, items)}
	rng := rand.New(rand.NewPCG(1, 1))
	for j := range items {
		t.Items = append(t.Items, fmt.Sprint("i", j))
	}
	for i := range models {
		t.Models = append(t.Models, name(i))
		ability := rng.NormFloat64()
		for j := range items {
			p := 1 / (1 + math.Exp(4*(float64(j)/float64(items)-0.5)-1.5*ability))
			t.Answers.Set(i, j, response.Wrong)
			if rng.Float64() < p {
				t.Answers.Set(i, j, response.Correct)
			}
		}
	}
	return t
}

func numbered(i int) string { return fmt.Sprintf("org%d/m%d", i%10, i) }

func rule(t *testing.T, text string) Split {
	t.Helper()
	s, err := ParseSplit(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSplitsTestWhatTheySay(t *testing.T) {
	set := make([]string, 60)
	for i := range set {
		set[i] = []string{"train", "validation", "Test", ""}[i%4]
	}
	d := NewData(population(60, 20, numbered), map[string][]string{"set": set})
	for name, c := range map[string]struct {
		train, test int
		trained     func(score float64, least, most float64) bool // of a training model, by the scores tested
	}{
		"random":     {45, 15, nil},
		"top=0.1":    {54, 6, func(s, least, _ float64) bool { return s <= least }},
		"bottom=0.2": {48, 12, func(s, _, most float64) bool { return s >= most }},
		"low-half":   {30, 18, func(s, least, _ float64) bool { return s <= least }},
		"column:set": {30, 15, nil},
	} {
		s := rule(t, name)
		if s.String() != name {
			t.Errorf("%s is written %s", name, s)
		}
		p, err := s.of(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.train.Rows) != c.train || len(p.test.Rows) != c.test {
			t.Errorf("%s: %d and %d models, want %d and %d", name, len(p.train.Rows), len(p.test.Rows), c.train, c.test)
		}
		least, most := math.Inf(1), math.Inf(-1)
		for _, i := range p.test.Rows {
			least, most = min(least, d.Scores[i]), max(most, d.Scores[i])
			if slices.Contains(p.train.Rows, i) {
				t.Errorf("%s: model %d is on both sides", name, i)
			}
		}
		for _, i := range p.train.Rows {
			if c.trained != nil && !c.trained(d.Scores[i], least, most) {
				t.Errorf("%s: learned from a model of score %g, tested %g to %g", name, d.Scores[i], least, most)
			}
		}
	}
}

func TestGroupsStayTogether(t *testing.T) {
	labels := make([]string, 60)
	for i := range labels {
		labels[i] = fmt.Sprint("g", i%12)
	}
	d := NewData(population(60, 20, numbered), map[string][]string{"maker": labels})
	p, err := rule(t, "column:maker").of(d, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.test.Rows {
		for _, k := range p.train.Rows {
			if d.Labels["maker"][i] == d.Labels["maker"][k] {
				t.Fatalf("models %d and %d of one group are on different sides", i, k)
			}
		}
	}
	if p.groups == nil {
		t.Error("methods do not get the groups")
	}
}

func TestRefusedSplits(t *testing.T) {
	for _, text := range []string{"", "best", "top=2", "top=x", "column:", "random=0.1", "low-half=1"} {
		if _, err := ParseSplit(text); err == nil {
			t.Errorf("%q is taken for a split", text)
		}
	}
	d := NewData(population(30, 20, numbered), nil)
	var few *TooFewError
	if _, err := rule(t, "low-half").of(d, 1); !errors.As(err, &few) || few.Train != 15 {
		t.Errorf("too few models: %v", err)
	}
	var column *NoColumnError
	if _, err := rule(t, "column:year").of(d, 1); !errors.As(err, &column) {
		t.Errorf("no column: %v", err)
	}
}

// What models are called and how a file is sorted must not decide what is tested.
func TestNamesAndOrderDecideNothing(t *testing.T) {
	a := population(60, 20, numbered)
	order := rand.New(rand.NewPCG(2, 2)).Perm(60)
	b := a.SelectModels(order)
	for i := range b.Models {
		b.Models[i] = fmt.Sprint("renamed ", i)
	}
	x, y := NewData(a, nil), NewData(b, nil)
	if diff := cmp.Diff(x.Scores, y.Scores); diff != "" {
		t.Fatal(diff)
	}
	for i := range x.Scores {
		if !slices.Equal(x.Table.Answers.CorrectWords(i), y.Table.Answers.CorrectWords(i)) {
			t.Fatalf("row %d is another model", i)
		}
	}
}

// Every method is near the truth where models are alike and the items many, whatever the
// number of workers.
func TestAllMethodsEstimateModelsOfThePopulation(t *testing.T) {
	if testing.Short() {
		t.Skip("fits eleven methods")
	}
	d := NewData(population(60, 30, numbered), nil)
	o := Options{Splits: []Split{rule(t, "random")}, Items: []int{12}, Seeds: 1, Workers: 2}
	outcomes, err := Run(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != len(rival.Methods()) || outcomes[0].Method != rival.Ours {
		t.Fatalf("%d outcomes, the first of %s", len(outcomes), outcomes[0].Method)
	}
	for _, out := range outcomes {
		r := out.Report()
		if r.LeftOut != "" || r.Models != 15 || !(r.RMSE > 0 && r.RMSE < 16) || !(r.Spearman > 0.6) {
			t.Errorf("%s: %+v", out.Method, r)
		}
		if out.Method == rival.RandomItems && len(out.Cases) != 20*15 {
			t.Errorf("%d cases of random items, want 20 draws of 15 models", len(out.Cases))
		}
	}
	o.Workers = 1
	again, err := Run(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	for k := range outcomes {
		if !cmp.Equal(outcomes[k].Cases, again[k].Cases) {
			t.Errorf("%s: another result with one worker", outcomes[k].Method)
		}
	}
}

func TestMoreItemsThanThereAreAreRefused(t *testing.T) {
	d := NewData(population(60, 20, numbered), nil)
	var many *TooManyItemsError
	if _, err := Run(context.Background(), d, Options{Splits: []Split{rule(t, "random")}, Items: []int{20}}); !errors.As(err, &many) {
		t.Errorf("error %v", err)
	}
}

// of makes an outcome of estimates that are off by errors, for models of falling distance.
func of(method string, errors ...float64) Outcome {
	o := Outcome{Split: Split{kind: random}, Method: method, Items: 5}
	for i, e := range errors {
		truth := 10 * float64(i)
		o.Cases = append(o.Cases, Case{Model: i, Truth: truth, Distance: 0.01 * float64(6*i),
			Prediction: reconstruct.Prediction{Score: truth + e, Interval: true, Lower: truth + e - 2, Upper: truth + e + 2}})
	}
	return o
}

func TestReportHasThirdsAndDistances(t *testing.T) {
	o := of(rival.Ours, 0, 1, 3)
	o.Cases[2].Prediction.Verdict.Place = reconstruct.Outside
	o.Cases[0].Prediction.Verdict.Place, o.Cases[1].Prediction.Verdict.Place = reconstruct.Inside, reconstruct.Inside
	r := o.Report()
	if r.MAE != Number(4.0/3) || math.Abs(float64(r.Coverage)-2.0/3) > 1e-12 || r.Width != 4 || r.Flagged != Number(1.0/3) {
		t.Errorf("%+v", r.Errors)
	}
	if len(r.Thirds) != 3 || r.Thirds[2].Bias != 3 || r.Thirds[2].Flagged != 1 {
		t.Errorf("thirds %+v", r.Thirds)
	}
	if len(r.Distances) != 3 || r.Distances[0].Group != "up to 2 % differ" || r.Distances[2].Group != "more than 10 %" {
		t.Errorf("distances %+v", r.Distances)
	}
	text, err := json.Marshal(Outcome{Method: "none", LeftOut: "too few models"}.Report())
	if err != nil || !strings.Contains(string(text), `"rmse":null`) || !strings.Contains(string(text), `"left_out":"too few models"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestCellIsWonWithinOneStandardError(t *testing.T) {
	for name, c := range map[string]struct {
		ours, other []float64
		first, won  bool
	}{
		"better":          {[]float64{1, 1, 1, 2}, []float64{2, 2, 2, 2}, true, true},
		"hardly worse":    {[]float64{3, 0, 0, 0}, []float64{0, 0, 2.9, 0}, false, true},
		"plainly worse":   {[]float64{3, 3, 3, 3.1}, []float64{1, 1, 1, 1}, false, false},
		"without answers": {nil, []float64{1, 1, 1, 1}, false, false},
	} {
		cells := Cells([]Outcome{of(rival.Ours, c.ours...), of("other", c.other...), of("worse", 9, 9, 9, 9)})
		if len(cells) != 1 || cells[0].Best != "other" || cells[0].First() != c.first || cells[0].Won() != c.won {
			t.Errorf("%s: %+v", name, cells)
		}
	}
}
