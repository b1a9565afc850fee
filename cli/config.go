package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newConfigCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print every configuration value and where it came from",
		Long: `Print every configuration value and where it came from.

Values are taken from the defaults, then the file (--config, METABENCH_CONFIG,
./metabench.yaml or metabench/config.yaml in the user's configuration directory),
then the environment (METABENCH_BUILD_SEED for build.seed), then flags.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.print(cfg.Settings(), func(p *page) {
				g := newGrid("key", "value", "origin", "meaning")
				for _, s := range cfg.Settings() {
					g.row(s.Key, fmt.Sprint(s.Value), s.Origin, s.Help)
				}
				p.table(g)
			})
		},
	}
}
