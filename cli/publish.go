package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"metabench/warehouse"
)

func newPublishCommand(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Publish a read-only snapshot of the warehouse",
		Long: `Copy the warehouse into a fresh, compact file and rename it into place:
DIR/metabench.duckdb is always the newest snapshot, whole; the dated files beside
it are the last few. Readers keep the snapshot they have open while the next one
is published, and no reader ever blocks metabench.

The queries of sql/checks must find no damage; otherwise the earlier snapshot
stays and the exit code is 13. Open snapshots for reading only:

  duckdb -readonly DIR/metabench.duckdb`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			if err := mustExist(cmd.Context(), cfg); err != nil {
				return err
			}
			if err := a.warnOfLittleSpace(cfg, cfg.Publish.Dir, ""); err != nil {
				return err
			}
			return a.withWarehouse(cmd.Context(), cfg, "publish", func(w *warehouse.Warehouse) error {
				s, err := w.Publish(cmd.Context(), warehouse.PublishOptions{Dir: cfg.Publish.Dir, Keep: cfg.Publish.Keep, Force: force})
				if err != nil {
					return gateError(err)
				}
				if a.json {
					return a.printJSON(s)
				}
				_, err = fmt.Fprintln(a.Out, s.Path)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&force, "force", false, "publish although a quality check found damage")
	configFlag(flags, "dir", "publish.dir", "directory of the snapshots")
	configFlag(flags, "keep", "publish.keep", "snapshots kept, the new one included")
	return cmd
}

// gateError gives a failed quality gate its exit code.
func gateError(err error) error {
	var gate *warehouse.GateError
	if errors.As(err, &gate) {
		return withCode(ExitGate, err)
	}
	return err
}
