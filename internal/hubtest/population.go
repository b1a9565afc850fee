package hubtest

import "metabench/corpus"

// Population gives the true answers of models: 0 or 1 for each question of a
// task, in the task's order. The same arguments must always give the same answers,
// from any goroutine; the caller does not change the slice.
type Population interface {
	Answers(model, benchmark, task string) []uint8
}

// seededPopulation draws answers from a three-parameter logistic model:
//
//	P(correct) = c + (1-c) / (1 + exp(-a(θ-b)))
//
// with ability θ ~ N(0, 1) a model, difficulty b ~ N(0, 1) and discrimination
// a in [0.5, 2] a question, and guessing c = 1/options. Every number is a function
// of the seed and the names.
type seededPopulation struct {
	seed  uint64
	items map[[2]string]int // questions by (benchmark, task)
	guess map[string]float64
}

func newSeededPopulation(seed uint64, benchmarks []corpus.Benchmark) *seededPopulation {
	p := &seededPopulation{seed: seed, items: map[[2]string]int{}, guess: map[string]float64{}}
	for _, b := range benchmarks {
		if b.Options > 0 {
			p.guess[b.Name] = 1 / float64(b.Options)
		}
		for _, t := range b.Tasks {
			p.items[[2]string{b.Name, t.Name}] = t.Items
		}
	}
	return p
}

func (p *seededPopulation) Answers(model, benchmark, task string) []uint8 {
	ability := quantile(0.001 + 0.998*unit(key(p.seed, "ability", model), 0))
	item := key(p.seed, "question", benchmark, task)
	draw := key(p.seed, "answer", model, benchmark, task)
	c := p.guess[benchmark]
	answers := make([]uint8, p.items[[2]string{benchmark, task}])
	for k := range answers {
		b := quantile(0.001 + 0.998*unit(item, 2*k))
		a := 0.5 + 1.5*unit(item, 2*k+1)
		if unit(draw, k) < c+(1-c)*logistic(a*(ability-b)) {
			answers[k] = 1
		}
	}
	return answers
}
