package cli

import "github.com/spf13/cobra"

func newExportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what others use: a scoring bundle, harness tasks, a Parquet lake",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newExportBundleCommand(a), newExportHarnessCommand(a), newExportLakeCommand(a))
	return cmd
}
