package simulate

import (
	"context"
	"errors"
	"math"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/corpus"

	"gonum.org/v1/gonum/stat"
)

func population(t *testing.T, o Options) *Population {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSameSeedSamePopulation(t *testing.T) {
	a, b := population(t, Default(60, 5)), population(t, Default(60, 5))
	if !reflect.DeepEqual(a, b) {
		t.Fatal("two draws from one seed differ")
	}
	if c := population(t, Default(60, 6)); reflect.DeepEqual(a.Benchmarks[0].Abilities, c.Benchmarks[0].Abilities) {
		t.Fatal("the seed has no effect")
	}
}

func TestBenchmarkDoesNotDependOnTheOthers(t *testing.T) {
	all := Default(40, 9)
	one := all
	one.Benchmarks = all.Benchmarks[2:3]
	if !reflect.DeepEqual(population(t, all).Benchmarks[2], population(t, one).Benchmarks[0]) {
		t.Fatal("leaving out other benchmarks changed this one")
	}
}

func TestTablesAreValidAndLookReal(t *testing.T) {
	p := population(t, Default(500, 1))
	name := regexp.MustCompile(`^[a-z-]+/[A-Za-z]+(-[A-Za-z]+)?-[0-9.]+B(-[a-z]+)?(-v\d+)?$`)
	for i, m := range p.Models {
		if !name.MatchString(m.Name) {
			t.Errorf("model %q", m.Name)
		}
		for _, parent := range m.Parents {
			if parent >= i {
				t.Errorf("model %d was made of the later model %d", i, parent)
			}
		}
	}
	for _, b := range p.Benchmarks {
		if err := b.Table.Validate(); err != nil {
			t.Error(err)
		}
		gaps := 0
		for i := range p.Models {
			if _, observed := b.Table.Answers.Counts(i); observed < b.Benchmark.Items() {
				gaps++
			}
		}
		if gaps < 5 || gaps > 60 {
			t.Errorf("%s: %d of 500 models have gaps, want about 25", b.Name, gaps)
		}
	}
}

func TestBenchmarksCorrelateAsAsked(t *testing.T) {
	o := Default(4000, 3)
	o.Derived = 0
	p := population(t, o)
	r := stat.Correlation(p.Benchmarks[0].Abilities, p.Benchmarks[1].Abilities, nil)
	if math.Abs(r-o.General) > 0.03 {
		t.Errorf("abilities correlate %.3f, want %.2f", r, o.General)
	}
	mean, sd := stat.MeanStdDev(p.Benchmarks[0].Abilities, nil)
	if math.Abs(mean) > 0.06 || math.Abs(sd-1) > 0.05 {
		t.Errorf("abilities have mean %.3f and SD %.3f, want 0 and 1", mean, sd)
	}
}

func TestDerivedModelsResembleTheirParents(t *testing.T) {
	o := Default(3000, 3)
	p := population(t, o)
	var child, parent []float64
	for i, m := range p.Models {
		if len(m.Parents) == 1 {
			child = append(child, p.Benchmarks[0].Abilities[i])
			parent = append(parent, p.Benchmarks[0].Abilities[m.Parents[0]])
		}
	}
	if r := stat.Correlation(child, parent, nil); len(child) < 1000 || math.Abs(r-o.Likeness) > 0.04 {
		t.Errorf("%d children correlate %.3f with their parents, want %.2f", len(child), r, o.Likeness)
	}
}

func TestFaultsShowInTheAnswers(t *testing.T) {
	o := Default(800, 2)
	o.Broken, o.Gaps = 0.5, 0
	for _, b := range population(t, o).Benchmarks {
		seen := make(map[Fault]int)
		for j, f := range b.Faults {
			seen[f]++
			column := make([]float64, 800)
			for i := range column {
				column[i] = float64(b.Table.Answers.At(i, j))
			}
			share, r := stat.Mean(column, nil), stat.Correlation(column, b.Abilities, nil)
			switch f {
			case AlwaysHit, NeverHit:
				if share != 0 && share != 1 {
					t.Errorf("%s item %d has fault %d but %.2f are correct", b.Name, j, f, share)
				}
			case Reversed:
				if r > 0.12 {
					t.Errorf("%s item %d is reversed but correlates %.2f with ability", b.Name, j, r)
				}
			case Duplicated:
				for i := range column {
					if b.Table.Answers.At(i, j) != b.Table.Answers.At(i, j-1) {
						t.Fatalf("%s item %d is no duplicate", b.Name, j)
					}
				}
			}
		}
		if len(seen) != 6 {
			t.Errorf("%s has the faults %v, want all", b.Name, seen)
		}
	}
}

func TestUnusableOptionsAreErrors(t *testing.T) {
	cases := map[string]func(*Options){
		"no_models":             func(o *Options) { o.Models = 0 },
		"no_benchmarks":         func(o *Options) { o.Benchmarks = nil },
		"task_without_items":    func(o *Options) { o.Benchmarks = []corpus.Benchmark{{Name: "x", Tasks: []corpus.Task{{}}}} },
		"benchmark_twice":       func(o *Options) { o.Benchmarks = slices.Repeat(o.Benchmarks[:1], 2) },
		"share_above_1":         func(o *Options) { o.Broken = 1.5 },
		"share_is_not_a_number": func(o *Options) { o.Gaps = math.NaN() },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			o := Default(3, 1)
			change(&o)
			if _, err := New(o); err == nil {
				t.Fatal("no error")
			}
		})
	}
}

// oracle knows the truth and adds what the test asks for.
type oracle struct {
	study Study
	shift float64 // added to every slope
	se    float64
	fail  error
	calls int
}

func (o *oracle) Fit(_ context.Context, m *response.Matrix, _ irt.Kind) (*Fitted, error) {
	if o.fail != nil {
		return nil, o.fail
	}
	items, _, want := o.study.Truth(o.calls)
	if !reflect.DeepEqual(m, want) {
		return nil, errors.New("the answers are not those of the truth")
	}
	o.calls++
	f := &Fitted{Items: items, Status: "converged"}
	for j := range items {
		items[j].A += o.shift
		f.SE = append(f.SE, irt.Item{A: o.se, D: math.NaN(), G: math.NaN(), U: math.NaN()})
	}
	return f, nil
}

func parameter(t *testing.T, r *Recovery, name string) ParameterRecovery {
	t.Helper()
	for _, p := range r.Parameters {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no parameter %s", name)
	return ParameterRecovery{}
}

func TestRecoveryMeasuresBiasAndCoverage(t *testing.T) {
	study := Study{Models: 300, Items: 40, Kind: irt.ThreePL, Replicates: 3, Missing: 0.1, Seed: 1}
	for name, c := range map[string]struct {
		shift, se, coverage float64
	}{
		"shift_within_the_interval":  {0.1, 0.06, 1},
		"shift_outside_the_interval": {0.1, 0.04, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := study.Run(context.Background(), &oracle{study: study, shift: c.shift, se: c.se})
			if err != nil {
				t.Fatal(err)
			}
			a := parameter(t, r, "a")
			if math.Abs(a.Bias-c.shift) > 1e-12 || a.Compared != 120 || a.Coverage == nil || *a.Coverage != c.coverage {
				t.Errorf("slope: %+v", a)
			}
			if d := parameter(t, r, "d"); d.Bias != 0 || d.Coverage != nil || d.Correlation < 1-1e-12 {
				t.Errorf("intercept: %+v", d)
			}
			if r.Statuses["converged"] != 3 {
				t.Errorf("statuses %v", r.Statuses)
			}
		})
	}
}

func TestAbilityIntervalsCoverAtTheTruth(t *testing.T) {
	study := Study{Models: 3000, Items: 150, Kind: irt.TwoPL, Replicates: 1, Seed: 4}
	r, err := study.Run(context.Background(), &oracle{study: study})
	if err != nil {
		t.Fatal(err)
	}
	theta := parameter(t, r, "theta")
	if theta.Correlation < 0.97 || *theta.Coverage < 0.93 || *theta.Coverage > 0.97 {
		t.Errorf("%+v, coverage %.3f", theta, *theta.Coverage)
	}
}

func TestRecoveryReportsTheFittersError(t *testing.T) {
	want := errors.New("out of luck")
	study := Study{Models: 10, Items: 5, Kind: irt.TwoPL, Replicates: 1}
	if _, err := study.Run(context.Background(), &oracle{study: study, fail: want}); !errors.Is(err, want) {
		t.Fatalf("err = %v", err)
	}
}
