package reconstruct

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/analysis/internal/rank"
	"metabench/analysis/response"
)

// population draws models whose answers follow a one-parameter logistic model with
// correlated abilities, and their scores on many more items than are selected.
func population(seed uint64, models int, items ...int) *Input {
	const whole = 1000
	rng := rand.New(rand.NewPCG(seed, 7))
	in := &Input{}
	ability := make([]float64, models)
	for i := range ability {
		in.Models = append(in.Models, fmt.Sprintf("org%d/model-%d", i%17, i))
		ability[i] = rng.NormFloat64()
	}
	for g, n := range items {
		b := Benchmark{Name: fmt.Sprintf("bench%d", g), Metric: "acc", Answers: response.New(models, n), Scores: make([]float64, models)}
		for j := range n {
			b.Items = append(b.Items, fmt.Sprintf("item%d", j))
		}
		difficulty := make([]float64, whole)
		for j := range difficulty {
			difficulty[j] = rng.NormFloat64()
		}
		for i := range models {
			theta := 1.5*ability[i] + 0.5*rng.NormFloat64()
			for j, d := range difficulty {
				a := response.Wrong
				if rng.Float64() < 1/(1+math.Exp(d-theta)) {
					a = response.Correct
					b.Scores[i] += 100.0 / whole
				}
				if j < n {
					b.Answers.Set(i, j, a)
				}
			}
		}
		in.Benchmarks = append(in.Benchmarks, b)
	}
	return in
}

// halves splits the rows of an input into a training and a test half.
func halves(in *Input) response.Split {
	var s response.Split
	for i := range in.Models {
		if i%2 == 0 {
			s.Train.Rows = append(s.Train.Rows, i)
		} else {
			s.Test.Rows = append(s.Test.Rows, i)
		}
	}
	return s
}

func fit(t testing.TB, in *Input, train response.TrainSet, opts Options) *Model {
	t.Helper()
	m, err := Fit(context.Background(), in, train, opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFitBeatsTheSubScore(t *testing.T) {
	in := population(1, 400, 40, 30)
	split := halves(in)
	m := fit(t, in, split.Train, Options{Seed: 1})
	predictions, err := m.PredictTest(in, split.Test)
	if err != nil {
		t.Fatal(err)
	}
	for g, b := range in.Benchmarks {
		var truth, subscore []float64
		var estimated, plain []Prediction
		for k, i := range split.Test.Rows {
			right, _ := b.Answers.Counts(i)
			truth = append(truth, b.Scores[i])
			subscore = append(subscore, 100*float64(right)/float64(len(b.Items)))
			estimated = append(estimated, predictions[k][g])
			plain = append(plain, Prediction{Score: subscore[k]})
		}
		ours, _ := Evaluate(truth, estimated)
		theirs, _ := Evaluate(truth, plain)
		if ours.RMSE > 0.9*theirs.RMSE {
			t.Errorf("%s: RMSE %.2f, the share of correct answers has %.2f", b.Name, ours.RMSE, theirs.RMSE)
		}
		if ours.Coverage < 0.82 || ours.Coverage > 0.97 {
			t.Errorf("%s: intervals of 90 %% hold %.0f %% of the scores", b.Name, 100*ours.Coverage)
		}
	}
}

func TestFitIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	in := population(2, 120, 25, 70)
	split := halves(in)
	var want []byte
	for _, workers := range []int{1, 2, 7} {
		got, err := fit(t, in, split.Train, Options{Seed: 3, Workers: workers, Iterations: 5}).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d workers give another model than 1", workers)
		}
	}
}

func TestFitDoesNotLookAtTestModels(t *testing.T) {
	in := population(3, 100, 30)
	split := halves(in)
	before := fit(t, in, split.Train, Options{Iterations: 5})
	for _, i := range split.Test.Rows {
		in.Benchmarks[0].Scores[i] = 0
		in.Benchmarks[0].Answers.SetRow(i, 0, make([]uint8, 30))
	}
	a, _ := before.MarshalBinary()
	b, _ := fit(t, in, split.Train, Options{Iterations: 5}).MarshalBinary()
	if !bytes.Equal(a, b) {
		t.Error("the model changed with the answers of test models")
	}
}

func TestEncodedModelPredictsTheSameBits(t *testing.T) {
	in := population(4, 120, 25, 70)
	split := halves(in)
	m := fit(t, in, split.Train, Options{Iterations: 5})
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for _, i := range split.Test.Rows {
		sheets := in.Sheets(i)
		sheets[0].Answers[3] = response.Missing
		want, err := m.Predict(sheets)
		if err != nil {
			t.Fatal(err)
		}
		got, err := back.Predict(sheets)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("model %d (-fitted +decoded):\n%s", i, diff)
		}
	}
	again, err := back.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, data) {
		t.Error("encoding the decoded model gives other bytes")
	}
}

// A model of the first version has no estimate by design and no verdict, and predicts by the
// process alone.
func TestModelsOfTheFirstVersionPredictByTheProcess(t *testing.T) {
	in := population(14, 120, 25, 20)
	m := fit(t, in, halves(in).Train, Options{Iterations: 3})
	w := m.wire()
	for _, tg := range w.Targets {
		tg.Design, tg.Scores, tg.Interval.Distance, tg.Interval.Stretch = nil, nil, nil, nil
	}
	w.Mean.Distance, w.Mean.Stretch = nil, nil
	for _, c := range []*calibration{&w.Mean, &w.Targets[0].Interval, &w.Targets[1].Interval} {
		c.Limits, c.Beyond = limits{}, [2]float64{}
	}
	data, err := w.encode(firstMagic)
	if err != nil {
		t.Fatal(err)
	}
	var old Model
	if err := old.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	got, err := old.PredictRow(in, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		if p.Verdict.Place != "" || math.IsNaN(p.Score) || !(p.Lower < p.Score && p.Score < p.Upper) {
			t.Errorf("%+v", p)
		}
	}
}

// The estimates of models better than any in training are not drawn to the training scores.
func TestModelsBeyondTheRangeKeepTheirScoresAndAreSaidToBe(t *testing.T) {
	in := population(15, 400, 60)
	b := &in.Benchmarks[0]
	order := rank.Order(b.Scores)
	train, test := response.TrainSet{Rows: order[:200]}, response.TestSet{Rows: order[300:]}
	slices.Sort(train.Rows)
	m := fit(t, in, train, Options{Iterations: 10})
	predictions, err := m.PredictTest(in, test)
	if err != nil {
		t.Fatal(err)
	}
	var truth []float64
	var blended, process []Prediction
	flagged := 0
	for k, i := range test.Rows {
		p := predictions[k][0]
		truth, blended = append(truth, b.Scores[i]), append(blended, p)
		process = append(process, Prediction{Score: p.Verdict.Process})
		if p.Verdict.Place != Inside {
			flagged++
		}
	}
	ours, _ := Evaluate(truth, blended)
	alone, _ := Evaluate(truth, process)
	if math.Abs(ours.Bias) > 3 || ours.RMSE > 0.8*alone.RMSE {
		t.Errorf("bias %.1f, RMSE %.1f; by the process alone %.1f, %.1f", ours.Bias, ours.RMSE, alone.Bias, alone.RMSE)
	}
	if ours.Coverage < 0.8 {
		t.Errorf("intervals of 90 %% hold %.0f %%", 100*ours.Coverage)
	}
	if flagged < 95 {
		t.Errorf("%d of %d are said to be beyond the range or near its end", flagged, len(test.Rows))
	}
	all := in.Sheets(test.Rows[0])
	for j := range all[0].Answers {
		all[0].Answers[j] = response.Correct
	}
	p, err := m.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	if p[0].Score < 95 || p[0].Upper != 100 || p[0].Verdict.Place != Outside {
		t.Errorf("all right: %+v", p[0])
	}
}

func TestPredictTakesItemsInAnyOrder(t *testing.T) {
	in := population(5, 100, 20)
	m := fit(t, in, halves(in).Train, Options{Iterations: 3})
	sheets := in.Sheets(1)
	want, err := m.Predict(sheets)
	if err != nil {
		t.Fatal(err)
	}
	s := &sheets[0]
	s.Items = append([]string(nil), s.Items...)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(s.Items), func(i, j int) {
		s.Items[i], s.Items[j] = s.Items[j], s.Items[i]
		s.Answers[i], s.Answers[j] = s.Answers[j], s.Answers[i]
	})
	got, err := m.Predict(sheets)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shuffled items (-in order +shuffled):\n%s", diff)
	}
}

func TestPredictRefusesWhatTheFitDoesNotKnow(t *testing.T) {
	in := population(6, 100, 20)
	m := fit(t, in, halves(in).Train, Options{Iterations: 3})
	answers := []response.Answer{response.Correct}
	var metric *MetricError
	_, err := m.Predict([]Sheet{{Benchmark: "bench0", Metric: "acc_norm", Items: []string{"item0"}, Answers: answers}})
	if !errors.As(err, &metric) || metric.Fitted != "acc" || metric.Given != "acc_norm" {
		t.Errorf("acc_norm answers to a model of acc: %v", err)
	}
	var unknown *UnknownError
	_, err = m.Predict([]Sheet{{Benchmark: "bench0", Metric: "acc", Items: []string{"item99"}, Answers: answers}})
	if !errors.As(err, &unknown) || unknown.Item != "item99" {
		t.Errorf("an item of another selection: %v", err)
	}
	_, err = m.Predict([]Sheet{{Benchmark: "bench9", Metric: "acc", Items: []string{"item0"}, Answers: answers}})
	if !errors.As(err, &unknown) || unknown.Benchmark != "bench9" {
		t.Errorf("an unknown benchmark: %v", err)
	}
}

func TestMissingAnswersWidenTheInterval(t *testing.T) {
	in := population(7, 300, 60)
	split := halves(in)
	m := fit(t, in, split.Train, Options{})
	rng := rand.New(rand.NewPCG(7, 8))
	var truth []float64
	var whole, partly []Prediction
	for _, i := range split.Test.Rows {
		sheets := in.Sheets(i)
		p, err := m.Predict(sheets)
		if err != nil {
			t.Fatal(err)
		}
		for j := range sheets[0].Answers {
			if rng.Float64() < 0.5 {
				sheets[0].Answers[j] = response.Missing
			}
		}
		q, err := m.Predict(sheets)
		if err != nil {
			t.Fatal(err)
		}
		truth = append(truth, in.Benchmarks[0].Scores[i])
		whole, partly = append(whole, p[0]), append(partly, q[0])
	}
	a, _ := Evaluate(truth, whole)
	b, _ := Evaluate(truth, partly)
	if b.Width < 1.1*a.Width {
		t.Errorf("half of the answers missing: width %.2f, complete %.2f", b.Width, a.Width)
	}
	if b.Coverage < 0.82 {
		t.Errorf("half of the answers missing: intervals of 90 %% hold %.0f %%", 100*b.Coverage)
	}
}

func TestFitWithoutAnyAnswerGivesThePopulation(t *testing.T) {
	in := population(8, 100, 20)
	m := fit(t, in, halves(in).Train, Options{Iterations: 3})
	p, err := m.Predict(nil)
	if err != nil {
		t.Fatal(err)
	}
	if p[0].Missing != 20 || p[0].Upper-p[0].Lower < 30 || math.IsNaN(p[0].Score) {
		t.Errorf("no answers at all: %+v, want an interval about as wide as the population", p[0])
	}
}

func TestFitUsesModelsThatLackABenchmark(t *testing.T) {
	in := population(9, 200, 20, 20)
	for i := range in.Models {
		if g := i % 5; g < 2 {
			in.Benchmarks[g].Answers.SetRow(i, 0, bytes.Repeat([]byte{2}, 20))
			in.Benchmarks[g].Scores[i] = math.NaN()
		}
	}
	split := halves(in)
	m := fit(t, in, split.Train, Options{Iterations: 5})
	predictions, err := m.PredictTest(in, split.Test)
	if err != nil {
		t.Fatal(err)
	}
	for k, i := range split.Test.Rows {
		for g, p := range predictions[k] {
			if math.IsNaN(p.Score) || p.Lower > p.Score || p.Upper < p.Score {
				t.Fatalf("model %d, %s: %+v", i, p.Benchmark, predictions[k][g])
			}
		}
	}
}

func TestFitSaysWhichBenchmarkHasTooFewModels(t *testing.T) {
	in := population(10, 30, 20)
	var few *TooFewModelsError
	_, err := Fit(context.Background(), in, response.TrainSet{Rows: []int{0, 1, 2}}, Options{})
	if !errors.As(err, &few) || few.Models != 3 || few.Benchmark != "bench0" {
		t.Errorf("three models: %v", err)
	}
}

func TestFitObeysTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := population(11, 60, 20)
	if _, err := Fit(ctx, in, halves(in).Train, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled fit: %v", err)
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	in := population(12, 48, 10, 12)
	data, err := fit(f, in, halves(in).Train, Options{Iterations: 1, PointsOnly: true}).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(magic))
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Model
		if m.UnmarshalBinary(data) == nil {
			if _, err := m.Predict(nil); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Compare(t.Context(), [][]Sheet{nil, nil}, [][2]int{{0, 1}}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Encoded models of earlier releases are read by these names; see magic.
func TestEncodedNamesAreThoseOfTheVersion(t *testing.T) {
	const calibration = "calibration{Centre Below Above Ratio Doubt Distance Stretch Beyond Limits:limits{Edge Far Known}}"
	const target = "target{Rows Centre Spread Hyper:hyper{Linear Scales:scale{Amplitude Length} Noise} Shares Alpha Scores Interval:" + calibration +
		" Design:Estimator{Weights:Weights{N Gram Cross Ridge} Curves:Curves{Size A D Products Expected Carried}}" +
		" Extent:extent{Low High Unit} Blend:blend{Centre Most}}"
	const want = "wire{Level Seed Benchmarks:identity{Name Metric Items} Models Answers " +
		"Targets:" + target + " Mean:" + calibration + " MeanExtent:extent{Low High Unit} TaskMeans:taskMean{Benchmark Process:" + target + "} " +
		"Pairs:pairCalibration{Differ Factor Freedom}}"
	var names func(reflect.Type) string
	names = func(of reflect.Type) string {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			return ""
		}
		var fields []string
		for f := range of.NumField() {
			if field := of.Field(f); field.IsExported() {
				text := field.Name
				if inner := names(field.Type); inner != "" {
					text += ":" + inner
				}
				fields = append(fields, text)
			}
		}
		return of.Name() + "{" + strings.Join(fields, " ") + "}"
	}
	if diff := cmp.Diff(want, names(reflect.TypeFor[wire]())); diff != "" {
		t.Errorf("other names need another version in magic (-of the version +encoded):\n%s", diff)
	}
}
