package evallog

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"metabench/corpus"
)

// Options answer what logs leave open. Metric, Filter, Reducer and Threshold hold answers,
// each for every task or, as TASK=ANSWER, for one.
type Options struct {
	Benchmark string             // that all tasks belong to; each task is its own where empty
	Metric    []string           // what makes an answer right: acc, exact_match
	Filter    []string           // how the answer was taken out of the text: strict-match
	Reducer   []string           // what several answers to one item count as: see Reducers
	Threshold []string           // the least score that is right
	Catalogue []corpus.Benchmark // whose names are taken
	ReadAt    time.Time
}

// answers are those for a task: its own where there are some, else those for all.
func answers(given []string, task string) []string {
	var own, all []string
	for _, g := range given {
		if k := strings.LastIndexByte(g, '='); k < 0 {
			all = append(all, g)
		} else if g[:k] == task {
			own = append(own, g[k+1:])
		}
	}
	if own != nil {
		return own
	}
	return all
}

// reducers turn the scores of several answers to one item, none of them missing, into one.
var reducers = map[string]func([]float64) float64{
	"first": func(v []float64) float64 { return v[0] },
	"max":   slices.Max[[]float64],
	"min":   slices.Min[[]float64],
	"mean": func(v []float64) float64 {
		sum := 0.0
		for _, x := range v {
			sum += x
		}
		return sum / float64(len(v))
	},
	"median": func(v []float64) float64 {
		v = slices.Sorted(slices.Values(v))
		return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
	},
}

// Reducers names the ways to make several answers to one item one.
func Reducers() []string { return slices.Sorted(maps.Keys(reducers)) }

// verdicts are a run's answers as right or wrong, and what made them so.
type verdicts struct {
	metric  string  // "exact_match,strict-match", "f1>=0.5"
	correct []uint8 // by the number of the item
	other   []string
}

// choose decides which scores of a run count.
func (o *Options) choose(r *run) (*verdicts, error) {
	least, err := o.threshold(r)
	if err != nil {
		return nil, err
	}
	metric, err := o.metric(r, least != nil)
	if err != nil {
		return nil, err
	}
	v := &verdicts{metric: metric}
	for _, name := range r.metrics() {
		if name != metric {
			v.other = append(v.other, name)
		}
	}
	source := metric
	if named := r.namesOf(metric); named != "" {
		source = named
	}
	columns, err := o.filter(r, source)
	if err != nil {
		return nil, err
	}
	if f := columns[0].filter; f != "" {
		v.metric += "," + f
	}
	scores, reducer, err := o.reduce(r, columns)
	if err != nil {
		return nil, err
	}
	if reducer != "" {
		v.metric += " (" + reducer + " of epochs)"
	}
	if least != nil {
		v.metric += ">=" + format(*least)
	}
	v.correct = make([]uint8, len(scores))
	for k, s := range scores {
		switch {
		case !s.given || math.IsNaN(s.value):
			v.correct[k] = corpus.Missing
		case least != nil && s.value >= *least, least == nil && s.value == 1:
			v.correct[k] = 1
		case least != nil, s.value == 0:
			v.correct[k] = 0
		default:
			return nil, r.fault(0, corpus.KindValue, r.items[k].id, fmt.Sprintf("%s is %s, neither right nor wrong", v.metric, format(s.value)),
				"Say from which score on an answer is right, with --threshold, or choose another metric with --metric")
		}
	}
	return v, nil
}

func (o *Options) threshold(r *run) (*float64, error) {
	given := answers(o.Threshold, r.task)
	if len(given) == 0 {
		return nil, nil
	}
	v, err := strconv.ParseFloat(given[0], 64)
	if len(given) > 1 || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, r.fault(0, corpus.KindAmbiguous, "", fmt.Sprintf("--threshold is %s for the task %s, and has to be one number", strings.Join(given, ", "), r.task),
			"Give the least score that is right, such as --threshold 0.5, or --threshold TASK=0.5 for one task")
	}
	return &v, nil
}

// metric returns the one that counts.
func (o *Options) metric(r *run, graded bool) (string, error) {
	have := r.metrics()
	if len(have) == 0 {
		return "", r.fault(0, corpus.KindEmpty, "", "no answer has a score", "Score the run with its tool first")
	}
	if given := answers(o.Metric, r.task); len(given) > 0 {
		var found []string
		for _, name := range given {
			if slices.Contains(have, name) || r.namesOf(name) != "" {
				found = append(found, name)
			}
		}
		switch {
		case len(found) == 0:
			return "", r.question("--metric", fmt.Sprintf("no metric %s", strings.Join(given, ", ")), r.worthNaming())
		case len(found) > 1:
			return "", r.question("--metric", "several of the metrics named", found)
		case r.lower[found[0]]:
			return "", r.fault(0, corpus.KindValue, "", "less is better of "+found[0]+", so that it can't say that an answer is right", "Choose another metric with --metric")
		}
		return found[0], nil
	}
	var possible []string
	for _, name := range have {
		if !r.lower[name] && (graded || r.binary(name)) {
			possible = append(possible, name)
		}
	}
	switch {
	case len(possible) == 0:
		return "", r.fault(0, corpus.KindValue, "", "no metric is only right or wrong; there are "+list(have),
			"Name one with --metric, and say with --threshold from which score on an answer is right")
	case len(possible) > 1 || r.suggested != nil:
		return "", r.question("--metric", "several metrics, and nothing says which one counts", r.worthNaming())
	case len(r.means[possible[0]]) > 0:
		return "", r.question("--metric", "a score that may be by several metrics", r.means[possible[0]])
	}
	return possible[0], nil
}

// namesOf is the metric that a name is a possible meaning of; empty if it is of none.
func (r *run) namesOf(name string) string {
	for _, metric := range r.metrics() {
		if slices.Contains(r.means[metric], name) {
			return metric
		}
	}
	return ""
}

// worthNaming lists the metrics that a question offers.
func (r *run) worthNaming() []string {
	var names []string
	for _, name := range r.metrics() {
		switch {
		case r.lower[name], r.suggested != nil && !slices.Contains(r.suggested, name):
		case r.means[name] != nil:
			names = append(names, r.means[name]...)
		default:
			names = append(names, name)
		}
	}
	if names == nil {
		return r.metrics()
	}
	return names
}

// filter returns the columns of a metric by the one filter that counts.
func (o *Options) filter(r *run, metric string) ([]*column, error) {
	byFilter := map[string][]*column{}
	for _, c := range r.columns {
		if c.metric == metric {
			if c.unread != "" {
				return nil, r.fault(0, corpus.KindValue, "", fmt.Sprintf("a value of %s is %s, which is no score", metric, c.unread), "Choose another metric with --metric")
			}
			byFilter[c.filter] = append(byFilter[c.filter], c)
		}
	}
	have := slices.Sorted(maps.Keys(byFilter))
	given := answers(o.Filter, r.task)
	for k, f := range given {
		if f == "none" {
			given[k] = ""
		}
	}
	switch {
	case len(given) == 0 && len(have) == 1:
		return byFilter[have[0]], nil
	case len(given) == 0:
		return nil, r.question("--filter", metric+" by several filters", have)
	}
	var found []string
	for _, f := range given {
		if byFilter[f] != nil {
			found = append(found, f)
		}
	}
	switch {
	case len(found) == 1:
		return byFilter[found[0]], nil
	case len(found) == 0 && len(have) == 1 && have[0] == "": // the task has no filters to choose from
		return byFilter[""], nil
	case len(found) == 0:
		return nil, r.question("--filter", fmt.Sprintf("no filter %s", strings.Join(given, ", ")), have)
	}
	return nil, r.question("--filter", "several of the filters named", found)
}

// reduce makes one score an item of the answers of all epochs. An item has a score if any
// epoch has one.
func (o *Options) reduce(r *run, columns []*column) ([]score, string, error) {
	if len(columns) == 1 {
		scores := make([]score, len(r.items)) // the last items may have none
		copy(scores, columns[0].scores)
		return scores, "", nil
	}
	given := answers(o.Reducer, r.task)
	if len(given) != 1 || reducers[given[0]] == nil {
		return nil, "", r.question("--reducer", fmt.Sprintf("%d answers to the same item", len(columns)), Reducers())
	}
	columns = slices.SortedFunc(slices.Values(columns), func(a, b *column) int { return corpus.CompareKeys(a.epoch, b.epoch) })
	scores := make([]score, len(r.items))
	for k := range scores {
		var values []float64
		for _, c := range columns {
			if k < len(c.scores) && c.scores[k].given && !math.IsNaN(c.scores[k].value) {
				values = append(values, c.scores[k].value)
			}
		}
		if len(values) > 0 {
			scores[k] = score{reducers[given[0]](values), true}
		}
	}
	return scores, given[0], nil
}

// question is the error that asks the user for a decision.
func (r *run) question(flag, found string, options []string) error {
	named := slices.Clone(options)
	for k, name := range named {
		if name == "" {
			named[k] = "none"
		}
	}
	const most = 12
	example := named[0]
	if more := len(named) - most; more > 0 {
		named = append(named[:most], fmt.Sprintf("%d more", more))
	}
	return &corpus.DataError{Kind: corpus.KindAmbiguous, File: r.file.Path, Model: r.model, Object: "task " + r.task,
		Reason: "the log has " + found + ": " + strings.Join(named, ", "),
		Remedy: fmt.Sprintf("Say which one with %s, such as %s %s, or %s '%s=%s' for this task alone", flag, flag, example, flag, r.task, example)}
}

func list(names []string) string { return strings.Join(names, ", ") }
