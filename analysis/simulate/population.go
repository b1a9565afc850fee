package simulate

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/corpus"
)

// Options describe a population. Fields left zero have no effect; Default returns a
// lifelike mix.
type Options struct {
	Models     int                // how many; at least 1
	Benchmarks []corpus.Benchmark // tasks with item counts; Options sets the guessing
	Seed       uint64

	// General is the share of an ability's variance that all benchmarks have in
	// common, 0 to 1: the correlation of two benchmarks' abilities.
	General float64

	// Derived is the share of models that are fine-tunes or merges of another. Their
	// abilities correlate Likeness with those of what they were made of.
	Derived  float64
	Likeness float64

	// Broken is the share of items with one of the Faults.
	Broken float64

	// Gaps is the share of models with missing answers. Each misses the answers from
	// some point of a benchmark on (an evaluation that broke off) or a tenth at random.
	Gaps float64
}

// Default returns a lifelike population of models on the six benchmarks of the first
// Open LLM Leaderboard, each cut to a few hundred items.
func Default(models int, seed uint64) Options {
	benchmark := func(name, metric string, options, items int) corpus.Benchmark {
		return corpus.Benchmark{
			Name: name, Title: name, Metric: metric, Options: options,
			Tasks: []corpus.Task{{Name: name, Harness: name, Items: items}},
		}
	}
	mmlu := benchmark("mmlu", "acc", 4, 0)
	mmlu.Tasks = nil
	for _, subject := range []string{"anatomy", "astronomy", "global_facts", "machine_learning", "virology"} {
		mmlu.Tasks = append(mmlu.Tasks, corpus.Task{Name: subject, Harness: subject, Items: 80})
	}
	return Options{
		Models: models, Seed: seed,
		Benchmarks: []corpus.Benchmark{
			benchmark("arc", "acc_norm", 4, 300), benchmark("gsm8k", "exact_match", 0, 300),
			benchmark("hellaswag", "acc_norm", 4, 500), mmlu,
			benchmark("truthfulqa", "mc1", 5, 300), benchmark("winogrande", "acc", 2, 350),
		},
		General: 0.8, Derived: 0.7, Likeness: 0.9, Broken: 0.04, Gaps: 0.05,
	}
}

func (o Options) check() error {
	if o.Models < 1 {
		return fmt.Errorf("%d models: need at least 1", o.Models)
	}
	if len(o.Benchmarks) == 0 {
		return errors.New("no benchmarks")
	}
	for name, share := range map[string]float64{
		"general": o.General, "derived": o.Derived, "likeness": o.Likeness,
		"broken": o.Broken, "gaps": o.Gaps,
	} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("%s %v: need a share between 0 and 1", name, share)
		}
	}
	seen := make(map[string]bool)
	for _, b := range o.Benchmarks {
		if b.Items() < 1 {
			return fmt.Errorf("benchmark %q: every task needs a number of items", b.Name)
		}
		if seen[b.Name] {
			return fmt.Errorf("benchmark %q occurs twice", b.Name)
		}
		seen[b.Name] = true
	}
	return nil
}

// Population is simulated models with their answers and the truth behind them.
type Population struct {
	Models     []Model
	Benchmarks []Benchmark
}

// Benchmark is one benchmark's items, abilities and answers.
type Benchmark struct {
	corpus.Benchmark
	Table     *response.Table // models as in Population.Models; item keys "17" or "anatomy.3"
	Items     []irt.Item      // the curves that the answers were drawn from
	Faults    []Fault         // what is wrong with each item
	Abilities []float64       // per model, in SD
}

// New draws a population.
func New(o Options) (*Population, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	p := &Population{Models: drawModels(o)}
	general := inherit(p.Models, o.Likeness, stream(o.Seed, "general ability"))
	names := make([]string, o.Models)
	for i, m := range p.Models {
		names[i] = m.Name
	}
	for _, b := range o.Benchmarks {
		p.Benchmarks = append(p.Benchmarks, drawBenchmark(o, b, p.Models, names, general))
	}
	return p, nil
}

func drawBenchmark(o Options, b corpus.Benchmark, models []Model, names []string, general []float64) Benchmark {
	specific := inherit(models, o.Likeness, stream(o.Seed, b.Name, "ability"))
	abilities := make([]float64, len(models))
	for i := range abilities {
		abilities[i] = math.Sqrt(o.General)*general[i] + math.Sqrt(1-o.General)*specific[i]
	}
	items, faults := drawItems(b, o.Broken, stream(o.Seed, b.Name, "items"))
	answers := Answers(stream(o.Seed, b.Name, "answers"), items, abilities)
	duplicate(answers, faults)
	omit(answers, o.Gaps, stream(o.Seed, b.Name, "gaps"))
	return Benchmark{
		Benchmark: b,
		Table: &response.Table{
			Benchmark: b.Name, Metric: b.Metric, Models: names, Items: itemKeys(b), Answers: answers,
		},
		Items: items, Faults: faults, Abilities: abilities,
	}
}

// Answers draws every model's answer to every item: correct with probability
// P_j(θ_i). The matrix is len(abilities) × len(items).
func Answers(rng *rand.Rand, items []irt.Item, abilities []float64) *response.Matrix {
	m := response.New(len(abilities), len(items))
	row := make([]uint8, len(items))
	for i, theta := range abilities {
		for j, it := range items {
			row[j] = 0
			if rng.Float64() < it.Prob(theta) {
				row[j] = 1
			}
		}
		m.SetRow(i, 0, row)
	}
	return m
}

// omit takes away answers of a share of the models.
func omit(m *response.Matrix, share float64, rng *rand.Rand) {
	models, items := m.Dims()
	for i := range models {
		gap, broke, at := rng.Float64() < share, rng.IntN(2) == 0, rng.IntN(items)
		for j := range items {
			lost := rng.Float64() < 0.1
			if gap && (broke && j > at || !broke && lost) {
				m.Set(i, j, response.Missing)
			}
		}
	}
}

func itemKeys(b corpus.Benchmark) []string {
	keys := make([]string, 0, b.Items())
	for _, t := range b.Tasks {
		for k := range t.Items {
			key := fmt.Sprint(k + 1)
			if len(b.Tasks) > 1 {
				key = t.Name + "." + key
			}
			keys = append(keys, key)
		}
	}
	return keys
}

// stream returns a generator for a named purpose.
func stream(seed uint64, purpose ...string) *rand.Rand {
	h := fnv.New64a()
	for _, p := range purpose {
		_, _ = h.Write([]byte(p)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
