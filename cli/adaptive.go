package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/score"
	"metabench/statistics"
)

func newAdaptiveCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adaptive",
		Short: "Adaptive testing: ask a model only the most informative questions",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAdaptiveCalibrateCommand(a), newAdaptiveNextCommand(a), newAdaptiveServeCommand(a), newAdaptiveSimulateCommand(a))
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
	fl.StringVar(&f.items, "items", "", "an item bank of adaptive calibrate; or item parameters: CSV with item, a1, d and perhaps g, u, as fit --out writes them (required)")
	fl.StringVar(&f.criterion, "criterion", "", "how to choose: information, kl, progressive, proportional, random (default: the bank's first, else information)")
	fl.StringVar(&f.estimator, "estimator", "", "ability: map, eap, wle, ml (default: the bank's first, else map)")
	fl.StringVar(&f.stop, "stop", "", "when to stop, such as items=60,se=0.2+items=10: items, se, information, width; comma: either, plus: both")
	fl.IntVar(&f.among, "among", 0, "ask one of so many best items, at random (default: the bank's, else 1)")
	fl.IntVar(&f.length, "length", 0, "items over which progressive and proportional fade out chance (default: the bank's, else from --stop)")
	fl.Float64Var(&f.misfit, "misfit", 0, "without an item bank: points by which scores differ from the item model (adaptive simulate estimates it); widens the interval")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all that is left to chance")
}

// test reads the items and prepares the test.
func (f *adaptiveTestFlags) test(ctx context.Context) (*score.AdaptiveTest, error) {
	if f.items == "" {
		return nil, usagef("--items FILE is needed: an item bank of `metabench adaptive calibrate`, " +
			"or item parameters as `metabench fit --out DIR` writes them")
	}
	o := score.TestOptions{Among: f.among, Length: f.length, Misfit: f.misfit, Seed: f.seed}
	if f.criterion != "" {
		criterion, err := adaptive.ParseCriterion(f.criterion)
		if err != nil {
			return nil, usagef("--criterion: %w", err)
		}
		o.Criterion = &criterion
	}
	if f.estimator != "" {
		estimator, err := ability.ParseMethod(f.estimator)
		if err != nil {
			return nil, usagef("--estimator: %w", err)
		}
		o.Estimator = &estimator
	}
	if f.stop != "" {
		stop, err := adaptive.ParseRule(f.stop)
		if err != nil {
			return nil, usagef("--stop: %w", err)
		}
		o.Stop = stop
	}
	bank, calibrated, err := statistics.ReadItems(ctx, f.items)
	if err != nil {
		return nil, err
	}
	t, err := score.NewAdaptiveTest(bank, calibrated, o)
	return t, withCode(ExitUsage, err)
}

// parseDesigns are the designs of every criterion with every estimator.
func parseDesigns(criteria, estimators []string, o adaptive.Options) (out []adaptive.Options, err error) {
	for _, e := range estimators {
		if o.Estimator, err = ability.ParseMethod(e); err != nil {
			return nil, usagef("--estimator: %w", err)
		}
		if o.Estimator == ability.EAPSum {
			return nil, usagef("--estimator %s needs all items at once; use map, eap, wle or ml", e)
		}
		for _, c := range criteria {
			if o.Criterion, err = adaptive.ParseCriterion(c); err != nil {
				return nil, usagef("--criterion: %w", err)
			}
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, usagef("--criterion and --estimator: need at least one each")
	}
	return out, nil
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

With an item bank of metabench adaptive calibrate, score and interval are calibrated.
With item parameters alone they are what the item model says, and a warning says so.

Answers are CSV with the columns item and correct, JSON ([{"item": "17",
"correct": true}, ...]), or one such object a line. No answers ask for the first
item.`,
		Example: `  metabench adaptive next --items math.bank
  metabench adaptive next --items math.bank --answers answers.csv --stop items=60,width=6+items=10
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
			if !a.json {
				a.warn(reply.Warnings)
			}
			return a.print(reply, func(p *page) {
				if reply.Item != nil {
					p.line("next      %s", *reply.Item)
				} else {
					p.line("done      %s", reply.Stopped)
				}
				p.line("answered  %d", reply.Answered)
				p.line("ability   %.3f ± %.3f", reply.Theta, reply.SE)
				p.line("score     %.1f (%.1f to %.1f)", reply.Score.Points, reply.Score.Low, reply.Score.High)
			})
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
	request, err := adaptive.ReadRequest(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return adaptive.Request{}, fmt.Errorf("%s: %w", path, err)
	}
	return request, nil
}
