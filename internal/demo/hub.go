package demo

import (
	"maps"
	"slices"
	"strconv"

	"metabench/analysis/response"
	"metabench/analysis/simulate"
	"metabench/config"
	"metabench/corpus"
	"metabench/internal/hubtest"
)

// catalogue is the built-in one with a share of the questions.
func catalogue() ([]corpus.Benchmark, error) {
	all, err := config.Catalogue("")
	if err != nil {
		return nil, err
	}
	for k := range all {
		all[k].Tasks = all[k].Tasks[:min(subjects, len(all[k].Tasks))]
	}
	return hubtest.Scaled(all, share, 20), nil
}

// NewHub serves a simulated population's evaluation files.
func NewHub(catalogue []corpus.Benchmark, models int) (*hubtest.Server, error) {
	opts := simulate.Default(models, 1)
	opts.Benchmarks, opts.Gaps = catalogue, 0
	population, err := simulate.New(opts)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(population.Models))
	for i, m := range population.Models {
		names[i] = m.Name
	}
	truth := newAnswers(population)
	replica := hubtest.NewCorpus(hubtest.CorpusOptions{
		Seed: 1, Models: models, Names: names, Benchmarks: catalogue, Population: truth, Broken: broken,
	})
	truth.name(replica.Models(), names)
	return hubtest.NewServer(replica, hubtest.ServerOptions{Unlimited: true})
}

// answers looks the replica's answers up in a simulated population.
type answers struct {
	rows  map[string]int
	tasks map[[2]string]taskAnswers
}

// taskAnswers is where a task's answers are in its benchmark's matrix.
type taskAnswers struct {
	answers      *response.Matrix
	first, items int
}

func newAnswers(p *simulate.Population) *answers {
	d := &answers{rows: map[string]int{}, tasks: map[[2]string]taskAnswers{}}
	for _, b := range p.Benchmarks {
		first := 0
		for _, t := range b.Tasks {
			d.tasks[[2]string{b.Name, t.Name}] = taskAnswers{b.Table.Answers, first, t.Items}
			first += t.Items
		}
	}
	return d
}

// name says which model has which simulated answers. The replica gives some models
// names of its own, hostile ones: these get the answers of those that they replace.
func (d *answers) name(models, simulated []string) {
	row := map[string]int{}
	for i, name := range simulated {
		row[name] = i
	}
	var strangers []string
	for _, m := range models {
		if i, ok := row[m]; ok {
			d.rows[m] = i
			delete(row, m)
		} else {
			strangers = append(strangers, m)
		}
	}
	left := slices.Sorted(maps.Values(row))
	for k, m := range strangers {
		d.rows[m] = left[k]
	}
}

// Answers implements hubtest.Population.
func (d *answers) Answers(model, benchmark, task string) []uint8 {
	t, ok := d.tasks[[2]string{benchmark, task}]
	row, known := d.rows[model]
	if !ok || !known {
		panic("demo: the replica asks for " + strconv.Quote(model+" on "+benchmark+" "+task) + ", which was not simulated")
	}
	out := make([]uint8, t.items)
	for k := range out {
		if t.answers.At(row, t.first+k) == response.Correct {
			out[k] = 1
		}
	}
	return out
}
