package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"metabench/warehouse"
)

func newStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What the warehouse holds and how fresh it is",
		Long: `What the warehouse holds of each benchmark, how fresh it is, and how many models have
failed or vanished: the view benchmark_status (failure and vanished_models list these);
then how each release does, and what a new one would gain: the view release_status.
With --json the first only; metabench release list has the second.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.readWarehouse(cmd.Context(), cfg, "status", func(w *warehouse.Warehouse) error {
				if err := a.printQuery(cmd.Context(), w, "FROM benchmark_status"); err != nil || a.json {
					return err
				}
				all, err := w.Releases(cmd.Context())
				if err != nil || len(all) == 0 {
					return err
				}
				fmt.Fprintln(a.Out)
				return a.printQuery(cmd.Context(), w, releaseQuery)
			})
		},
	}
}
