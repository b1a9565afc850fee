package authors

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"metabench/analysis/response"
	"metabench/corpus"
	"metabench/rdata"
	"metabench/score"
)

// answers are what one or several objects hold of a benchmark's form.
type answers struct {
	path   string // of the first object
	items  []string
	models []string
	rows   map[string][]uint8 // answers by model, aligned with items
	scores map[string]float64 // by model, points
}

// readReduced reads an item response model of the selected items: the answers that it
// was fitted on, whose rows are those of its abilities, and the scores that these
// predict.
func readReduced(v *rdata.Value) (*answers, error) {
	abilities, err := tableAt(v, "theta.train")
	if err != nil {
		return nil, err
	}
	data, err := tableAt(v, "model", "Data", "data")
	if err != nil {
		return nil, err
	}
	a := &answers{items: data.Columns, models: abilities.Rows, scores: map[string]float64{}}
	if err := a.fill(data.Values); err != nil {
		return nil, err
	}
	for _, set := range []string{"df.score.base", "df.score.sub"} {
		if err := a.addScores(v, set); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// readLinear reads a linear model of the score on the selected items: its data frame
// holds the score in the first column and the answers in the others.
func readLinear(v *rdata.Value) (*answers, error) {
	frame, err := tableAt(v, "model", "model")
	if err != nil {
		return nil, err
	}
	if len(frame.Columns) < 2 || frame.Rows == nil {
		return nil, errors.New("its data frame has no answers, or no names of models")
	}
	a := &answers{items: frame.Columns[1:], models: frame.Rows, scores: map[string]float64{}}
	if err := a.fill(frame.Values[1:]); err != nil {
		return nil, err
	}
	for i, y := range frame.Values[0] {
		if err := a.score(frame.Rows[i], y); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func tableAt(v *rdata.Value, path ...string) (*rdata.Table, error) {
	at, err := v.Find(path...)
	if err != nil {
		return nil, err
	}
	t, err := at.Table()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", path, err)
	}
	return t, nil
}

// fill takes the answers of a matrix by column.
func (a *answers) fill(columns [][]float64) error {
	if len(a.items) != len(columns) {
		return fmt.Errorf("it names %d items and answers %d", len(a.items), len(columns))
	}
	a.rows = make(map[string][]uint8, len(a.models))
	for i, m := range a.models {
		if m == "" || a.rows[m] != nil {
			return fmt.Errorf("the model %q has no name, or occurs twice", m)
		}
		row := make([]uint8, len(columns))
		for j, c := range columns {
			if len(c) != len(a.models) {
				return fmt.Errorf("item %s has %d answers of %d models", a.items[j], len(c), len(a.models))
			}
			switch x := c[i]; {
			case x == 0 || x == 1:
				row[j] = uint8(x)
			case math.IsNaN(x):
				row[j] = corpus.Missing
			default:
				return fmt.Errorf("the answer of %s to item %s is %g, neither 0 nor 1", m, a.items[j], x)
			}
		}
		a.rows[m] = row
	}
	return nil
}

func (a *answers) addScores(v *rdata.Value, set string) error {
	points, err := v.Find(set, "score")
	if err != nil {
		return err
	}
	numbers, err := points.Numbers()
	if err != nil {
		return fmt.Errorf("%s: %w", set, err)
	}
	models := v.Get(set).Attribute("row.names").Strings
	if len(models) != len(numbers) {
		return fmt.Errorf("%s has %d scores of %d models", set, len(numbers), len(models))
	}
	for i, m := range models {
		if err := a.score(m, numbers[i]); err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
	}
	return nil
}

// agreement is how far two objects' scores of a model may lie apart, points.
const agreement = 1e-6

func (a *answers) score(model string, points float64) error {
	if !(points >= 0 && points <= 100) {
		return fmt.Errorf("the score of %s is %g, not in points from 0 to 100", model, points)
	}
	if known, ok := a.scores[model]; ok && math.Abs(known-points) > agreement {
		return fmt.Errorf("the score of %s is %g and %g", model, known, points)
	}
	a.scores[model] = points
	return nil
}

// add takes in the models of another object with the same items.
func (a *answers) add(b *answers) error {
	place := make([]int, len(a.items))
	for j, item := range a.items {
		if place[j] = slices.Index(b.items, item); place[j] < 0 {
			return wrong(b.path, nil, "it holds other items than %s, such as without %s; which of both is the published form isn't known", a.path, item)
		}
	}
	for _, m := range b.models {
		row := make([]uint8, len(place))
		for j, from := range place {
			row[j] = b.rows[m][from]
		}
		if known := a.rows[m]; known == nil {
			a.models, a.rows[m] = append(a.models, m), row
		} else if !slices.Equal(known, row) {
			return wrong(b.path, nil, "the answers of %s are others than in %s", m, a.path)
		}
	}
	for _, m := range sorted(b.scores) {
		if err := a.score(m, b.scores[m]); err != nil {
			return wrong(b.path, err, "it contradicts %s", a.path)
		}
	}
	return nil
}

// answered are the answers as a calibration takes them, models by name.
func (a *answers) answered(b corpus.Benchmark) (score.Answered, error) {
	models := slices.Sorted(slices.Values(a.models))
	t := &response.Table{Benchmark: b.Name, Metric: b.Metric, Models: models, Items: a.items, Answers: response.New(len(models), len(a.items))}
	for i, m := range models {
		for j, x := range a.rows[m] {
			switch x {
			case 0:
				t.Answers.Set(i, j, response.Wrong)
			case 1:
				t.Answers.Set(i, j, response.Correct)
			}
		}
	}
	if err := t.Validate(); err != nil {
		return score.Answered{}, wrong(a.path, err, "the answers don't fit together")
	}
	return score.Answered{Benchmark: b, Table: t, Scores: a.scores}, nil
}
