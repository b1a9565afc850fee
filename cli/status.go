package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/warehouse"
)

func newStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What the warehouse holds and how fresh it is",
		Long: `What the warehouse holds of each benchmark, how fresh it is, and how many models have
failed or vanished: the view benchmark_status; then how many repositories and tasks on
the Hub can't be had, whenever they began to fail (the views failure and
vanished_models list them); then how each release does, and what a new one would gain: the view release_status.
With --json the first only; metabench release list has the second.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.reading(cmd, func(_ *config.Loaded, w *warehouse.Warehouse) error {
				if err := a.printQuery(cmd.Context(), w, "FROM benchmark_status"); err != nil || a.json {
					return err
				}
				if err := a.printStanding(cmd.Context(), w); err != nil {
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

// printStanding says what can't be had of the Hub, if there is anything.
func (a *app) printStanding(ctx context.Context, w *warehouse.Warehouse) error {
	s, err := w.StandingFailures(ctx)
	if err != nil {
		return err
	}
	n := s.Failed()
	if n == 0 && s.Vanished == 0 {
		return nil
	}
	return a.print(s, func(p *page) {
		p.line("")
		if n > 0 {
			p.line("%d of %d repositories and tasks on the Hub can't be had, %d of them for good: metabench query \"from failure\"", n, n+s.Read, s.Permanent())
		}
		if s.Vanished > 0 {
			p.line("%d repositories are gone from the Hub: metabench query \"from vanished_models\"", s.Vanished)
		}
	})
}
