package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"metabench/score"
)

// compareFlags are how runs are compared and shown.
type compareFlags struct {
	scoreFlags
	page   string
	series bool
}

func newCompareCommand(a *app) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare A B [C...] --bundle FILE",
		Short: "Say which of several models is better on the whole benchmarks, and on which items",
		Long: `Compare models from the output of lm-evaluation-harness or from tables, as metabench
score reads them, on the items that both of a pair answered.

A and B are directories, files or tables; each may hold several runs, and all are compared
with each other (at most ` + strconv.Itoa(score.MostCompared) + `). Of each pair it says the difference of the scores of the
whole benchmarks, A less B, with a 90 % interval; the probability that A is better; p
corrected for the number of pairs (Holm), by which one is called better or both a tie; the
smallest difference that is distinguished from a tie in 80 % of comparisons; and the items fixed
(right in A and wrong in B) and regressed (the other way round), for MMLU by subject.

The interval is that of both models together: models that answer alike have errors that are
alike, and their difference is known better than their scores.

With --series the runs are checkpoints of one model, in order of the steps in their names or
arguments, or where a run has none, as given: each is compared with the one before, and
the trend is printed.`,
		Example: `  metabench compare results/new results/old --bundle metabench.bundle
  metabench compare answers.parquet --bundle metabench.bundle --markdown
  metabench compare checkpoints --bundle metabench.bundle --run step --series`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := a.checkScore(&f.scoreFlags, f.page != ""); err != nil {
				return err
			}
			scorer, err := a.openScorer(cmd, &f.scoreFlags)
			if err != nil {
				return err
			}
			batch, err := a.scoreEach(cmd, scorer, &f.scoreFlags, paths)
			if err != nil {
				return err
			}
			c, err := scorer.Compare(cmd.Context(), batch, f.series)
			if err != nil {
				return withReasons(err, batch.Refusals())
			}
			a.warn(append(batch.AllWarnings(), c.Warnings...))
			if err := a.writeComparison(&f, c); err != nil {
				return err
			}
			return refused(batch)
		},
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.StringVar(&f.page, "html", "", "the file to write one self-contained page to")
	flags.BoolVar(&f.csv, "csv", false, "write a row a pair and score")
	flags.BoolVar(&f.markdown, "markdown", false, "write tables in Markdown")
	flags.BoolVar(&f.series, "series", false, "the runs are checkpoints of one model")
	return cmd
}

// withReasons adds why some runs may be missing.
func withReasons(err error, reasons []string) error {
	if len(reasons) == 0 {
		return err
	}
	return fmt.Errorf("%w\n%s", err, strings.Join(reasons, "\n"))
}

// writeComparison writes a comparison in the form that was asked for.
func (a *app) writeComparison(f *compareFlags, c *score.Comparison) error {
	switch {
	case f.page != "":
		return writeWhole(f.page, c.WriteHTML)
	case f.csv:
		return c.WriteCSV(a.Out)
	case f.markdown:
		return c.WriteMarkdown(a.Out)
	}
	return a.print(c, func(p *page) { p.compared(c) })
}

// compared adds a comparison: of one pair everything, of several the scores.
func (p *page) compared(c *score.Comparison) {
	p.line("%d runs, %s, %s, calibration of run %s\n", len(c.Models), c.FormName(), c.Promise(), c.Run)
	if len(c.Pairs) == 1 {
		p.pair(c, &c.Pairs[0])
	} else {
		p.pairs(c)
	}
	if c.Series != nil && len(c.Series.Trends) > 0 {
		g := newGrid("trend", "first to last", "from", "to")
		for _, t := range c.Series.Trends {
			g.row(t.Title, signed(t.Change), signed(t.Lower), signed(t.Upper))
		}
		p.line("")
		p.table(g)
	}
	p.line("\nA − B in points; a detectable difference is distinguished from a tie in %.0f %% of comparisons.\n%s", 100*c.Power, c.Made())
}

// signed writes a difference in points.
func signed(v float64) string { return fmt.Sprintf("%+.1f", v) }

// pairs adds a row a pair: the difference of the mean, or where there is none of the first
// benchmark.
func (p *page) pairs(c *score.Comparison) {
	g := newGrid("A", "B", "score", "A − B", "from", "to", "A better", "p", "better", "detectable", "fixed", "regressed", "of")
	for _, pair := range c.Pairs {
		for _, s := range pair.Scores[:min(1, len(pair.Scores))] {
			g.row(append([]string{pair.A, pair.B, s.Title}, differenceCells(&s)...)...)
		}
	}
	p.table(g)
	p.line("\nAll scores and items: --json, --csv, --html FILE.")
}

// differenceCells are the cells of a difference.
func differenceCells(s *score.PairScore) []string {
	return []string{signed(s.Difference), signed(s.Lower), signed(s.Upper), percent(s.Probability), strconv.FormatFloat(s.Holm, 'g', 2, 64), s.Better,
		fixed(s.Detectable, 1), strconv.Itoa(len(s.Fixed)), strconv.Itoa(len(s.Regressed)), strconv.Itoa(s.Common)}
}

// pair adds all that a comparison says of two runs.
func (p *page) pair(c *score.Comparison, pair *score.Pair) {
	p.line("A  %s\nB  %s\n\nThey answered %s of the items otherwise.\n", printable(pair.A), printable(pair.B), percent(pair.Differ))
	g := newGrid("score", "A", "B", "A − B", "from", "to", "A better", "p", "better", "detectable", "fixed", "regressed", "of")
	for _, s := range pair.Scores {
		g.row(append([]string{s.Title, scoreOf(c, pair.A, s.Benchmark), scoreOf(c, pair.B, s.Benchmark)}, differenceCells(&s)...)...)
	}
	p.table(g)
	subjects := newGrid("subject", "items", "A right", "B right", "fixed", "regressed")
	for _, s := range pair.Scores {
		if s.Whole != nil {
			p.line("\nAll questions of %s were answered: the true difference is %s.", s.Title, signed(*s.Whole))
		}
		for _, of := range s.Subjects {
			if len(of.Fixed)+len(of.Regressed) > 0 {
				subjects.row(of.Subject, strconv.Itoa(of.Common), strconv.Itoa(of.RightA), strconv.Itoa(of.RightB), strconv.Itoa(len(of.Fixed)), strconv.Itoa(len(of.Regressed)))
			}
		}
	}
	p.line("")
	for _, s := range pair.Scores {
		if s.Items > 0 && s.Benchmark != "mean" {
			p.line("%s: fixed %s; regressed %s", s.Title, items(s.Fixed), items(s.Regressed))
		}
	}
	if len(subjects.rows) > 0 {
		p.line("")
		p.table(subjects)
	}
}

// items are names of items in a line.
func items(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return printable(strings.Join(names, ", "))
}

// scoreOf is a run's score.
func scoreOf(c *score.Comparison, name, benchmark string) string {
	for _, m := range c.Models {
		for _, s := range m.Scores {
			if m.Name == name && s.Benchmark == benchmark {
				return fixed(s.Value, 1)
			}
		}
	}
	return dash
}
