package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"metabench/analysis/survey"
	"metabench/analysis/trial"
	"metabench/statistics"
	"metabench/table"
)

// guaranteeReport is what adaptive simulate --guarantee --json prints for a table of answers.
type guaranteeReport struct {
	Source   string          `json:"source"` // file or benchmark
	Input    string          `json:"input"`  // fingerprint of the answers
	Items    int             `json:"items"`
	NotItems []table.NotItem `json:"not_items,omitempty"` // columns of a file that were not taken for items
	*statistics.SurveyReport
}

// guaranteeLevel is that of the intervals.
const guaranteeLevel = 0.95

// adaptiveGuarantee surveys the test models of each table.
func (a *app) adaptiveGuarantee(cmd *cobra.Command, files []string, f adaptiveSimulateFlags) error {
	rule, err := trial.ParseSplit(f.split)
	if err != nil {
		return usagef("--split: %w", err)
	}
	if rule.Column() != "" {
		return usagef("--split: a column is for metabench accuracy")
	}
	o := statistics.SurveyOptions{Split: rule, Level: guaranteeLevel, Seed: f.seed, Workers: f.workers}
	if cmd.Flags().Changed("lengths") {
		o.Lengths = f.lengths
	}
	var reports []guaranteeReport
	for _, name := range append(files, f.benchmarks...) {
		var answers *statistics.Answers
		if len(reports) < len(files) {
			answers, err = a.fileAnswers(cmd.Context(), name, f.answersFlags)
		} else {
			answers, err = a.benchmarkAnswers(cmd, name, f.answersFlags)
		}
		if err != nil {
			return fmt.Errorf("adaptive simulate %s: %w", name, err)
		}
		o.Progress = a.progress().named("surveys")
		r, err := statistics.Survey(cmd.Context(), answers, o)
		if err != nil {
			return optionError(fmt.Errorf("adaptive simulate %s: %w", name, err))
		}
		report := guaranteeReport{answers.Source, answers.Origin.Input, len(answers.Items), answers.NotItems, r}
		if reports = append(reports, report); a.json {
			continue
		}
		if err := a.print(nil, func(p *page) { p.guarantee(report) }); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(reports)
	}
	return nil
}

// guarantee adds how surveys did, and forms drawn in advance.
func (p *page) guarantee(r guaranteeReport) {
	p.line("%s: %d items, split %s, learned from %d models, tested with %d; %.0f %% intervals\n", r.Source, r.Items, r.Split, r.Train, r.Test, 100*r.Level)
	g := newGrid("sample", "items", "RMSE", "random items", "worth", "bias", "coverage", "lowest fifth", "2nd", "3rd", "4th", "highest", "width", "random items' width")
	row := func(name string, s survey.Report) {
		cells := []string{name, strconv.Itoa(s.Items), points(s.RMSE), points(s.Random), fixed(s.Effective, 2), points(s.Bias), percent(s.Coverage)}
		for _, v := range s.Fifths {
			cells = append(cells, percent(v))
		}
		g.row(append(cells, points(s.Width), points(s.Binomial))...)
	}
	for _, s := range r.Surveys {
		row("asked one by one", s)
		if s.Form != nil {
			row("form drawn before", *s.Form)
		}
	}
	p.table(g)
	p.line("")
}
