package cli

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/table"
)

// fitOptions are the flags of `metabench fit`.
type fitOptions struct {
	table    tableFlags
	model    string
	ability  []string
	nodes    int
	rows     map[string]string
	out      string
	start    string
	prior    bool
	workers  int
	restarts int
	seed     uint64

	kind     irt.Kind
	methods  []ability.Method
	ownNodes bool // --nodes was given: abilities use the same rule
}

// maxErrorParams bounds the standard errors that are computed unasked: their time
// and memory grow with the square of the number of parameters.
const maxErrorParams = 4000

func newFitCommand(a *app) *cobra.Command {
	var o fitOptions
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
			o.ownNodes = cmd.Flags().Changed("nodes")
			return a.fit(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	o.table.register(f)
	f.StringVar(&o.model, "model", "2PL", "2PL, 3PL or 4PL")
	f.StringSliceVar(&o.ability, "ability", []string{"map", "eap", "eapsum"}, "abilities to estimate: map, eap, eapsum, ml, wle")
	f.IntVar(&o.nodes, "nodes", irt.DefaultNodes, "quadrature nodes on [-6, 6]; if given, also for the abilities, which else have as many as they need")
	f.StringToStringVar(&o.rows, "rows", nil, "keep only rows with this value, such as set=train")
	f.StringVar(&o.out, "out", "", "write items.csv and abilities.csv to this directory")
	f.StringVar(&o.start, "start", "", "start from the parameters in this CSV file (columns item, a1, d, g, u)")
	f.BoolVar(&o.prior, "prior", false, "weak priors on the parameters, which keep them finite where the answers don't")
	f.IntVar(&o.workers, "workers", 0, "processors to use, 0 for all; the result is the same")
	f.IntVar(&o.restarts, "restarts", irt.DefaultRestarts, "further starts of 3PL and 4PL, of which the best is kept; small tables are searched until the best was found again")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the further starts")
	return cmd
}

// check completes the options and refuses impossible ones.
func (o *fitOptions) check() error {
	var err error
	if o.kind, err = irt.ParseKind(o.model); err != nil {
		return usagef("--model: %w", err)
	}
	for _, name := range o.ability {
		method, err := ability.ParseMethod(name)
		if err != nil {
			return usagef("--ability: %w", err)
		}
		if !slices.Contains(o.methods, method) {
			o.methods = append(o.methods, method)
		}
	}
	switch {
	case o.nodes < 3 || o.nodes > 2001:
		return usagef("--nodes %d: need 3 to 2001", o.nodes)
	case o.workers < 0:
		return usagef("--workers %d: need 0 for all or more", o.workers)
	case o.restarts < 0:
		return usagef("--restarts %d: need 0 or more", o.restarts)
	}
	if o.restarts == 0 {
		o.restarts = -1
	}
	return nil
}

// fitReport is what `metabench fit --json` prints.
type fitReport struct {
	Model         irt.Kind   `json:"model"`
	Persons       int        `json:"persons"`
	Answered      int        `json:"persons_with_answers"` // the n of BIC
	Items         int        `json:"items"`
	LogLikelihood float64    `json:"log_likelihood"`
	Iterations    int        `json:"iterations"`
	Status        irt.Status `json:"status"`
	Gradient      float64    `json:"gradient"`
	Seconds       float64    `json:"seconds"`

	Parameters     int                `json:"parameters"`
	AIC            float64            `json:"aic"`
	BIC            float64            `json:"bic"`
	Gain           float64            `json:"gain"`
	Evaluations    int                `json:"evaluations"`
	Patterns       int                `json:"patterns"`
	Nodes          int                `json:"nodes"`
	Prior          bool               `json:"prior"`
	Constant       int                `json:"constant_items"`
	AtBound        int                `json:"items_at_bound"`
	Unbounded      int                `json:"items_unbounded"`         // whose slope the answers set no limit to
	Reliability    *float64           `json:"reliability"`             // of the answers given; null without any
	AllItems       float64            `json:"reliability_all_items"`   // if every model had answered every item
	Capped         map[string]int     `json:"capped_errors,omitempty"` // by method: standard errors that are their limit
	Warnings       []string           `json:"warnings,omitempty"`
	AbilitySeconds map[string]float64 `json:"ability_seconds"`
	ErrorSeconds   *float64           `json:"se_seconds,omitempty"`
	Out            string             `json:"out,omitempty"`

	Columns  table.Columns   `json:"columns"`   // those that model, item and answer were read from
	NotItems []table.NotItem `json:"not_items"` // and those that were not taken for items
}

func (a *app) fit(ctx context.Context, path string, o fitOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	answers, err := table.ReadResponses(ctx, path, o.table.options(o.rows))
	if err != nil {
		return columnError(err)
	}
	a.tell(answers.Notes())
	opts := irt.Options{
		Kind: o.kind, Grid: irt.NormalGrid(o.nodes, irt.DefaultLimit), Workers: o.workers,
		Restarts: o.restarts, Seed: o.seed,
	}
	if o.prior {
		opts.Prior = irt.WeakPrior()
	}
	if o.start != "" {
		if opts.Start, err = readStart(ctx, o.start, answers.Items); err != nil {
			return err
		}
	}
	started := time.Now()
	result, err := irt.Fit(ctx, answers.Answers, opts)
	if err != nil {
		return fmt.Errorf("fit %s: %w", path, err)
	}
	seconds := time.Since(started).Seconds()
	if err := ctx.Err(); err != nil {
		return err
	}
	r := newFitReport(result, o, seconds)
	reliability, err := irt.EmpiricalReliability(answers.Answers, result, opts)
	if err != nil {
		return fmt.Errorf("fit %s: %w", path, err)
	}
	if isFinite(reliability) {
		r.Reliability = &reliability
	}
	r.Columns, r.NotItems = answers.Columns, append([]table.NotItem{}, answers.NotItems...)
	var errors *irt.StandardErrors
	var estimates [][]ability.Estimate
	for _, method := range o.methods {
		began := time.Now()
		options := ability.Options{Method: method, Workers: o.workers}
		if o.ownNodes {
			options.Nodes = o.nodes
		}
		e, err := ability.Estimates(ctx, answers.Answers, result.Items, options)
		if err != nil {
			return fmt.Errorf("fit %s: %s abilities: %w", path, method, err)
		}
		estimates = append(estimates, e)
		for _, one := range e {
			if one.Capped {
				r.Capped[method.String()]++
			}
		}
		r.AbilitySeconds[method.String()] = time.Since(began).Seconds()
	}
	if o.out != "" {
		if r.Parameters <= maxErrorParams {
			began := time.Now()
			if errors, err = irt.ComputeStandardErrors(ctx, answers.Answers, result, opts); err != nil && ctx.Err() != nil {
				return err
			} else if err != nil {
				r.warn("no standard errors: %v", err)
			} else if errors.Ridge > 0 {
				r.warn("the information about the parameters is singular, so that some standard errors are lower limits; --prior makes it regular")
			}
			took := time.Since(began).Seconds()
			r.ErrorSeconds = &took
		} else {
			r.warn("no standard errors: %d parameters are more than %d", r.Parameters, maxErrorParams)
		}
		fits, err := irt.ComputeItemFit(answers.Answers, result, opts)
		if err != nil {
			return fmt.Errorf("fit %s: %w", path, err)
		}
		if err := os.MkdirAll(o.out, 0o755); err != nil {
			return fmt.Errorf("fit %s: --out: %w", path, err)
		}
		if err := writeRecords(filepath.Join(o.out, "items.csv"), itemRecords(answers.Items, result, errors, fits)); err != nil {
			return err
		}
		if err := writeRecords(filepath.Join(o.out, "abilities.csv"), abilityRecords(answers, o.methods, estimates)); err != nil {
			return err
		}
	}
	r.explain()
	if a.json {
		return a.printJSON(r)
	}
	return a.printFit(r)
}

func (r *fitReport) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// explain says in words what the numbers alone would hide.
func (r *fitReport) explain() {
	switch {
	case r.Status == irt.Local:
		r.warn("the fit ended with: local; no other start led to this maximum, and a higher one may exist: try more --restarts")
	case r.Status != irt.Converged:
		r.warn("the fit ended with: %s", r.Status)
	}
	if n := r.Persons - r.Answered; n > 0 {
		r.warn("%d of %d persons have no answer; BIC counts the others", n, r.Persons)
	}
	if r.Constant > 0 {
		r.warn("%d items are answered all right or all wrong; their curves are flat", r.Constant)
	}
	if r.Unbounded > 0 {
		r.warn("the slopes of %d of %d items are not identified: the answers set them no limit, and what is given is where the search ends; --prior keeps them finite", r.Unbounded, r.Items)
	}
	for _, method := range ability.Methods() {
		if n := r.Capped[method.String()]; n > 0 {
			r.warn("%d of %d standard errors of %s are their limit: the answers say less than was known before", n, r.Persons, method)
		}
	}
}

func newFitReport(f *irt.Result, o fitOptions, seconds float64) fitReport {
	r := fitReport{
		Model: f.Kind, Persons: f.Models, Answered: f.Answered, Items: len(f.Items), LogLikelihood: f.LogLikelihood,
		Iterations: f.Iterations, Status: f.Status, Gradient: f.Gradient, Seconds: seconds,
		Gain: f.Gain, Evaluations: f.Passes, Patterns: f.Patterns, Nodes: o.nodes, Prior: o.prior,
		Constant: len(f.Items), Out: o.out, AbilitySeconds: map[string]float64{}, Capped: map[string]int{},
		AllItems: irt.MarginalReliability(f.Items, irt.NormalGrid(o.nodes, irt.DefaultLimit)),
	}
	for j, free := range f.Estimated {
		if free {
			r.Constant--
			if f.Kind.AtBound(f.Items[j]) {
				r.AtBound++
			}
			if f.Unbounded[j] {
				r.Unbounded++
			}
		}
	}
	r.Parameters = f.Kind.Params() * (r.Items - r.Constant)
	r.AIC = 2*float64(r.Parameters) - 2*f.LogLikelihood
	r.BIC = math.Log(float64(max(1, f.Answered)))*float64(r.Parameters) - 2*f.LogLikelihood
	return r
}

// readStart reads parameters for the named items.
func readStart(ctx context.Context, path string, names []string) ([]irt.Item, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	item, err := frame.Strings("item")
	if err != nil {
		return nil, columnError(err)
	}
	columns, err := floatColumns(frame, []string{"a1", "d", "g", "u"})
	if err != nil {
		return nil, err
	}
	row := make(map[string]int, len(item))
	for i, name := range item {
		row[name] = i
	}
	items := make([]irt.Item, len(names))
	for j, name := range names {
		i, ok := row[name]
		if !ok {
			return nil, usagef("--start %s: no row for item %q", path, name)
		}
		items[j] = irt.Item{A: columns[0][i], D: columns[1][i], G: columns[2][i], U: columns[3][i]}
		for k, c := range columns {
			if !isFinite(c[i]) {
				return nil, usagef("--start %s: item %q has no %s", path, name, []string{"a1", "d", "g", "u"}[k])
			}
		}
	}
	return items, nil
}

func itemRecords(names []string, f *irt.Result, se *irt.StandardErrors, fits []irt.ItemFit) [][]string {
	records := [][]string{{
		"item", "a1", "d", "g", "u", "se_a1", "se_d", "se_g", "se_u", "b", "info_max", "info_argmax",
		"infit", "outfit", "s_x2", "s_x2_df", "s_x2_p", "estimated", "at_bound", "unbounded",
	}}
	for j, it := range f.Items {
		theta, most := it.MaxInformation()
		record := []string{names[j], formatFloat(it.A), formatFloat(it.D), formatFloat(it.G), formatFloat(it.U)}
		var e irt.Item
		if se != nil {
			e = se.Items[j]
		}
		if f.Unbounded[j] { // the curvature at an arbitrary place of a plain
			e.A, e.D = 0, 0
		}
		for _, v := range []float64{e.A, e.D, e.G, e.U} {
			record = append(record, formatPositive(v))
		}
		b := ""
		if it.A != 0 {
			b = formatFloat(it.Difficulty())
		}
		record = append(record, b, formatFloat(most), formatFloat(theta),
			formatPositive(fits[j].Infit), formatPositive(fits[j].Outfit))
		if fits[j].DF > 0 {
			record = append(record, formatFloat(fits[j].SX2), strconv.Itoa(fits[j].DF), formatFloat(fits[j].PValue))
		} else {
			record = append(record, "", "", "")
		}
		records = append(records, append(record,
			strconv.FormatBool(f.Estimated[j]), strconv.FormatBool(f.Estimated[j] && f.Kind.AtBound(it)), strconv.FormatBool(f.Unbounded[j])))
	}
	return records
}

// formatPositive writes a number whose zero stands for "there is none".
func formatPositive(v float64) string {
	if v == 0 {
		return ""
	}
	return formatFloat(v)
}

// abilityRecords are the abilities, then the columns that the table carried along.
func abilityRecords(answers *table.Responses, methods []ability.Method, estimates [][]ability.Estimate) [][]string {
	header := []string{"model"}
	for _, method := range methods {
		name := strings.ToLower(method.String())
		header = append(header, name, name+"_se")
	}
	var extra []string
	for name := range answers.Extra {
		extra = append(extra, name)
	}
	slices.Sort(extra)
	records := [][]string{append(header, extra...)}
	for i, model := range answers.Models {
		record := []string{model}
		for k := range methods {
			record = append(record, formatFloat(estimates[k][i].Theta), formatFloat(estimates[k][i].SE))
		}
		for _, name := range extra {
			record = append(record, answers.Extra[name][i])
		}
		records = append(records, record)
	}
	return records
}

func (a *app) printFit(r fitReport) error {
	for _, w := range r.Warnings {
		fmt.Fprintf(a.Err, "warning: %s\n", w)
	}
	g := newGrid("quantity", "value")
	g.row("model", r.Model.String())
	g.row("persons", strconv.Itoa(r.Persons))
	if r.Answered < r.Persons {
		g.row("with answers", strconv.Itoa(r.Answered))
	}
	g.row("items", strconv.Itoa(r.Items))
	g.row("log-likelihood", fmt.Sprintf("%.4f", r.LogLikelihood))
	g.row("AIC", fmt.Sprintf("%.2f", r.AIC))
	g.row("BIC", fmt.Sprintf("%.2f", r.BIC))
	reliability := "–"
	if r.Reliability != nil {
		reliability = fmt.Sprintf("%.4f", *r.Reliability)
	}
	g.row("reliability", reliability)
	g.row("  if all items", fmt.Sprintf("%.4f", r.AllItems))
	g.row("status", r.Status.String())
	g.row("iterations", strconv.Itoa(r.Iterations))
	g.row("gradient", fmt.Sprintf("%.2g", r.Gradient))
	g.row("items at a bound", strconv.Itoa(r.AtBound))
	if r.Unbounded > 0 {
		g.row("not identified", strconv.Itoa(r.Unbounded))
	}
	g.row("seconds", fmt.Sprintf("%.3f", r.Seconds))
	return g.print(a.Out)
}
