package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/statistics"
)

// fitFlags are the flags of fit.
type fitFlags struct {
	statistics.FitOptions
	table   tableFlags
	model   string
	ability []string
	rows    map[string]string
}

func newFitCommand(a *app) *cobra.Command {
	var f fitFlags
	cmd := &cobra.Command{
		Use:   "fit FILE --model 2PL|3PL|4PL",
		Short: "Fit an item response model to a response table",
		Long: `Fit the two-, three- or four-parameter logistic model to the answers in FILE by
marginal maximum likelihood over a standard normal population, and estimate the
models' abilities.

FILE is Parquet or CSV, gzipped or not: long (columns model, item, correct, also by
names such as id, item, resp) or wide (the column model or else the first names the
model, one 0/1 column an item). Answers may be missing: an empty cell, or a code that
--missing names. Columns of a wide table that are no items are named with the reason
and carried along.

With --out DIR it writes DIR/items.csv (parameters in slope-intercept form,
standard errors, item fit) and DIR/abilities.csv.

The reliability is that of the abilities from the answers given, the share of their
variance that is not error; "all items" is what it would be if every model had
answered every item. A slope that the answers set no limit to is marked as unbounded
and has no standard error; --prior gives it one. A standard error of an ability is at
most what is known without answers: 1 (map) or 6/√3 (ml, wle).`,
		Example: `  metabench fit responses.parquet --model 2PL
  metabench fit responses.csv.gz --model 3PL --rows set=train --out fit --ability map,eap
  metabench fit responses.csv.gz --model 2PL --nodes 61 --json    # mirt's quadrature throughout`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			o.SameNodes, o.Note = cmd.Flags().Changed("nodes"), a.note
			r, err := statistics.Fit(cmd.Context(), args[0], o)
			if err != nil {
				return optionError(err)
			}
			if !a.json {
				a.warn(r.Warnings)
			}
			return a.print(r, func(p *page) { p.fit(r) })
		},
	}
	fl := cmd.Flags()
	f.table.register(fl)
	fl.StringVar(&f.model, "model", "2PL", "2PL, 3PL or 4PL")
	fl.StringSliceVar(&f.ability, "ability", []string{"map", "eap", "eapsum"}, "abilities to estimate: map, eap, eapsum, ml, wle")
	fl.IntVar(&f.Nodes, "nodes", irt.DefaultNodes, "quadrature nodes on [-6, 6]; if set, also for the abilities, which else have as many as they need")
	fl.StringToStringVar(&f.rows, "rows", nil, "keep only rows with this value, such as set=train")
	fl.StringVar(&f.Out, "out", "", "write items.csv and abilities.csv to this directory")
	fl.StringVar(&f.Start, "start", "", "start from the parameters in this CSV file (columns item, a1, d, g, u)")
	fl.BoolVar(&f.Prior, "prior", false, "weak priors on the parameters, which keep them finite where the answers don't")
	fl.IntVar(&f.Workers, "workers", 0, "processors to use, 0 for all; the result is the same")
	fl.IntVar(&f.Restarts, "restarts", irt.DefaultRestarts, "further starts of 3PL and 4PL, of which the best is kept; small tables are searched until the best was found again")
	fl.Uint64Var(&f.Seed, "seed", 1, "seed of the further starts")
	return cmd
}

// options is the fit that the flags ask for.
func (f *fitFlags) options() (statistics.FitOptions, error) {
	o := f.FitOptions
	o.Table = f.table.options(f.rows)
	var err error
	if o.Kind, err = irt.ParseKind(f.model); err != nil {
		return o, usagef("--model: %w", err)
	}
	for _, name := range f.ability {
		method, err := ability.ParseMethod(name)
		if err != nil {
			return o, usagef("--ability: %w", err)
		}
		if !slices.Contains(o.Abilities, method) {
			o.Abilities = append(o.Abilities, method)
		}
	}
	switch {
	case o.Nodes < 3 || o.Nodes > 2001:
		return o, usagef("--nodes %d: need 3 to 2001", o.Nodes)
	case o.Workers < 0:
		return o, usagef("--workers %d: need 0 for all or more", o.Workers)
	case o.Restarts < 0:
		return o, usagef("--restarts %d: need 0 or more", o.Restarts)
	}
	return o, nil
}

// fit adds how well a model fits.
func (p *page) fit(r *statistics.FitReport) {
	g := newGrid("quantity", "value")
	g.row("model", r.Model.String())
	g.count("persons", r.Persons)
	if r.Answered < r.Persons {
		g.count("with answers", r.Answered)
	}
	g.count("items", r.Items)
	g.row("log-likelihood", fixed(r.LogLikelihood, 4))
	g.row("AIC", fixed(r.AIC, 2))
	g.row("BIC", fixed(r.BIC, 2))
	reliability := dash
	if r.Reliability != nil {
		reliability = fixed(*r.Reliability, 4)
	}
	g.row("reliability", reliability)
	g.row("  if all items", fixed(r.AllItems, 4))
	g.row("status", r.Status.String())
	g.count("iterations", r.Iterations)
	g.row("gradient", fmt.Sprintf("%.2g", r.Gradient))
	g.count("items at a bound", r.AtBound)
	if r.Unbounded > 0 {
		g.count("not identified", r.Unbounded)
	}
	g.row("seconds", fixed(r.Seconds, 3))
	p.table(g)
}
