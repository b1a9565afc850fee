package cli

import "github.com/spf13/cobra"

func newExportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what others use: tasks for lm-evaluation-harness, a Parquet lake",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newExportHarnessCommand(a), newExportLakeCommand(a))
	return cmd
}
