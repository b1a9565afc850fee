package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"metabench/harness"
	"metabench/score"
)

func newScoreCommand(a *app) *cobra.Command {
	var bundle string
	var html bool
	cmd := &cobra.Command{
		Use:   "score PATH... --bundle FILE",
		Short: "Score a model from the output of lm-evaluation-harness",
		Long: `Read what lm-evaluation-harness wrote about one model and say what the whole
benchmarks would have said.

PATH is the directory given to lm_eval as --output_path (with --log_samples), or
files in it: JSON lines, JSON arrays, gzipped or not. The tasks are those of
metabench export harness or the metabench tasks that come with the harness.
Nothing but these files and the bundle is read, and nothing is fitted.

Missing items widen the intervals. A metric that the calibration wasn't fitted on
is refused for its benchmark, and the exit code is then 3.`,
		Example: `  metabench score results --bundle metabench.bundle
  metabench score results/org__model --bundle metabench.bundle --html > report.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if bundle == "" {
				return usagef("score needs a calibration: --bundle FILE, as metabench export bundle writes it")
			}
			if html && a.json {
				return usagef("--html and --json exclude each other")
			}
			r, err := scorePaths(cmd.Context(), bundle, paths)
			if err != nil {
				return err
			}
			switch {
			case html:
				err = r.WriteHTML(a.Out)
			case a.json:
				err = a.printJSON(r)
			default:
				err = a.printScores(r)
			}
			if err == nil {
				err = refused(r)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "the calibration, a file of metabench export bundle")
	cmd.Flags().BoolVar(&html, "html", false, "write one self-contained page")
	return cmd
}

func scorePaths(ctx context.Context, bundle string, paths []string) (*score.Report, error) {
	b, sum, err := readBundle(bundle)
	if err != nil {
		return nil, err
	}
	scorer, err := score.NewScorer(b, sum)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bundle, err)
	}
	out, err := harness.Read(ctx, paths...)
	if err != nil {
		return nil, err
	}
	return scorer.Score(out)
}

// refused is the error of a report in which answers were there but not used.
func refused(r *score.Report) error {
	var reasons []string
	for _, b := range r.Benchmarks {
		if b.Refused != "" {
			reasons = append(reasons, b.Refused)
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return withCode(ExitPartial, errors.New(strings.Join(reasons, "\n")))
}

func (a *app) printScores(r *score.Report) error {
	g := newGrid("benchmark", "score", "from", "to", "percentile", "ability", "SE", "answered", "of")
	row := func(name string, s *score.Score, rest ...string) {
		cells := []string{name, "–", "–", "–", "–"}
		if s != nil {
			cells = []string{name, fmt.Sprintf("%.1f", s.Value), fmt.Sprintf("%.1f", s.Lower), fmt.Sprintf("%.1f", s.Upper), "–"}
			if s.Percentile != nil {
				cells[4] = fmt.Sprintf("%.0f", *s.Percentile)
			}
		}
		g.row(append(cells, rest...)...)
	}
	for _, b := range r.Benchmarks {
		theta, se := "–", "–"
		if b.Ability != nil {
			theta, se = fmt.Sprintf("%.2f", b.Ability.Theta), fmt.Sprintf("%.2f", b.Ability.SE)
		}
		name := b.Title
		if b.Permuted {
			name += " (permuted)"
		}
		row(name, b.Score, theta, se, fmt.Sprint(b.Answered), fmt.Sprint(b.Items))
	}
	if r.Mean != nil {
		row("mean", r.Mean, "", "", "", "")
	}
	if _, err := fmt.Fprintf(a.Out, "%s, %s, intervals of %.0f %%, calibration of run %s\n\n", r.Model, r.FormName(), 100*r.Level, r.Run); err != nil {
		return err
	}
	if err := g.print(a.Out); err != nil {
		return err
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(a.Err, "warning: %s\n", w)
	}
	for _, b := range r.Benchmarks {
		for _, w := range b.Warnings {
			fmt.Fprintf(a.Err, "warning: %s: %s\n", b.Benchmark, w)
		}
	}
	return nil
}

// readBundle reads a bundle from a file.
func readBundle(path string) (b *score.Bundle, checksum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	b, checksum, err = score.Read(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return b, checksum, nil
}
