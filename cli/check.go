package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/pipeline"
	"metabench/warehouse"
)

func newCheckCommand(a *app) *cobra.Command {
	var o warehouse.CheckOptions
	cmd := &cobra.Command{
		Use:   "check [--read-data] [--repair]",
		Short: "Prove that the warehouse holds everything that was loaded",
		Long: `Compare the warehouse with its manifest and with the ledger beside it, look for
orphans, duplicates, results whose inputs have changed and source files that were
cut or replaced, and list everything found with its severity and what to do.

--read-data reads and hashes every answer and every source file at hand.
--repair mends what loses nothing: it adds sums up again, forgets files that
nothing was read from, marks runs that were cut off, and takes out answers that do
not fit their task, for the crawl to read again. A file or write-ahead log that
DuckDB cannot read is put aside under another name, never deleted; crawl and import
then read again what is missing.

The exit code is 14 when damage was found that is not repaired, and 13 when a gate
is shut: publish would lose what people have in the last snapshot (publish.max_loss,
publish.max_item_loss), or too much on the Hub can't be read (publish.max_failed).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.existing(cmd)
			if err != nil {
				return err
			}
			o.Published, o.Limits = cfg.Publish.Dir, pipeline.Limits(cfg.Config)
			found, err := a.check(cmd.Context(), cfg, o)
			if err != nil && len(found) == 0 {
				return err
			}
			if err := errors.Join(err, a.printFindings(found)); err != nil {
				return err
			}
			if warehouse.Damaged(found) {
				return withCode(ExitDamage, errors.New("check: the warehouse is damaged"))
			}
			if warehouse.Gated(found) {
				return withCode(ExitGate, errors.New("check: publish and refresh would keep the earlier snapshot"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&o.ReadData, "read-data", false, "read and hash every answer and source file")
	cmd.Flags().BoolVar(&o.Repair, "repair", false, "mend what can be mended without losing anything")
	return cmd
}

// check looks at the warehouse, or repairs it.
func (a *app) check(ctx context.Context, cfg *config.Loaded, o warehouse.CheckOptions) (found []warehouse.Finding, err error) {
	if o.Repair {
		found, err = warehouse.Repair(ctx, warehouseOptions(cfg, "check"), o)
		return found, warehouseError(err)
	}
	err = a.readWarehouse(ctx, cfg, "check", func(w *warehouse.Warehouse) error {
		found, err = w.Check(ctx, o)
		return err
	})
	return found, err
}

func (a *app) printFindings(found []warehouse.Finding) error {
	if len(found) == 0 && !a.json {
		a.note("nothing found: every load of the manifest is there")
	}
	return a.print(append([]warehouse.Finding{}, found...), func(p *page) {
		for _, f := range found {
			p.line("%s", f)
		}
	})
}
