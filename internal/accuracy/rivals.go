package accuracy

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"metabench/analysis/rival"
	"metabench/analysis/trial"
	"metabench/table"
)

// rivalSets are the benchmarks on which all methods are compared.
var rivalSets = []struct{ path, name string }{
	{mmluProMathFile, "MMLU-Pro math"},
	{"oll2/bbh_tracking_five.parquet", "BBH tracking"},
	{"benchpred/arc_full.parquet", "ARC-Challenge"},
	{"benchpred/oll2_ifeval.parquet", "IFEval"},
	{"benchpred/oll2_musr.parquet", "MuSR"},
	{"benchpred/oll2_math.parquet", "MATH"},
	{"benchpred/helm_commonsense.parquet", "HELM commonsense"},
	{"benchpred/helm_gsm.parquet", "HELM GSM8K"},
	{"benchpred/helm_legalbench.parquet", "HELM LegalBench"},
	{"benchpred/helm_math.parquet", "HELM MATH"},
	{"benchpred/helm_med_qa.parquet", "HELM MedQA"},
	{"benchpred/helm_mmlu.parquet", "HELM MMLU"},
}

func rivalsNeeds() []string {
	var files []string
	for _, f := range rivalSets {
		files = append(files, f.path)
	}
	return files
}

// rivalSplits are the divisions of the models, as trial.ParseSplit reads them.
var rivalSplits = []string{"random", "family", "top=0.1", "low-half"}

// rivalItems are the sizes of the distilled benchmarks.
var rivalItems = []int{25, 50, 100}

// rivalSeeds is how often a split is repeated: few models need it, many take long.
func rivalSeeds(models int) int {
	if models > 100 {
		return 1
	}
	return 2
}

// rivals compares ours with the methods of others on all sets, splits and sizes.
func rivals(ctx context.Context, s *study) ([]Table, error) {
	var splits []trial.Split
	for _, text := range rivalSplits {
		rule, err := trial.ParseSplit(text)
		if err != nil {
			return nil, err
		}
		splits = append(splits, rule)
	}
	t := Table{Section: "rivals", Title: "RMSE in points of ours and its rivals, with as many items",
		Columns: []Column{text("benchmark"), text("split"), number("items", 0), number("tests", 0)}}
	for _, m := range rival.Methods() {
		t.Columns = append(t.Columns, number(m.Name, 2))
	}
	t.Columns = append(t.Columns, text("ours is"), text("best rival"))
	var k tally
	for n, set := range rivalSets {
		r, err := table.ReadResponses(ctx, filepath.Join(s.dir, set.path), table.ResponseOptions{Benchmark: set.name, Metric: "acc"})
		if err != nil {
			return nil, err
		}
		data := trial.NewData(r.Table, nil)
		outcomes, err := trial.Run(ctx, data, trial.Options{
			Splits: splits, Items: rivalItems, Seeds: rivalSeeds(len(data.Scores)), Workers: s.opts.Workers,
			Progress: func(done, total int) { s.progress(n*total+done, len(rivalSets)*total) },
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", set.name, err)
		}
		name := set.name
		for _, c := range trial.Cells(outcomes) {
			cells := []any{name, c.Split.String(), c.Items, c.Models}
			for _, m := range rival.Methods() {
				v, ok := c.RMSE[m.Name]
				if !ok {
					v = math.NaN()
				}
				cells = append(cells, v)
			}
			t.add(append(cells, k.add(set.name, c), c.Best)...)
			name = ""
		}
	}
	t.Notes = append(k.notes(),
		"within: the mean difference of the squared errors from the best rival's is at most its standard error, over the test models.",
		"tests: different test models over all seeds. What is left to chance is drawn 20 times (means, AIPW) or 5 times (ridge) a seed.")
	return []Table{t}, nil
}

// tally counts the cells.
type tally struct {
	cells, won int
	bySplit    map[string][2]int // won, of
	worse      []string          // than the mean of random items
}

// add counts a cell and says how ours did in it.
func (k *tally) add(set string, c trial.Cell) string {
	if k.bySplit == nil {
		k.bySplit = map[string][2]int{}
	}
	split := k.bySplit[c.Split.String()]
	k.cells++
	split[1]++
	word := "behind"
	switch {
	case c.First():
		word = "first"
	case c.Won():
		word = "within"
	}
	if c.Won() {
		k.won++
		split[0]++
	}
	k.bySplit[c.Split.String()] = split
	if !(c.RMSE[rival.Ours] <= c.RMSE[rival.RandomItems]) {
		k.worse = append(k.worse, fmt.Sprintf("%s %s %d", set, c.Split, c.Items))
	}
	return word
}

func (k *tally) notes() []string {
	parts := make([]string, len(rivalSplits))
	for n, name := range rivalSplits {
		parts[n] = fmt.Sprintf("%s %d of %d", name, k.bySplit[name][0], k.bySplit[name][1])
	}
	worse := "none"
	if len(k.worse) > 0 {
		worse = strings.Join(k.worse, "; ")
	}
	return []string{
		fmt.Sprintf("Ours is first or within one standard error of the first in %d of %d cells, %.0f %% (aim: 90 %%): %s.",
			k.won, k.cells, 100*float64(k.won)/float64(k.cells), strings.Join(parts, ", ")),
		fmt.Sprintf("Cells where ours is worse than the mean of random items (aim: none), %d: %s.", len(k.worse), worse),
	}
}
