package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/analysis/response"
	"metabench/config"
	"metabench/harness"
	"metabench/score"
	"metabench/table"
)

// scoreFlags are how answers are scored and shown.
type scoreFlags struct {
	bundle, run, benchmark string
	least                  float64
	html, csv, markdown    bool
	columns                columnFlags
}

func newScoreCommand(a *app) *cobra.Command {
	var f scoreFlags
	cmd := &cobra.Command{
		Use:   "score PATH... --bundle FILE",
		Short: "Score models from the output of lm-evaluation-harness, or from tables",
		Long: `Read what lm-evaluation-harness wrote about models, or tables of answers, and say what
the whole benchmarks would have said.

PATH is the directory given to lm_eval as --output_path (with --log_samples), or
files in it: JSON lines, JSON arrays, gzipped or not. The tasks are those of
metabench export harness, the metabench tasks that come with the harness, or its
original tasks (arc_challenge, mmlu_anatomy …), whole or by export samples. Or PATH is a
table, CSV or Parquet: one row an answer (model, item, correct, and benchmark where the
bundle has several), or one row a model.
Nothing but these files and the bundle is read, and nothing is fitted.

A score is of one run: a model with its arguments (revision, precision, adapter, chat
template, settings of generation, examples). Of several runs each is scored by itself;
--run chooses some. Where all questions of a benchmark were answered, the true score
stands beside the estimate from the selected ones.

The bundle is a file, an address (https://…#sha256=…), or a name of the configuration's
bundles; what comes from the network is fetched once, verified and kept.

Missing items widen the intervals. A benchmark is refused, and the exit code is then 3,
if less than half of its selected items are answered (--min-answered), if the questions
aren't those of the calibration, if the metric is another one, or if its log is broken;
the others are scored.`,
		Example: `  metabench score results --bundle metabench.bundle
  metabench score results/org__model --bundle metabench.bundle --html > report.html
  metabench score checkpoints --bundle metabench.bundle --run revision=step --csv > steps.csv
  metabench score answers.parquet --bundle metabench.bundle --markdown`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := a.checkScore(&f, f.html); err != nil {
				return err
			}
			batch, err := a.scorePaths(cmd, &f, paths)
			if err != nil {
				return err
			}
			a.warn(batch.AllWarnings())
			if err := a.writeScores(&f, batch); err != nil {
				return err
			}
			return refused(batch)
		},
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.BoolVar(&f.html, "html", false, "write one self-contained page")
	flags.BoolVar(&f.csv, "csv", false, "write a row a run")
	flags.BoolVar(&f.markdown, "markdown", false, "write a table in Markdown")
	return cmd
}

// register adds the flags that say what is read.
func (f *scoreFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.bundle, "bundle", "", bundleUsage)
	flags.StringVar(&f.run, "run", "", "the runs to score: an ID, or a part of model and arguments")
	flags.Float64Var(&f.least, "min-answered", score.MinAnswered, "share of a benchmark's items that have to be answered; scores from fewer than half are marked")
	flags.StringVar(&f.benchmark, "benchmark", "", "what a table without a column benchmark is about")
	f.columns.register(flags)
}

// checkScore checks the flags; html says whether a page is asked for.
func (a *app) checkScore(f *scoreFlags, html bool) error {
	if f.bundle == "" {
		return usagef("a score needs a calibration: --bundle FILE, as metabench export bundle and metabench calibrate write it")
	}
	var forms []string
	for name, asked := range map[string]bool{"--html": html, "--json": a.json, "--csv": f.csv, "--markdown": f.markdown} {
		if asked {
			forms = append(forms, name)
		}
	}
	if slices.Sort(forms); len(forms) > 1 {
		return usagef("%s exclude each other", strings.Join(forms, " and "))
	}
	if !(f.least >= 0 && f.least <= 1) {
		return usagef("--min-answered %g: need a share from 0 to 1", f.least)
	}
	return nil
}

// openScorer opens the calibration.
func (a *app) openScorer(cmd *cobra.Command, f *scoreFlags) (*score.Scorer, error) {
	b, sum, err := a.openBundle(cmd, f.bundle)
	if err != nil {
		return nil, err
	}
	scorer, err := score.NewScorer(b, sum)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.bundle, err)
	}
	return scorer, nil
}

// scorePaths scores logs or tables.
func (a *app) scorePaths(cmd *cobra.Command, f *scoreFlags, paths []string) (*score.Batch, error) {
	scorer, err := a.openScorer(cmd, f)
	if err != nil {
		return nil, err
	}
	runs, err := a.readRuns(cmd.Context(), scorer, f, paths)
	if err != nil {
		return nil, err
	}
	return scorer.ScoreAll(cmd.Context(), runs, f.least)
}

// runsOfLogs reads logs, also those of the harness's own tasks of the catalogue.
func (a *app) runsOfLogs(ctx context.Context, f *scoreFlags, paths []string) ([]*harness.Output, error) {
	catalogue, err := config.Catalogue("")
	if err != nil {
		return nil, err
	}
	return harness.ReadRuns(ctx, harness.RunOptions{Run: f.run, Catalogue: catalogue}, paths...)
}

// scoreEach scores the runs of each path by themselves, in the order of the paths: the same
// model in two of them is two runs.
func (a *app) scoreEach(cmd *cobra.Command, scorer *score.Scorer, f *scoreFlags, paths []string) (*score.Batch, error) {
	var all []*harness.Output
	for _, path := range paths {
		runs, err := a.readRuns(cmd.Context(), scorer, f, []string{path})
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return scorer.ScoreAll(cmd.Context(), all, f.least)
}

// readRuns reads logs or tables.
func (a *app) readRuns(ctx context.Context, scorer *score.Scorer, f *scoreFlags, paths []string) ([]*harness.Output, error) {
	tables := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !table.Named(path) })
	switch len(tables) {
	case 0:
		return a.runsOfLogs(ctx, f, paths)
	case len(paths):
		return a.runsOfTables(ctx, scorer, f, paths)
	}
	return nil, usagef("%s is a table and other paths are logs: score them one after the other", tables[0])
}

// runsOfTables reads tables of answers.
func (a *app) runsOfTables(ctx context.Context, scorer *score.Scorer, f *scoreFlags, paths []string) ([]*harness.Output, error) {
	if f.run != "" {
		return nil, usagef("--run chooses among logs; a table's models are scored all")
	}
	of := f.benchmark
	if names := scorer.Benchmarks(); of == "" && len(names) == 1 {
		of = names[0]
	}
	var all []*response.Table
	for _, path := range paths {
		read, err := table.ReadAnswers(ctx, path, table.ResponseOptions{Model: f.columns.model, Item: f.columns.item, Correct: f.columns.correct,
			Missing: f.columns.missing, Benchmark: of})
		if err != nil {
			return nil, err
		}
		for _, r := range read {
			a.notes(r.Notes())
			all = append(all, r.Table)
		}
	}
	runs, note := scorer.FromTables(strings.Join(paths, ", "), all)
	if note != "" {
		a.note(note)
	}
	return runs, nil
}

// writeScores writes the scores in the form that was asked for.
func (a *app) writeScores(f *scoreFlags, b *score.Batch) error {
	switch {
	case f.html:
		return b.WriteHTML(a.Out)
	case f.csv:
		return b.WriteCSV(a.Out)
	case f.markdown:
		return b.WriteMarkdown(a.Out)
	case len(b.Reports) == 1 && len(b.Failed) == 0:
		return a.print(b.Reports[0], func(p *page) { p.scores(b.Reports[0]) })
	}
	return a.print(b, func(p *page) { p.batch(b) })
}

// refused is the error of reports in which answers were there but not used.
func refused(b *score.Batch) error {
	reasons := b.Refusals()
	if len(reasons) == 0 {
		return nil
	}
	return withCode(ExitPartial, errors.New(strings.Join(reasons, "\n")))
}

// batch adds a row a run.
func (p *page) batch(b *score.Batch) {
	header := []string{"model", "mean", "from", "to"}
	for _, of := range b.Reports[0].Benchmarks {
		header = append(header, of.Title)
	}
	whole := slices.ContainsFunc(b.Reports, func(r *score.Report) bool { return len(r.Wholes()) > 0 })
	if whole {
		header = append(header, "whole")
	}
	g := newGrid(header...)
	names := b.Names()
	for k, r := range b.Reports {
		cells := []string{names[k], dash, dash, dash}
		if m := r.Mean; m != nil {
			cells = []string{names[k], fixed(m.Value, 1), fixed(m.Lower, 1), fixed(m.Upper, 1)}
		}
		for _, of := range r.Benchmarks {
			cell := dash
			if of.Score != nil {
				cell = fixed(of.Score.Value, 1)
			}
			cells = append(cells, cell)
		}
		if whole {
			cells = append(cells, wholes(r))
		}
		g.row(cells...)
	}
	first := b.Reports[0]
	p.line("%d runs, %s, %s, calibration of run %s\n", len(b.Reports), first.FormName(), first.Promise(), first.Run)
	p.table(g)
	p.line("\n%s", first.Made())
}

// wholes are a report's true scores.
func wholes(r *score.Report) string {
	of := r.Wholes()
	var cells []string
	for _, b := range r.Benchmarks {
		if y, ok := of[b.Benchmark]; ok {
			cells = append(cells, b.Benchmark+" "+fixed(y, 1))
		}
	}
	if len(cells) == 0 {
		return dash
	}
	return strings.Join(cells, ", ")
}

// scores adds the scores of a report.
func (p *page) scores(r *score.Report) {
	g := newGrid("benchmark", "metric", "score", "from", "to", "percentile", "range", "ability", "SE", "answered", "of")
	row := func(name, metric string, s *score.Score, rest ...string) {
		cells := []string{name, metric, dash, dash, dash, dash, dash}
		if s != nil {
			cells = []string{name, metric, fixed(s.Value, 1), fixed(s.Lower, 1), fixed(s.Upper, 1), dash, dash}
			if s.Verdict != nil {
				cells[6] = s.Verdict.Place
			}
			if s.Percentile != nil {
				cells[5] = fixed(*s.Percentile, 0)
			}
		}
		g.row(append(cells, rest...)...)
	}
	var notes []string
	sparse := ""
	for _, b := range r.Benchmarks {
		theta, se := dash, dash
		if b.Ability != nil {
			theta, se = fixed(b.Ability.Theta, 2), fixed(b.Ability.SE, 2)
		}
		name := b.Title
		if b.Permuted {
			name += " (permuted)"
		}
		if b.Sparse {
			name, sparse = name+" *", "* scored from fewer than half of the selected items"
		}
		row(name, b.Metric, b.Score, theta, se, strconv.Itoa(b.Answered), strconv.Itoa(b.Items))
		if b.Whole != nil {
			notes = append(notes, fmt.Sprintf("All %d questions of %s were answered: the true score is %s.", b.Questions, b.Title, fixed(*b.Whole, 1)))
		}
		if b.TaskMean != nil {
			row(fmt.Sprintf("  mean of %d tasks", b.Tasks), b.Metric, b.TaskMean, "", "", "", "")
		}
	}
	if r.Mean != nil {
		row("mean", "", r.Mean, "", "", "", "")
	}
	p.line("%s, %s, %s, calibration of run %s\n", r.Model, r.FormName(), r.Promise(), r.Run)
	p.table(g)
	notes = append(notes, r.NotInside()...)
	for _, note := range []string{sparse, r.MeanNote} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	notes = append(notes, r.Made())
	p.line("\n%s", strings.Join(notes, "\n"))
}
