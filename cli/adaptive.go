package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/analysis/adaptive"
)

func newAdaptiveCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adaptive",
		Short: "Adaptive testing: ask a model only the questions that tell most about it",
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
			reply, err := t.reply(request)
			if err != nil {
				return fmt.Errorf("adaptive next: %w", err)
			}
			if a.json {
				return a.printJSON(reply)
			}
			for _, w := range reply.Warnings {
				fmt.Fprintf(a.Err, "warning: %s\n", w)
			}
			return a.printReply(reply.Reply)
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
