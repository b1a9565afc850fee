package cli

import (
	"github.com/spf13/cobra"

	"metabench/warehouse"
)

func newExportLakeCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lake",
		Short: "Write the warehouse as a lake of Parquet files",
		Long: `Write the answers, one row each, the items, models, scores and results as zstd
Parquet, a directory a table, partitioned by benchmark in the way of Hive
(responses/benchmark=arc/part_0.parquet). The runs behind the results are in every
file's metadata. The directory is replaced as a whole.

docs/warehouse.md has CREATE statements for Trino, Spark and ClickHouse.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if cfg.Publish.Lake == "" {
				return usagef("no directory for the lake; give --dir or the configuration key publish.lake")
			}
			if err := mustExist(cmd.Context(), cfg); err != nil {
				return err
			}
			if err := a.warnOfLittleSpace(cfg, "", cfg.Publish.Lake); err != nil {
				return err
			}
			return a.withWarehouse(cmd.Context(), cfg, "export lake", func(w *warehouse.Warehouse) error {
				lake, err := w.Export(cmd.Context(), warehouse.ExportOptions{Dir: cfg.Publish.Lake})
				if err != nil {
					return err
				}
				return a.printLine(lake, "%s: %d tables, %d files, %s", lake.Dir, len(lake.Tables), lake.Files, megabytes(lake.Bytes))
			})
		},
	}
	configFlag(cmd.Flags(), "dir", "publish.lake", "directory of the lake")
	return cmd
}
