package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"metabench/authors"
	"metabench/harness"
)

func newCalibratePublishedCommand(a *app) *cobra.Command {
	var c calibrating
	cmd := &cobra.Command{
		Use:   "published DIR --out FILE",
		Short: "Make a bundle of what the authors of the method publish",
		Long: `Make a bundle for the tasks that come with lm-evaluation-harness, from a clone of the
authors' repository:

  git clone https://github.com/adkipnis/metabench
  metabench calibrate published metabench --out published-b.bundle
  lm_eval --tasks metabench_secondary --log_samples --output_path results …
  metabench score results --bundle published-b.bundle

Form B is that of metabench_secondary, form A that of metabench; which benchmarks the
clone has of a form is said. The R objects in it are read as they are: answers of the
Open LLM Leaderboard's models to the selected items, and these models' scores.

These answers are their authors', under CC BY-NC-SA 4.0: not for commercial use. The
bundle holds them without names of models, under the same licence, and says so whenever
it scores.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.prepare(cmd, &c)
			if err != nil {
				return err
			}
			catalogue, err := a.catalogue(cfg)
			if err != nil {
				return err
			}
			clone, err := authors.Read(cmd.Context(), args[0], catalogue)
			if err != nil {
				return err
			}
			for _, passed := range clone.Passed {
				a.notef("passed over: %s", passed)
			}
			form := harness.Form(c.form)
			lacks := strings.Join(clone.Lacks[form], ", ")
			if len(clone.Forms[form]) == 0 {
				return fmt.Errorf("%s has no answers to form %s: choose the other with --form", args[0], form)
			}
			if lacks != "" {
				a.notef("left out: %s has no answers to form %s of %s; the mean is over the others", args[0], form, lacks)
			}
			return a.calibrateGiven(cmd.Context(), c, authors.Provenance(), clone.Forms[form])
		},
	}
	c.register(cmd.Flags(), string(harness.FormB), 0)
	return cmd
}
