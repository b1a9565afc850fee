package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"metabench/harness"
)

// exportHarnessOptions are the flags of `metabench export harness`.
type exportHarnessOptions struct {
	bundle    string
	questions []string
	permuted  bool
	seed      uint64
}

func newExportHarnessCommand(a *app) *cobra.Command {
	var o exportHarnessOptions
	cmd := &cobra.Command{
		Use:   "harness DIR --bundle FILE --questions LOG...",
		Short: "Write the selected items as a task group of lm-evaluation-harness",
		Long: `Write the selected items of a bundle's form as a task group of lm-evaluation-harness:
tasks, questions, the group and a README, all in DIR.

The corpus holds answers, not questions: a choice's text and which one is right come
from sample logs of an earlier evaluation of the same items (lm_eval --log_samples),
of whichever model. --permuted puts the options of every question into another order.`,
		Example: `  metabench export harness tasks --bundle metabench.bundle --questions results/samples_*.jsonl
  lm_eval --include_path tasks --tasks metabench_form_a --log_samples --output_path results …`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.bundle == "" || len(o.questions) == 0 {
				return usagef("export harness needs the selected items and the questions: --bundle FILE --questions LOG")
			}
			return a.exportHarness(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.bundle, "bundle", "", "the calibration whose items are exported")
	f.StringSliceVar(&o.questions, "questions", nil, "sample log to take questions from; may be repeated")
	f.BoolVar(&o.permuted, "permuted", false, "put the options into another order")
	f.Uint64Var(&o.seed, "seed", 1, "seed of that order")
	return cmd
}

func (a *app) exportHarness(ctx context.Context, dir string, o exportHarnessOptions) error {
	b, _, err := readBundle(o.bundle)
	if err != nil {
		return err
	}
	found, err := harness.Questions(ctx, o.questions...)
	if err != nil {
		return err
	}
	sets, err := b.Select(found)
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	g := harness.Group{Form: b.Form, Permuted: o.permuted, Seed: o.seed, Run: b.Run.ID, Dir: absolute, Sets: sets}
	files, err := g.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(absolute, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := renameio.WriteFile(path, f.Content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	tasks, questions := 0, 0
	for _, set := range sets {
		if !g.Leaves(set) {
			tasks++
			questions += len(set.Questions)
		}
	}
	if a.json {
		return a.printJSON(struct {
			Group     string `json:"group"`
			Dir       string `json:"dir"`
			Tasks     int    `json:"tasks"`
			Questions int    `json:"questions"`
		}{g.Name(), absolute, tasks, questions})
	}
	_, err = fmt.Fprintf(a.Out, "%s: %d tasks, %d questions in %s\n", g.Name(), tasks, questions, absolute)
	return err
}
