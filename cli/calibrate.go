package cli

import (
	"context"
	"fmt"
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

// calibrating is what the commands that calibrate have in common.
type calibrating struct {
	form, out string
	opts      score.CalibrateOptions
}

func (c *calibrating) register(flags *pflag.FlagSet, form string, testShare float64) {
	flags.StringVar(&c.form, "form", form, "the form that the items are: A or B")
	flags.StringVar(&c.out, "out", "", "the bundle to write")
	flags.Uint64Var(&c.opts.Seed, "seed", 1, "seed of every random choice")
	flags.Float64Var(&c.opts.TestShare, "test-share", testShare, "share of the models that the error is measured on before the fit on all; 0 measures none and halves the time")
	flags.BoolVar(&c.opts.Incomplete, "incomplete", false, "use models that lack answers to some benchmark too: a little more exact, several times as slow")
}

func (c *calibrating) check() error {
	if c.out == "" {
		return usagef("calibrate needs a file to write: --out FILE.bundle")
	}
	if !(c.opts.TestShare >= 0 && c.opts.TestShare <= 0.5) {
		return usagef("--test-share %g: need a share from 0 to 0.5", c.opts.TestShare)
	}
	return checkForm(c.form)
}

func newCalibrateCommand(a *app) *cobra.Command {
	var c calibrating
	var columns columnFlags
	var answers, scores []string
	var benchmark, metric string
	var made score.Provenance
	cmd := &cobra.Command{
		Use:   "calibrate --answers TABLE... --scores TABLE... --out FILE",
		Short: "Make a scoring bundle of answers to given items and known scores",
		Long: `Make a bundle for metabench score from answers of many models to items that
somebody has chosen, and these models' known scores on the whole benchmarks. No
warehouse is needed.

The answers are tables as metabench fit reads them: one row an answer (model, item,
correct), with a column benchmark where there are several, or one row a model. The
scores are in points from 0 to 100: one row a score (model, score, perhaps benchmark and
metric), or one row a model with a column a benchmark.

Items' curves are fitted on all models that answered. Scores and their mean are
reconstructed together, with 90 % intervals, from the models of which all scores are
known and most items answered. The error is measured on a tenth of these, which that
fit has not seen; the bundle is then fitted on all. Intervals hold for items that were
chosen without these models' scores.

The bundle says what it was made of, and metabench score prints it: name the corpus
with --corpus, its licence with --licence.`,
		Example: `  metabench calibrate --answers answers.parquet --scores scores.csv --corpus "our models, 2026" --out ours.bundle
  metabench calibrate published ~/metabench --out published-b.bundle`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(answers) == 0 || len(scores) == 0 {
				return usagef("calibrate needs --answers TABLE and --scores TABLE, or a clone of the authors' repository: metabench calibrate published DIR")
			}
			if strings.TrimSpace(made.Corpus) == "" {
				return usagef("calibrate needs --corpus TEXT: whose answers these are, which metabench score will print")
			}
			cfg, err := a.prepare(cmd, &c)
			if err != nil {
				return err
			}
			of, err := a.readAnswered(cmd.Context(), cfg, answers, scores, benchmark, metric, columns)
			if err != nil {
				return err
			}
			return a.calibrateGiven(cmd.Context(), c, made, of)
		},
	}
	flags := cmd.Flags()
	c.register(flags, string(harness.FormA), 0.1)
	flags.StringArrayVar(&answers, "answers", nil, "table of answers, may be repeated")
	flags.StringArrayVar(&scores, "scores", nil, "table of scores on the whole benchmarks, may be repeated")
	flags.StringVar(&benchmark, "benchmark", "", "what tables without a column benchmark are about")
	flags.StringVar(&metric, "metric", "", "what makes an answer correct (default: as the scores say, the catalogue's)")
	columns.register(flags)
	flags.StringVar(&made.Corpus, "corpus", "", "whose answers these are, in words")
	flags.StringVar(&made.From, "from", "", "when the first was evaluated: 2026-01")
	flags.StringVar(&made.To, "to", "", "when the last was evaluated")
	flags.StringVar(&made.Licence, "licence", "", "under what the answers may be used")
	flags.StringVar(&made.Attribution, "attribution", "", "whom to name")
	flags.StringVar(&made.Source, "source", "", "where the answers come from")
	flags.BoolVar(&made.Simulated, "simulated", false, "no model has given these answers")
	cmd.AddCommand(newCalibratePublishedCommand(a))
	return cmd
}

// prepare reads the configuration and completes the settings.
func (a *app) prepare(cmd *cobra.Command, c *calibrating) (*config.Loaded, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	cfg, err := a.load(cmd)
	if err != nil {
		return nil, err
	}
	c.opts.Workers, c.opts.CodeVersion = cfg.Build.Workers, thisBuild().codeVersion()
	return cfg, nil
}

// readAnswered reads the tables and joins them.
func (a *app) readAnswered(ctx context.Context, cfg *config.Loaded, answers, scores []string, benchmark, metric string, columns columnFlags) ([]score.Answered, error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return nil, err
	}
	var tables []*response.Table
	var names []string
	for _, path := range answers {
		read, err := table.ReadAnswers(ctx, path, table.ResponseOptions{Model: columns.model, Item: columns.item, Correct: columns.correct,
			Missing: columns.missing, Benchmark: benchmark})
		if err != nil {
			return nil, err
		}
		for _, r := range read {
			a.notes(r.Notes())
			tables, names = append(tables, r.Table), append(names, r.Benchmark)
		}
	}
	known := score.KnownScores{}
	for _, path := range scores {
		read, err := table.ReadScores(ctx, path, benchmark, names)
		if err != nil {
			return nil, err
		}
		if err := known.Add(read.ByModel, read.Metrics); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return score.Answer(tables, known, catalogue, metric)
}

// calibrateGiven makes the bundle, writes it and says what is in it and how exact it is.
func (a *app) calibrateGiven(ctx context.Context, c calibrating, made score.Provenance, of []score.Answered) error {
	made.Models = 1 // Calibrate counts them
	done, err := score.Calibrate(ctx, harness.Form(c.form), made, of, c.opts)
	if err != nil {
		return err
	}
	if err := writeWhole(c.out, done.Bundle.Write); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	summary := done.Summary(c.out)
	return a.print(summary, func(p *page) { p.calibrated(summary) })
}

// calibrated adds what a calibration made.
func (p *page) calibrated(s score.CalibrationSummary) {
	p.line("%s: form %s, run %s, %s\n", s.File, s.Form, s.Run, s.Provenance)
	g := newGrid("benchmark", "metric", "items", "RMSE", "MAE", "interval holds")
	for _, r := range s.Benchmarks {
		cells := []string{r.Title, r.Metric, "", dash, dash, dash}
		if r.Items > 0 {
			cells[2] = strconv.Itoa(r.Items)
		}
		if r.Error != nil {
			cells[3], cells[4], cells[5] = fixed(r.Error.RMSE, 2), fixed(r.Error.MAE, 2), percent(r.Error.Coverage)
		}
		g.row(cells...)
	}
	p.table(g)
	if s.Tested == 0 {
		p.line("\nThe error was not measured.")
		return
	}
	p.line("\nErrors in points, on %d models that a fit of the others had not seen; nominally an interval holds 90 %%.", s.Tested)
}
