package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"metabench/pipeline"
	"metabench/warehouse"
)

func newPublishCommand(a *app) *cobra.Command {
	var o warehouse.PublishOptions
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Publish a read-only snapshot of the warehouse",
		Long: `Copy the warehouse into a fresh, compact file and rename it into place:
DIR/metabench.duckdb is always the newest snapshot, whole; the dated files beside
it are the last few. Readers keep the snapshot they have open while the next one
is published, and no reader ever blocks metabench.

The queries of sql/checks must find no damage, and the gates must be open: a
benchmark that has lost models or answers (publish.max_loss), selected items
(publish.max_item_loss) or its results against the newest snapshot, or of which too
much failed on the Hub (publish.max_failed), keeps the earlier snapshot, and the exit
code is 13. A loss that is meant is accepted once by --accept-loss; an empty
warehouse is not published. Open snapshots for reading only:

  duckdb -readonly DIR/metabench.duckdb`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.existing(cmd)
			if err != nil {
				return err
			}
			if err := a.warnOfLittleSpace(cfg, cfg.Publish.Dir, ""); err != nil {
				return err
			}
			o.Dir, o.Keep, o.Limits = cfg.Publish.Dir, cfg.Publish.Keep, pipeline.Limits(cfg.Config)
			return a.withWarehouse(cmd.Context(), cfg, "publish", func(w *warehouse.Warehouse) error {
				s, err := w.Publish(cmd.Context(), o)
				if err != nil {
					return gateError(err)
				}
				return a.printLine(s, "%s", s.Path)
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.AcceptLoss, "accept-loss", false, "publish although less is there than in the last snapshot, or much failed on the Hub")
	flags.BoolVar(&o.Force, "force", false, "publish although a quality check found damage")
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
