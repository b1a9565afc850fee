package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/table"
)

func newAdaptiveCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adaptive",
		Short: "Adaptive testing: ask a model only the questions that tell most about it",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAdaptiveNextCommand(a), newAdaptiveServeCommand(a), newAdaptiveSimulateCommand(a))
	return cmd
}

// adaptiveTestFlags are the flags that configure one test.
type adaptiveTestFlags struct {
	items     string
	criterion string
	estimator string
	stop      string
	among     int
	length    int
	misfit    float64
	seed      uint64
}

func (f *adaptiveTestFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.items, "items", "", "item parameters: CSV with item, a1, d and perhaps g, u, as fit --out writes them (required)")
	fl.StringVar(&f.criterion, "criterion", "information", "how to choose: information, kl, progressive, proportional, random")
	fl.StringVar(&f.estimator, "estimator", "map", "ability: map, eap, wle, ml")
	fl.StringVar(&f.stop, "stop", "", "when to stop, such as items=60,se=0.2+items=10: items, se, information, width; comma: either, plus: both")
	fl.IntVar(&f.among, "among", 1, "ask one of so many best items, at random")
	fl.IntVar(&f.length, "length", 0, "items over which progressive and proportional fade out chance (default: from --stop)")
	fl.Float64Var(&f.misfit, "misfit", 0, "points by which scores differ from the item model (adaptive simulate estimates it); widens the interval")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all that is left to chance")
}

// test reads the items and prepares the test.
func (f *adaptiveTestFlags) test(ctx context.Context) (*adaptive.Test, error) {
	if f.items == "" {
		return nil, usagef("--items FILE is needed: the item parameters as `metabench fit --out DIR` writes them")
	}
	o := adaptive.Options{Among: f.among, Length: f.length, Misfit: f.misfit, Seed: f.seed}
	var err error
	if o.Criterion, err = adaptive.ParseCriterion(f.criterion); err != nil {
		return nil, usagef("--criterion: %w", err)
	}
	if o.Estimator, err = ability.ParseMethod(f.estimator); err != nil {
		return nil, usagef("--estimator: %w", err)
	}
	if f.stop != "" {
		if o.Stop, err = adaptive.ParseRule(f.stop); err != nil {
			return nil, usagef("--stop: %w", err)
		}
	}
	bank, err := readBank(ctx, f.items)
	if err != nil {
		return nil, err
	}
	t, err := adaptive.NewTest(bank, o)
	if err != nil {
		return nil, withCode(ExitUsage, err)
	}
	return t, nil
}

// readBank reads item parameters: columns item, a1, d and, if there, g (else 0) and u
// (else 1).
func readBank(ctx context.Context, path string) (*adaptive.Bank, error) {
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	keys, err := frame.Strings("item")
	if err != nil {
		return nil, err
	}
	items := make([]irt.Item, len(keys))
	for _, c := range []struct {
		name  string
		field func(*irt.Item) *float64
		value float64 // where there is no column
	}{
		{"a1", func(it *irt.Item) *float64 { return &it.A }, math.NaN()},
		{"d", func(it *irt.Item) *float64 { return &it.D }, math.NaN()},
		{"g", func(it *irt.Item) *float64 { return &it.G }, 0},
		{"u", func(it *irt.Item) *float64 { return &it.U }, 1},
	} {
		if !math.IsNaN(c.value) && !frame.Has(c.name) {
			for j := range items {
				*c.field(&items[j]) = c.value
			}
			continue
		}
		values, err := frame.Floats(c.name)
		if err != nil {
			return nil, err
		}
		for j, v := range values {
			*c.field(&items[j]) = v
		}
	}
	bank, err := adaptive.NewBank(keys, items)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bank, nil
}

func newAdaptiveNextCommand(a *app) *cobra.Command {
	var f adaptiveTestFlags
	var answers, session string
	cmd := &cobra.Command{
		Use:   "next --items FILE --answers FILE|-",
		Short: "The next question, given the answers so far",
		Long: `Print the next item to ask, the ability with its standard error, and the score to
expect over all items of the bank with its 90 % interval, given the answers so far.
Nothing is remembered between calls.

Answers are CSV with the columns item and correct, JSON ([{"item": "17",
"correct": true}, ...]), or one such object a line. No answers ask for the first
item.`,
		Example: `  metabench adaptive next --items fit/items.csv
  metabench adaptive next --items fit/items.csv --answers answers.csv --stop items=60,se=0.15
  loop | metabench adaptive next --items fit/items.csv --answers - --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := f.test(cmd.Context())
			if err != nil {
				return err
			}
			request, err := a.readAnswers(answers)
			if err != nil {
				return err
			}
			if session != "" {
				request.Session = session
			}
			reply, err := t.Reply(request)
			if err != nil {
				return fmt.Errorf("adaptive next: %w", err)
			}
			if a.json {
				return a.printJSON(reply)
			}
			return a.printReply(reply)
		},
	}
	fl := cmd.Flags()
	f.register(fl)
	fl.StringVar(&answers, "answers", "", "answers so far; - reads standard input")
	fl.StringVar(&session, "session", "", "name of this run, such as the model's: chance differs between names")
	return cmd
}

func (a *app) readAnswers(path string) (adaptive.Request, error) {
	switch path {
	case "":
		return adaptive.Request{}, nil
	case "-":
		return adaptive.ReadRequest(a.In)
	}
	file, err := os.Open(path)
	if err != nil {
		return adaptive.Request{}, err
	}
	request, err := adaptive.ReadRequest(io.Reader(file))
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return adaptive.Request{}, fmt.Errorf("%s: %w", path, err)
	}
	return request, nil
}

func (a *app) printReply(r adaptive.Reply) error {
	var b strings.Builder
	if r.Item != nil {
		fmt.Fprintf(&b, "next      %s\n", *r.Item)
	} else {
		fmt.Fprintf(&b, "done      %s\n", r.Stopped)
	}
	fmt.Fprintf(&b, "answered  %d\n", r.Answered)
	fmt.Fprintf(&b, "ability   %.3f ± %.3f\n", r.Theta, r.SE)
	fmt.Fprintf(&b, "score     %.1f (%.1f to %.1f)\n", r.Score.Points, r.Score.Low, r.Score.High)
	_, err := io.WriteString(a.Out, b.String())
	return err
}
