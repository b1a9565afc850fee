package adaptive

import (
	"context"
	"fmt"
	"runtime"

	"metabench/analysis/internal/parallel"
	"metabench/analysis/response"
)

// Played is one model's adaptive test on answers that are known.
type Played struct {
	Model     string
	Asked     []int // items in the order in which they were asked, up to the stop
	Stopped   string
	Theta, SE float64
	Score     Score   // predicted at the stop
	Actual    float64 // share correct of all answers known, points

	// Path[n] is where the test stood after n answers, up to the length of the study,
	// whether or not the stop rule held by then.
	Path []Standing
}

// Standing is what a test knows after some answers.
type Standing struct {
	Theta, SE float64
	Score     Score
}

// after returns where the test stood after n answers; of one that ran out of items
// before, its end.
func (p *Played) after(n int) Standing { return p.Path[min(n, len(p.Path)-1)] }

// Study plays a test for every model of a table.
type Study struct {
	Test    *Test
	Length  int // go on to so many items after the stop, for the path; 0: don't
	Workers int // 0 means GOMAXPROCS; does not change the result
}

// Run plays the test on the answers of every model. The table's columns are the
// bank's items. Items that a model has no answer to are not asked. The result is in the
// order of the models.
func (st Study) Run(ctx context.Context, table *response.Table) ([]Played, error) {
	bank := st.Test.bank
	models, items := table.Answers.Dims()
	if items != len(bank.Items) {
		return nil, fmt.Errorf("adaptive study: %d columns of answers, %d items in the bank", items, len(bank.Items))
	}
	workers := st.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	out := make([]Played, models)
	sessions := make([]*session, workers)
	err := parallel.Until(ctx, models, workers, func(i, worker int) {
		if sessions[worker] == nil {
			sessions[worker] = st.Test.newSession("")
		}
		out[i] = st.play(sessions[worker], table, i)
	})
	if err != nil {
		return nil, fmt.Errorf("adaptive study: %w", err)
	}
	return out, nil
}

func (st Study) play(s *session, table *response.Table, model int) Played {
	s.reset(table.Models[model])
	s.available(table.Answers, model)
	p := Played{Model: table.Models[model]}
	correct, observed := table.Answers.Counts(model)
	p.Actual = 100 * float64(correct) / float64(max(1, observed))
	stopped := false
	for {
		step := s.step()
		p.Path = append(p.Path, Standing{step.Theta, step.SE, step.Score})
		if step.Item < 0 && !stopped {
			stopped = true
			p.Stopped, p.Theta, p.SE, p.Score = step.Stopped, step.Theta, step.SE, step.Score
			for _, a := range s.asked {
				p.Asked = append(p.Asked, a.Item)
			}
		}
		if stopped && (len(s.asked) >= st.Length || s.left == 0) {
			return p
		}
		item := step.Item
		if item < 0 {
			item = s.choose(step.Theta)
		}
		s.add(Answer{item, table.Answers.At(model, item) == response.Correct})
	}
}
