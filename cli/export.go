package cli

import (
	"bytes"
	"fmt"
	"io"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
)

func newExportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what others use: a scoring bundle, harness tasks, a Parquet lake",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newExportBundleCommand(a), newExportHarnessCommand(a), newExportLakeCommand(a), newExportSamplesCommand(a))
	return cmd
}

// writeWhole writes a file whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	var content bytes.Buffer
	err := write(&content)
	if err == nil {
		err = renameio.WriteFile(path, content.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
