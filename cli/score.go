package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"metabench/harness"
	"metabench/score"
)

func newScoreCommand(a *app) *cobra.Command {
	var bundle, run string
	var html bool
	var least float64
	cmd := &cobra.Command{
		Use:   "score PATH... --bundle FILE",
		Short: "Score a model from the output of lm-evaluation-harness",
		Long: `Read what lm-evaluation-harness wrote about one model and say what the whole
benchmarks would have said.

PATH is the directory given to lm_eval as --output_path (with --log_samples), or
files in it: JSON lines, JSON arrays, gzipped or not. The tasks are those of
metabench export harness or the metabench tasks that come with the harness.
Nothing but these files and the bundle is read, and nothing is fitted.

A score is of one run: a model with its arguments (revision, precision, adapter, chat
template, settings of generation, examples). Where there are several, they are listed
and --run chooses one.

Missing items widen the intervals. A benchmark is refused, and the exit code is then 3,
if less than half of its selected items are answered (--min-answered), if the questions
aren't those of the calibration, if the metric is another one, or if its log is broken;
the others are scored.`,
		Example: `  metabench score results --bundle metabench.bundle
  metabench score results/org__model --bundle metabench.bundle --html > report.html
  metabench score results --bundle metabench.bundle --run revision=step1000`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if bundle == "" {
				return usagef("score needs a calibration: --bundle FILE, as metabench export bundle writes it")
			}
			if html && a.json {
				return usagef("--html and --json exclude each other")
			}
			if !(least >= 0 && least <= 1) {
				return usagef("--min-answered %g: need a share from 0 to 1", least)
			}
			r, err := scorePaths(cmd.Context(), bundle, run, least, paths)
			if err != nil {
				return err
			}
			a.warn(r.AllWarnings())
			if html {
				err = r.WriteHTML(a.Out)
			} else {
				err = a.print(r, func(p *page) { p.scores(r) })
			}
			if err == nil {
				err = refused(r)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "the calibration, a file of metabench export bundle")
	cmd.Flags().StringVar(&run, "run", "", "the run to score, where there are several: its ID, or a part of its model and arguments")
	cmd.Flags().Float64Var(&least, "min-answered", score.MinAnswered, "share of a benchmark's items that have to be answered; scores from fewer than half are marked")
	cmd.Flags().BoolVar(&html, "html", false, "write one self-contained page")
	return cmd
}

func scorePaths(ctx context.Context, bundle, run string, least float64, paths []string) (*score.Report, error) {
	b, sum, err := readBundle(bundle)
	if err != nil {
		return nil, err
	}
	scorer, err := score.NewScorer(b, sum)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bundle, err)
	}
	out, err := harness.ReadRun(ctx, run, paths...)
	if err != nil {
		return nil, err
	}
	return scorer.Score(out, least)
}

// refused is the error of a report in which answers were there but not used.
func refused(r *score.Report) error {
	reasons := r.Refusals()
	if len(reasons) == 0 {
		return nil
	}
	return withCode(ExitPartial, errors.New(strings.Join(reasons, "\n")))
}

// scores adds the scores of a report.
func (p *page) scores(r *score.Report) {
	g := newGrid("benchmark", "metric", "score", "from", "to", "percentile", "ability", "SE", "answered", "of")
	row := func(name, metric string, s *score.Score, rest ...string) {
		cells := []string{name, metric, dash, dash, dash, dash}
		if s != nil {
			cells = []string{name, metric, fixed(s.Value, 1), fixed(s.Lower, 1), fixed(s.Upper, 1), dash}
			if s.Percentile != nil {
				cells[5] = fixed(*s.Percentile, 0)
			}
		}
		g.row(append(cells, rest...)...)
	}
	var notes []string
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
			name, notes = name+" *", []string{"* scored from fewer than half of the selected items"}
		}
		row(name, b.Metric, b.Score, theta, se, strconv.Itoa(b.Answered), strconv.Itoa(b.Items))
		if b.TaskMean != nil {
			row(fmt.Sprintf("  mean of %d tasks", b.Tasks), b.Metric, b.TaskMean, "", "", "", "")
		}
	}
	if r.Mean != nil {
		row("mean", "", r.Mean, "", "", "", "")
	}
	p.line("%s, %s, %s, calibration of run %s\n", r.Model, r.FormName(), r.Promise(), r.Run)
	p.table(g)
	if r.MeanNote != "" {
		notes = append(notes, r.MeanNote)
	}
	notes = append(notes, r.Made())
	p.line("\n%s", strings.Join(notes, "\n"))
}
