package score

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
	"metabench/corpus"
	"metabench/harness"

	"github.com/google/go-cmp/cmp"
)

// corpusOf draws models whose answers to two benchmarks depend on one ability.
func corpusOf(models int) (*reconstruct.Input, [][]irt.Item) {
	const whole = 300
	rng := rand.New(rand.NewPCG(3, 5))
	in := &reconstruct.Input{}
	var curves [][]irt.Item
	theta := make([]float64, models)
	for i := range theta {
		theta[i] = rng.NormFloat64()
		in.Models = append(in.Models, fmt.Sprintf("org/model-%d", i))
	}
	for g, n := range []int{30, 20} {
		b := reconstruct.Benchmark{Name: []string{"arc", "gsm8k"}[g], Metric: []string{"acc_norm", "acc"}[g],
			Answers: response.New(models, n), Scores: make([]float64, models)}
		items := make([]irt.Item, whole)
		for j := range items {
			items[j] = irt.Item{A: 0.5 + rng.Float64(), D: rng.NormFloat64(), U: 1}
			if j < n {
				b.Items = append(b.Items, fmt.Sprint(100+j))
			}
		}
		curves = append(curves, items[:n])
		for i := range models {
			for j, it := range items {
				a := response.Wrong
				if rng.Float64() < it.Prob(theta[i]) {
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
	return in, curves
}

// calibrated fits a bundle on all but the last 20 models.
func calibrated(t testing.TB, in *reconstruct.Input, curves [][]irt.Item, joint bool) *Bundle {
	t.Helper()
	return calibratedOn(t, in, curves, joint, len(in.Models)-20)
}

// calibratedOn is a bundle fitted on the first n models.
func calibratedOn(t testing.TB, in *reconstruct.Input, curves [][]irt.Item, joint bool, n int) *Bundle {
	t.Helper()
	var train response.TrainSet
	for i := range n {
		train.Rows = append(train.Rows, i)
	}
	b := &Bundle{Form: harness.FormA, Run: Run{ID: "r1", Seed: 7}}
	mean := make([]float64, len(in.Models))
	parts := []*reconstruct.Input{in}
	if !joint {
		parts = nil
	}
	for g, part := range in.Benchmarks {
		bench := Benchmark{Name: part.Name, Title: strings.ToUpper(part.Name), Metric: part.Metric, Questions: 300,
			Models: len(train.Rows), Kind: irt.TwoPL, Estimator: ability.MAP, Scores: NewScale(part.Scores)}
		for j, key := range part.Items {
			it := curves[g][j]
			bench.Items = append(bench.Items, Item{Key: key, Hash: "h" + key, A: it.A, D: it.D, G: it.G, U: it.U})
		}
		b.Benchmarks = append(b.Benchmarks, bench)
		for i, y := range part.Scores {
			mean[i] += y / float64(len(in.Benchmarks))
		}
		if !joint {
			parts = append(parts, &reconstruct.Input{Models: in.Models, Benchmarks: []reconstruct.Benchmark{part}})
		}
	}
	b.Mean = NewScale(mean)
	for _, part := range parts {
		m, err := reconstruct.Fit(context.Background(), part, train, reconstruct.Options{Seed: 1, Iterations: 5})
		if err != nil {
			t.Fatal(err)
		}
		data, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewPredictor(data)
		if err != nil {
			t.Fatal(err)
		}
		b.Predictors = append(b.Predictors, p)
	}
	return b
}

func scorerOf(t testing.TB, b *Bundle) *Scorer {
	t.Helper()
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, sum, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScorer(read, sum)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// logged writes a model's answers as a harness would and reads them back.
func logged(t testing.TB, in *reconstruct.Input, row int, change func([]harness.Task) []harness.Task) *harness.Output {
	t.Helper()
	var tasks []harness.Task
	for _, b := range in.Benchmarks {
		metric := harness.Metric{Name: b.Metric}
		if b.Name == "gsm8k" {
			metric = harness.Metric{Name: "exact_match", Filter: "strict-match"}
		}
		task := harness.Task{Benchmark: b.Name, Form: harness.FormA, Items: slices.Clone(b.Items), Answers: map[harness.Metric][]uint8{},
			Settings: harness.Settings{Build: "r1"}}
		for j, key := range b.Items {
			task.OriginalHashes = append(task.OriginalHashes, "h"+key)
			a := corpus.Missing
			switch b.Answers.At(row, j) {
			case response.Wrong:
				a = 0
			case response.Correct:
				a = 1
			case response.Missing:
			}
			task.Answers[metric] = append(task.Answers[metric], a)
		}
		tasks = append(tasks, task)
	}
	if change != nil {
		tasks = change(tasks)
	}
	files, err := harness.Log(in.Models[row], time.Unix(0, 0), tasks)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := harness.Read(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// first is a task of which only the first n questions were asked.
func first(t harness.Task, n int) harness.Task {
	t.Items = t.Items[:n]
	answers := map[harness.Metric][]uint8{}
	for m, a := range t.Answers {
		answers[m] = a[:n]
	}
	t.Answers = answers
	return t
}

// Answers that went out of the corpus, through a harness's log and back through a
// bundle are scored as the fit scores them itself, to the last bit.
func TestScoreReproducesTheFitBitForBit(t *testing.T) {
	in, curves := corpusOf(140)
	b := calibrated(t, in, curves, true)
	s := scorerOf(t, b)
	m := &reconstruct.Model{}
	if err := m.UnmarshalBinary(b.Predictors[0].Data); err != nil {
		t.Fatal(err)
	}
	for row := len(in.Models) - 20; row < len(in.Models); row++ {
		want, err := m.PredictRow(in, row)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Score(logged(t, in, row, nil), MinAnswered)
		if err != nil {
			t.Fatal(err)
		}
		got := []*Score{r.Benchmarks[0].Score, r.Benchmarks[1].Score, r.Mean}
		for k, y := range want {
			if got[k].Value != y.Score || got[k].Lower != y.Lower || got[k].Upper != y.Upper {
				t.Errorf("%s of %s: %+v, the fit says %+v", y.Benchmark, in.Models[row], *got[k], y)
			}
		}
		for g, bench := range r.Benchmarks {
			scorer, err := ability.New(curves[g], ability.Options{})
			if err != nil {
				t.Fatal(err)
			}
			estimate, err := scorer.Pattern(in.Sheets(row)[g].Answers)
			if err != nil {
				t.Fatal(err)
			}
			if *bench.Ability != estimate {
				t.Errorf("ability %+v, want %+v", *bench.Ability, estimate)
			}
			if len(bench.Warnings) > 0 || bench.Answered != bench.Items || len(bench.Missing) > 0 {
				t.Errorf("%s: %d of %d answered, warnings %q", bench.Benchmark, bench.Answered, bench.Items, bench.Warnings)
			}
		}
		if len(r.Warnings) > 0 {
			t.Errorf("warnings %q", r.Warnings)
		}
	}
}

func TestScoreOfSinglePredictorsHasAMean(t *testing.T) {
	in, curves := corpusOf(140)
	r, err := scorerOf(t, calibrated(t, in, curves, false)).Score(logged(t, in, 130, nil), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	want := (r.Benchmarks[0].Score.Value + r.Benchmarks[1].Score.Value) / 2
	if r.Mean == nil || math.Abs(r.Mean.Value-want) > 1e-12 || r.Mean.Percentile == nil {
		t.Errorf("mean %+v, want %g", r.Mean, want)
	}
}

func TestScoreSaysWhatIsWrongWithAnEvaluation(t *testing.T) {
	in, curves := corpusOf(140)
	s := scorerOf(t, calibrated(t, in, curves, true))
	const row = 130
	whole, err := s.Score(logged(t, in, row, nil), MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		change func([]harness.Task) []harness.Task
		after  func(*harness.Output)
		check  func(t *testing.T, r *Report)
		warn   string // on the first benchmark or the report
	}{
		"missing_items_are_listed_and_widen": {
			change: func(tasks []harness.Task) []harness.Task {
				return []harness.Task{first(tasks[0], 20), tasks[1]}
			},
			check: func(t *testing.T, r *Report) {
				b, w := r.Benchmarks[0], whole.Benchmarks[0]
				if b.Answered != 20 || len(b.Missing) != 10 || b.Missing[0] != "120" {
					t.Errorf("%d answered, missing %v", b.Answered, b.Missing)
				}
				if b.Score.Upper-b.Score.Lower <= w.Score.Upper-w.Score.Lower || b.Ability.SE <= w.Ability.SE {
					t.Errorf("interval %+v isn't wider than %+v", b.Score, w.Score)
				}
			},
			warn: "10 of 30 selected items have no answer",
		},
		"acc_is_not_taken_for_acc_norm": {
			change: func(tasks []harness.Task) []harness.Task {
				tasks[0].Answers = map[harness.Metric][]uint8{{Name: "acc"}: tasks[0].Answers[harness.Metric{Name: "acc_norm"}]}
				return tasks
			},
			check: func(t *testing.T, r *Report) {
				if b := r.Benchmarks[0]; b.Score != nil || b.Ability != nil || !strings.Contains(b.Refused, "arc is needed by acc_norm") {
					t.Errorf("score %+v, refused %q", b.Score, b.Refused)
				}
				if r.Benchmarks[1].Score == nil {
					t.Error("the other benchmark wasn't scored")
				}
				if r.Mean != nil {
					t.Errorf("a mean of %+v from 20 of 50 items", *r.Mean)
				}
			},
			warn: "20 of the 50 selected items of all benchmarks are used",
		},
		"a_benchmark_lacks": {
			change: func(tasks []harness.Task) []harness.Task { return tasks[:1] },
			check: func(t *testing.T, r *Report) {
				if b := r.Benchmarks[1]; r.Mean == nil || b.Score != nil || b.Refused != "" || len(b.Missing) != 20 {
					t.Errorf("mean %+v, %+v", r.Mean, b)
				}
			},
			warn: "1 of 2 benchmarks has no score; the mean rests on the others",
		},
		"permuted_only": {
			change: func(tasks []harness.Task) []harness.Task { tasks[0].Permuted = true; return tasks },
			check: func(t *testing.T, r *Report) {
				if !r.Benchmarks[0].Permuted || r.Benchmarks[0].Score == nil {
					t.Errorf("%+v", r.Benchmarks[0])
				}
			},
			warn: "options are permuted",
		},
		"plain_is_preferred_to_permuted": {
			change: func(tasks []harness.Task) []harness.Task {
				other := tasks[0]
				other.Permuted = true
				return append(tasks, other)
			},
			check: func(t *testing.T, r *Report) {
				if r.Benchmarks[0].Permuted {
					t.Error("the permuted task was taken")
				}
			},
			warn: "permuted options, and the plain task",
		},
		"items_of_another_selection": {
			change: func(tasks []harness.Task) []harness.Task { tasks[0].Items[0] = "7"; return tasks },
			check: func(t *testing.T, r *Report) {
				if r.Benchmarks[0].Answered != 29 {
					t.Errorf("%d answered", r.Benchmarks[0].Answered)
				}
			},
			warn: "1 of the items that were answered isn't among the selected",
		},
		"other_settings": {
			after: func(out *harness.Output) {
				shots := 5
				out.Tasks[0].Settings.ChatTemplate = true
				out.Tasks[0].Settings.Shots = &shots
				out.Tasks[0].Settings.SystemInstruction = true
				out.Tasks[0].Settings.Limit = "10"
			},
			check: func(t *testing.T, r *Report) {
				if n := len(r.Benchmarks[0].Warnings); n != 4 {
					t.Errorf("%d warnings: %q", n, r.Benchmarks[0].Warnings)
				}
			},
			warn: "with a chat template; the leaderboard used none",
		},
		"settings_unknown": {
			after: func(out *harness.Output) { out.Tasks[0].Settings = harness.Settings{} },
			warn:  "can't be checked",
		},
		"questions_changed": {
			after: func(out *harness.Output) {
				out.Tasks[0].OriginalHashes[3] = "other"
			},
			check: func(t *testing.T, r *Report) {
				if b := r.Benchmarks[0]; !slices.Equal(b.Changed, []string{"103"}) || b.Answered != 29 {
					t.Errorf("changed %v, %d answered; an answer to another question is none", b.Changed, b.Answered)
				}
			},
			warn: "1 of 30 questions reads otherwise",
		},
		"unknown_benchmark_beside": {
			change: func(tasks []harness.Task) []harness.Task {
				return append(tasks, harness.Task{Benchmark: "mine", Form: harness.FormA, Items: []string{"1"},
					Answers: map[harness.Metric][]uint8{{Name: "acc"}: {1}}})
			},
			warn: `benchmark "mine", which the calibration doesn't have`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out := logged(t, in, row, c.change)
			if c.after != nil {
				c.after(out)
			}
			r, err := s.Score(out, MinAnswered)
			if err != nil {
				t.Fatal(err)
			}
			if c.check != nil {
				c.check(t, r)
			}
			if all := strings.Join(append(r.Benchmarks[0].Warnings, r.Warnings...), "\n"); !strings.Contains(all, c.warn) {
				t.Errorf("warnings lack %q:\n%s", c.warn, all)
			}
		})
	}
}

func TestScoreRefusesWhenNothingFits(t *testing.T) {
	in, curves := corpusOf(140)
	s := scorerOf(t, calibrated(t, in, curves, true))
	out := logged(t, in, 130, func(tasks []harness.Task) []harness.Task {
		for k := range tasks {
			tasks[k].Form = harness.FormB
		}
		return tasks
	})
	_, err := s.Score(out, MinAnswered)
	var none *NoAnswersError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "form A") || !strings.Contains(err.Error(), "arc, gsm8k, such as ") || strings.Count(err.Error(), "These are form B: use its bundle") != 1 {
		t.Errorf("error %v", err)
	}
}

func TestBundleRefusesWhatIsDamaged(t *testing.T) {
	in, curves := corpusOf(60)
	b := calibrated(t, in, curves, true)
	var file, again bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	if err := b.Write(&again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Error("two writes of one bundle differ")
	}
	t.Logf("%d bytes", file.Len())
	repack := func(old, with string) []byte { return regzip(t, file.Bytes(), old, with) }
	for name, c := range map[string]struct {
		content []byte
		say     string
	}{
		"empty":          {nil, "isn't a bundle"},
		"text":           {[]byte("hello"), "isn't a bundle"},
		"cut":            {file.Bytes()[:file.Len()/2], "too early"},
		"later_version":  {repack(`"version":3`, `"version":4`), "version 4"},
		"other_json":     {repack(`"metabench bundle"`, `"else"`), "isn't a bundle"},
		"changed_within": {repack(`"arc"`, `"ark"`), "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(bytes.NewReader(c.content))
			var e *corpus.DataError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
	for name, spoil := range map[string]func(*Bundle){
		"no_benchmarks":          func(b *Bundle) { b.Benchmarks = nil },
		"item_twice":             func(b *Bundle) { b.Benchmarks[0].Items[1] = b.Benchmarks[0].Items[0] },
		"predictor_of_others":    func(b *Bundle) { b.Predictors[0].Benchmarks[0] = "mine" },
		"benchmark_not_covered":  func(b *Bundle) { b.Predictors = nil },
		"other_metric_fitted":    func(b *Bundle) { b.Benchmarks[0].Metric = "acc" },
		"other_items_fitted":     func(b *Bundle) { b.Benchmarks[0].Items[0].Key = "7" },
		"impossible_parameters":  func(b *Bundle) { b.Benchmarks[0].Items[0].G = 2 },
		"unknown_method":         func(b *Bundle) { b.Predictors[0].Method = "oracle" },
		"predictor_is_garbage":   func(b *Bundle) { b.Predictors[0].Data = []byte("x") },
		"scale_not_ascending":    func(b *Bundle) { b.Mean = append(b.Mean[1:], 0) },
		"predicts_another_order": func(b *Bundle) { slices.Reverse(b.Predictors[0].Benchmarks) },
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := calibratedCopy(b)
			spoil(spoiled)
			if _, err := NewScorer(spoiled, ""); err == nil {
				t.Error("the bundle was accepted")
			}
		})
	}
}

// calibratedCopy copies what the tests above change.
func calibratedCopy(b *Bundle) *Bundle {
	c := *b
	c.Benchmarks = slices.Clone(b.Benchmarks)
	for k := range c.Benchmarks {
		c.Benchmarks[k].Items = slices.Clone(c.Benchmarks[k].Items)
	}
	c.Predictors = slices.Clone(b.Predictors)
	for k := range c.Predictors {
		c.Predictors[k].Benchmarks = slices.Clone(c.Predictors[k].Benchmarks)
	}
	c.Mean = slices.Clone(b.Mean)
	return &c
}

func TestPercentileInvertsTheScale(t *testing.T) {
	scores := make([]float64, 401)
	for k := range scores {
		scores[k] = float64(k) / 4 // 0, 0.25, …, 100
	}
	s := NewScale(append(scores, math.NaN()))
	for _, c := range []struct{ score, want float64 }{{0, 0}, {25, 25}, {99.5, 99.5}, {100, 100}, {-1, 0}, {101, 100}} {
		if got := s.Percentile(c.score); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("Percentile(%g) = %g, want %g", c.score, got, c.want)
		}
	}
	same := NewScale([]float64{50, 50, 50})
	if got := same.Percentile(50); got != 50 {
		t.Errorf("of equal scores it is %g, want 50", got)
	}
	if p := s.Percentile(math.NaN()); !math.IsNaN(p) {
		t.Errorf("of no score it is %g", p)
	}
	if !math.IsNaN(NewScale(nil).Percentile(3)) {
		t.Error("an empty scale knows a percentile")
	}
	if diff := cmp.Diff(0.0, NewScale([]float64{1, 2}).Percentile(0.5)); diff != "" {
		t.Error(diff)
	}
}

func TestHTMLIsSelfContainedAndEscaped(t *testing.T) {
	in, curves := corpusOf(140)
	out := logged(t, in, 130, func(tasks []harness.Task) []harness.Task { return tasks[:1] })
	out.Model = `<script>alert(1)</script>`
	r, err := scorerOf(t, calibrated(t, in, curves, true)).Score(out, MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, bad := range []string{"<script", "http://", "https://", "ZgotmplZ", "<no value>"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	for _, part := range []string{"&lt;script&gt;", fmt.Sprintf("%.1f", r.Benchmarks[0].Score.Value), "not evaluated", "run r1"} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

// From the files to the report, with a bundle on disk.
func BenchmarkScore(b *testing.B) {
	in, curves := corpusOf(140)
	var file bytes.Buffer
	if err := calibrated(b, in, curves, true).Write(&file); err != nil {
		b.Fatal(err)
	}
	out := logged(b, in, 130, nil)
	for b.Loop() {
		bundle, sum, err := Read(bytes.NewReader(file.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		s, err := NewScorer(bundle, sum)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Score(out, MinAnswered); err != nil {
			b.Fatal(err)
		}
	}
}
