package cli

import (
	"github.com/spf13/cobra"

	"metabench/warehouse"
)

func newStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What the warehouse holds and how fresh it is",
		Long: `What the warehouse holds of each benchmark and how fresh it is: the view
benchmark_status.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.readWarehouse(cmd.Context(), cfg, "status", func(w *warehouse.Warehouse) error {
				return a.printQuery(cmd.Context(), w, "FROM benchmark_status")
			})
		},
	}
}
