package cli

import (
	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/corpus"
	"metabench/internal/hubtest"
)

// replicaMinItems is how many questions a task of a scaled replica has at least.
const replicaMinItems = 5

func newHubCatalogueCommand(a *app) *cobra.Command {
	var scale float64
	cmd := &cobra.Command{
		Use:   "catalogue",
		Short: "Print the catalogue that a scaled replica is crawled with",
		Long: `Print the benchmarks as hub serve --scale has them: with a share of their questions. A
crawl refuses files of another number of rows than its catalogue expects, so a scaled
replica needs one of its own: the setting benchmarks.`,
		Example: `  metabench hub catalogue --scale 0.05 > replica.yaml
  METABENCH_BENCHMARKS=replica.yaml HF_ENDPOINT=http://127.0.0.1:8089 metabench crawl`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := checkScale(scale); err != nil {
				return err
			}
			builtin, err := config.Catalogue("")
			if err != nil {
				return err
			}
			text, err := config.FormatCatalogue(scaledCatalogue(builtin, scale))
			if err != nil {
				return err
			}
			_, err = a.Out.Write(text)
			return err
		},
	}
	cmd.Flags().Float64Var(&scale, "scale", 1, "share of each task's questions, 0 to 1, as given to hub serve")
	return cmd
}

func checkScale(scale float64) error {
	if !(scale > 0 && scale <= 1) {
		return usagef("--scale %v: want a share between 0 and 1", scale)
	}
	return nil
}

func scaledCatalogue(benchmarks []corpus.Benchmark, scale float64) []corpus.Benchmark {
	return hubtest.Scaled(benchmarks, scale, replicaMinItems)
}
