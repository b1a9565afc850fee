package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/harness"
)

func newExportSamplesCommand(a *app) *cobra.Command {
	var bundle string
	cmd := &cobra.Command{
		Use:   "samples FILE --bundle FILE",
		Short: "Write which documents of the harness's original tasks are the selected items",
		Long: `Write the selected items of a bundle as JSON for the option --samples of
lm-evaluation-harness: by task (arc_challenge, gsm8k, hellaswag, mmlu_anatomy …,
truthfulqa_mc1, winogrande) the positions of the documents in its data set. The selection
then runs in the original tasks, and metabench score reads their logs.

Items are numbered as the Open LLM Leaderboard asked them, in the order that Python's
random.Random(42) shuffles the data set to. The original tasks ask with words of their
own, and need the leaderboard's numbers of examples (--num_fewshot: ARC 25, HellaSwag 10,
MMLU, WinoGrande and GSM8K 5, TruthfulQA 0); metabench export harness asks as the
leaderboard did.`,
		Example: `  metabench export samples samples.json --bundle metabench.bundle
  lm_eval --tasks arc_challenge --num_fewshot 25 --samples samples.json --log_samples --output_path results …`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if bundle == "" {
				return usagef("export samples needs the items: --bundle FILE")
			}
			b, _, err := a.openBundle(cmd, bundle)
			if err != nil {
				return err
			}
			catalogue, err := config.Catalogue("")
			if err != nil {
				return err
			}
			samples, others, err := harness.Samples(b.Selection(), catalogue)
			if err != nil {
				return err
			}
			for _, name := range others {
				a.notef("left out: the harness has no task with the leaderboard's items of %s", name)
			}
			if len(samples) == 0 {
				return fmt.Errorf("export samples: none of the bundle's benchmarks is one of the leaderboard's")
			}
			text, err := json.MarshalIndent(samples, "", " ")
			if err != nil {
				return err
			}
			err = writeWhole(args[0], func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\n", text)
				return err
			})
			if err != nil {
				return err
			}
			documents := 0
			for _, positions := range samples {
				documents += len(positions)
			}
			return a.printLine(struct {
				File      string `json:"file"`
				Tasks     int    `json:"tasks"`
				Documents int    `json:"documents"`
			}{args[0], len(samples), documents}, "%s: %d tasks, %d documents", args[0], len(samples), documents)
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", bundleUsage)
	return cmd
}
