package analysis

import (
	"math"
	"slices"
	"sync"

	"metabench/analysis/response"
	"metabench/analysis/result"
	"metabench/analysis/split"
)

// Suite is the models of benchmarks that are analysed together, with their mean
// scores. They are split once, so that a test model of one benchmark is a test model
// of all: none of its answers is used to choose or fit anything.
type Suite struct {
	Origins []split.Origin // one a model
	Means   []float64      // mean score in points; NaN for a model without one

	// Prints are hashes of the models' answers to all benchmarks, one a model. The split
	// is made by them, so that it does not depend on names.
	Prints []uint64

	// Alike finds the pairs of models, as rows, that answer as only relatives do, when the
	// models are first split; see split.Alike. Nil for none. The answers that it looks at are
	// those that the prints stand for.
	Alike func() ([][2]int, error)

	once     sync.Once
	families []string
	failed   error
}

// Fingerprint changes whenever the models or their means do.
func (s *Suite) Fingerprint() string {
	text, err := fingerprintOf("suite", s.key())
	if err != nil {
		panic("analysis: " + err.Error()) // names and finite numbers are always JSON
	}
	return text
}

// key is all that a split depends on, for JSON.
func (s *Suite) key() []any { return []any{s.Origins, finite(s.Means), s.Prints} }

// TestModels returns the names of the test models, by scheme of the split.
func (s *Suite) TestModels(opts Options) (map[string][]string, error) {
	models := map[string][]string{}
	for _, scheme := range []string{schemeRandom, schemeFamily} {
		p, err := s.split(scheme, opts)
		if err != nil {
			return nil, err
		}
		models[scheme] = []string{} // also where there are none
		for _, o := range s.Origins {
			if p.Part[o.Name] == partTest {
				models[scheme] = append(models[scheme], o.Name)
			}
		}
	}
	return models, nil
}

// The parts of a split, as they are written into results.
const (
	partTrain      = string(result.PartTrain)
	partValidation = string(result.PartValidation)
	partTest       = string(result.PartTest)
	partNone       = string(result.PartNone) // no score to learn from or to test against
)

// suiteSplit is the part and the family of each model of a suite.
type suiteSplit struct {
	Part   map[string]string
	Family map[string]string
}

// split divides the suite's models that have a mean score.
func (s *Suite) split(scheme string, opts Options) (suiteSplit, error) {
	p := suiteSplit{Part: map[string]string{}, Family: map[string]string{}}
	families, err := s.label()
	if err != nil {
		return p, err
	}
	var rows []int
	var scores []float64
	var labels []string
	var prints []uint64
	for i, o := range s.Origins {
		p.Family[o.Name] = families[i]
		if !math.IsNaN(s.Means[i]) {
			rows, scores, labels = append(rows, i), append(scores, s.Means[i]), append(labels, families[i])
			prints = append(prints, s.Prints[i])
		}
	}
	var rs response.Split
	if scheme == schemeFamily {
		rs, err = split.StableGroups(labels, prints, opts.shares(), opts.Seed)
	} else {
		rs, err = split.Stable(scores, prints, opts.shares(), opts.Seed)
	}
	if err != nil {
		return p, err
	}
	for part, of := range map[string][]int{partTrain: rs.Train.Rows, partValidation: rs.Validation.Rows, partTest: rs.Test.Rows} {
		for _, i := range of {
			p.Part[s.Origins[rows[i]].Name] = part
		}
	}
	return p, nil
}

// label returns the models' families.
func (s *Suite) label() ([]string, error) {
	s.once.Do(func() {
		var alike [][2]int
		if s.Alike != nil {
			alike, s.failed = s.Alike()
		}
		s.families = split.Families(s.Origins, alike)
	})
	return s.families, s.failed
}

// of returns the split of a table's models that have a score. Where a part is too small,
// the error is a *SplitError.
func (p suiteSplit) of(scheme, benchmark string, models []string, scores []float64) (response.Split, error) {
	var s response.Split
	families := map[string]bool{}
	for i, m := range models {
		if math.IsNaN(scores[i]) {
			continue
		}
		families[p.Family[m]] = true
		switch p.Part[m] {
		case partTrain:
			s.Train.Rows = append(s.Train.Rows, i)
		case partValidation:
			s.Validation.Rows = append(s.Validation.Rows, i)
		case partTest:
			s.Test.Rows = append(s.Test.Rows, i)
		}
	}
	if min(len(s.Train.Rows), len(s.Validation.Rows), len(s.Test.Rows)) < leastPart {
		return s, &SplitError{Benchmark: benchmark, Scheme: scheme, Families: len(families),
			Train: len(s.Train.Rows), Validation: len(s.Validation.Rows), Test: len(s.Test.Rows)}
	}
	return s, nil
}

// leastPart is the fewest models that an error is measured on.
const leastPart = 4

// fitting returns the rows that the final reconstruction is fitted to: the training and
// validation models.
func fitting(s response.Split) response.TrainSet {
	return response.TrainSet{Rows: slices.Concat(s.Train.Rows, s.Validation.Rows)}
}
