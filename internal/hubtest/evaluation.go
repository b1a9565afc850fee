package hubtest

import (
	"fmt"
	"math"
	"sync"
)

// sheet has what scoring needs of a task's questions, computed once.
type sheet struct {
	gold    []int
	lengths [][]float64 // characters of each choice, by question
	answers []string    // right answers of free-text questions
}

type sheets struct {
	mu sync.Mutex
	m  map[*Task]*sheet
}

func (s *sheets) get(t *Task) *sheet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.m[t]; sh != nil {
		return sh
	}
	sh := &sheet{gold: make([]int, t.Items), lengths: make([][]float64, t.Items), answers: make([]string, t.Items)}
	for p := range t.Items {
		q := t.Question(p)
		sh.gold[p], sh.answers[p] = q.Gold, q.answer
		for _, c := range q.Choices {
			sh.lengths[p] = append(sh.lengths[p], float64(len(c)))
		}
	}
	if s.m == nil {
		s.m = map[*Task]*sheet{}
	}
	s.m[t] = sh
	return sh
}

// evaluation is what a run recorded of a model on a task, by position. With ℓ(j)
// the log-likelihood of choice j and n(j) its number of characters,
//
//	acc      = 1 if argmax ℓ(j) = gold
//	acc_norm = 1 if argmax ℓ(j)/n(j) = gold
//	mc2      = exp ℓ(gold) / Σ exp ℓ(j)
//
// so a reader can recompute the metrics from the predictions (§5.1). The metric
// that counts for the benchmark equals the true answers.
type evaluation struct {
	acc, norm []uint8
	mc2       []float64
	loglik    [][]float64
	texts     []string // free text
}

// evaluate makes the predictions that lead to the given answers.
func (c *Corpus) evaluate(t *Task, answers []uint8, salt uint64) *evaluation {
	sh := c.sheets.get(t)
	n := len(answers)
	e := &evaluation{acc: make([]uint8, n)}
	if t.Bench.Options == 0 {
		copy(e.acc, answers)
		e.texts = make([]string, n)
		for p, a := range answers {
			text := sh.answers[p]
			if a == 0 {
				text += "1" // another number
			}
			e.texts[p] = "The answer follows.\n#### " + text
		}
		return e
	}
	e.norm, e.mc2, e.loglik = make([]uint8, n), make([]float64, n), make([][]float64, n)
	options := t.Bench.Options
	flat := make([]float64, n*options)
	for p, a := range answers {
		winner := sh.gold[p]
		if a == 0 {
			winner = (winner + 1 + int(mix(salt+uint64(p))%uint64(options-1))) % options
		}
		// Draw per-character scores with the winner on top, and scale by length where
		// it is the normalised score that counts.
		l := flat[p*options : (p+1)*options : (p+1)*options]
		for j := range l {
			l[j] = -0.6 - 2*unit(salt, p*options+j)
			if j == winner {
				l[j] = -0.1 - 0.4*unit(salt, p*options+j)
			}
			if t.Bench.Metric == "acc_norm" {
				l[j] *= sh.lengths[p][j]
			} else {
				l[j] *= 4
			}
		}
		e.loglik[p] = l
		best, bestNorm, sum := 0, 0, 0.0
		for j, v := range l {
			if v > l[best] {
				best = j
			}
			if v/sh.lengths[p][j] > l[bestNorm]/sh.lengths[p][bestNorm] {
				bestNorm = j
			}
			sum += math.Exp(v)
		}
		if best == sh.gold[p] {
			e.acc[p] = 1
		}
		if bestNorm == sh.gold[p] {
			e.norm[p] = 1
		}
		e.mc2[p] = math.Exp(l[sh.gold[p]]) / sum
	}
	return e
}

// metric is a named number for each position.
type metric struct {
	name string
	at   func(p int) float64
}

// metrics lists, in alphabetical order, what a run records for a task. Early
// files had acc_norm nearly everywhere.
func (e *evaluation) metrics(t *Task) []metric {
	bit := func(v []uint8) func(int) float64 { return func(p int) float64 { return float64(v[p]) } }
	switch t.Bench.Metric {
	case "mc1":
		return []metric{{"mc1", bit(e.acc)}, {"mc2", func(p int) float64 { return e.mc2[p] }}}
	}
	switch {
	case e.norm == nil || t.Bench.Name == "winogrande":
		return []metric{{"acc", bit(e.acc)}}
	}
	return []metric{{"acc", bit(e.acc)}, {"acc_norm", bit(e.norm)}}
}

// mean of a metric over all positions, and its standard error
// sqrt(Σ(x-mean)²/(n-1)/n).
func mean(m metric, n int) (mean, stderr float64) {
	for p := range n {
		mean += m.at(p)
	}
	mean /= float64(n)
	if n < 2 {
		return mean, 0
	}
	ss := 0.0
	for p := range n {
		d := m.at(p) - mean
		ss += d * d
	}
	return mean, math.Sqrt(ss / float64(n-1) / float64(n))
}

// pythonFloat writes a number as Python's repr does.
func pythonFloat(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprint(v)
}
