package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/config"
	"metabench/export"
	"metabench/warehouse"
)

func newReleaseCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Freeze forms under a version, so that yesterday's logs fit tomorrow's bundle",
		Long: `Every build selects items anew. A release keeps the items of today's forms under a
version: builds calibrate them on the present answers as long as the release is in use,
and export bundle and export harness take them unless --release names others.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReleaseCreateCommand(a), newReleaseListCommand(a), newReleaseShowCommand(a), newReleaseRetireCommand(a))
	return cmd
}

func newReleaseCreateCommand(a *app) *cobra.Command {
	var o warehouse.ReleaseOptions
	cmd := &cobra.Command{
		Use:   "create VERSION [--form A|B] [--benchmark B]... [--note TEXT]",
		Short: "Release the forms that are selected now",
		Long: `Freeze the items of the forms that are selected now, by default both of all benchmarks
that are built, with the calibration that they have; builds renew it. What was released
never changes: another selection takes another version.`,
		Example: `  metabench release create 2026-11
  metabench release create pilot --form A --benchmark arc --note "for the pilot study"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.existing(cmd)
			if err != nil {
				return err
			}
			for _, form := range o.Forms {
				if err := checkForm(form); err != nil {
					return err
				}
			}
			o.Version, o.Together = args[0], analysis.JointName
			return a.withWarehouse(cmd.Context(), cfg, "release create", func(w *warehouse.Warehouse) error {
				r, twins, err := w.CreateRelease(cmd.Context(), o)
				if err != nil {
					return releaseError(err)
				}
				if len(twins) > 0 {
					a.notef("release %s has the same items as %s", r.Version, strings.Join(twins, ", "))
				}
				return a.printRelease(&r)
			})
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Forms, "form", nil, "A or B (default: those that there are)")
	f.StringArrayVar(&o.Benchmarks, "benchmark", nil, "only this benchmark, may be repeated (default: all that are built)")
	f.StringVar(&o.Note, "note", "", "what to remember about it")
	return cmd
}

func newReleaseListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The releases and how each does on the present answers",
		Long: `How each released form does on the present answers, how many of its items drifted, and
what a new release would gain: the view release_status.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.reading(cmd, func(_ *config.Loaded, w *warehouse.Warehouse) error {
				return a.printQuery(cmd.Context(), w, releaseQuery)
			})
		},
	}
}

// releaseQuery is what there is to say of the releases.
const releaseQuery = `FROM release_status`

func newReleaseShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show VERSION",
		Short: "What is in a release",
		Long: `Which forms a release has, of how many items, where it came from, and its identity: the
first 16 hexadecimal digits of the SHA-256 of its items. --json lists the items.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(_ *config.Loaded, w *warehouse.Warehouse) error {
				r, err := w.Release(cmd.Context(), args[0])
				if err != nil {
					return releaseError(err)
				}
				return a.printRelease(&r)
			})
		},
	}
}

func newReleaseRetireCommand(a *app) *cobra.Command {
	var undo bool
	cmd := &cobra.Command{
		Use:   "retire VERSION [--undo]",
		Short: "End the calibration of a release by builds; nothing of it is deleted",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.existing(cmd)
			if err != nil {
				return err
			}
			err = a.withWarehouse(cmd.Context(), cfg, "release retire", func(w *warehouse.Warehouse) error {
				return w.RetireRelease(cmd.Context(), args[0], undo)
			})
			if err != nil {
				return releaseError(err)
			}
			state := "is retired; its results go with the next build, and come back with --undo and another"
			if undo {
				state = "is in use; the next build calibrates it"
			}
			_, err = fmt.Fprintf(a.Out, "release %s %s\n", args[0], state)
			return err
		},
	}
	cmd.Flags().BoolVar(&undo, "undo", false, "let builds calibrate it again")
	return cmd
}

// releaseError makes a release that can't be made, found or exported a usage error.
func releaseError(err error) error {
	var release *warehouse.ReleaseError
	var form *export.ReleasedFormError
	if errors.As(err, &release) || errors.As(err, &form) {
		return withCode(ExitUsage, err)
	}
	return err
}

func (a *app) printRelease(r *warehouse.Release) error {
	return a.print(r, func(p *page) {
		state := ""
		if r.RetiredAt != nil {
			state = ", retired " + r.RetiredAt.Format("2006-01-02")
		}
		p.line("release %s, identity %s, made %s of run %s%s", r.Version, r.Identity, r.CreatedAt.Format("2006-01-02 15:04"), r.RunID, state)
		if r.Note != "" {
			p.line("%s", r.Note)
		}
		g := newGrid("benchmark", "form", "items", "in the corpus", "design", "run")
		for _, f := range r.Forms {
			present := 0
			for _, it := range f.Items {
				if it.Present {
					present++
				}
			}
			g.row(f.Benchmark, f.Form, strconv.Itoa(len(f.Items)), strconv.Itoa(present), f.Items[0].Design, f.RunID)
		}
		p.table(g)
	})
}
