package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"metabench/spelling"
)

// IO is where a command reads and writes. Data goes to Out, everything else to
// Err.
type IO struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Stdio is the process's own streams.
func Stdio() IO { return IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }

// app is what every command shares.
type app struct {
	IO
	json       bool     // --json: print results as JSON
	configPath string   // --config
	noProgress bool     // --no-progress
	args       []string // of the command line, for the report of a fault

	newWarehouse bool // --new-warehouse, of the commands that have it
}

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, args []string, stdio IO) int {
	a := &app{IO: forPeople(stdio), args: args}
	root := newRootCommand(a)
	root.SetArgs(args)
	return a.run(ctx, root)
}

// run executes a command, reports its error and returns the exit code.
func (a *app) run(ctx context.Context, root *cobra.Command) int {
	err := execute(ctx, root)
	code := exitCodeOf(err)
	if kept := (*interruptedError)(nil); code == ExitInterrupted && !errors.As(err, &kept) {
		err = errors.New("interrupted")
	}
	if err != nil && code != ExitPipe {
		a.printError(err, code)
	}
	return int(code)
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "metabench",
		Short:         "Estimate full benchmark scores of language models from 3 % of the questions",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print results as JSON")
	root.PersistentFlags().StringVar(&a.configPath, "config", "", "configuration file")
	root.PersistentFlags().BoolVar(&a.noProgress, "no-progress", false, "show no progress")
	configFlag(root.PersistentFlags(), "warehouse", "warehouse.path", "the DuckDB file")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w\nTry: %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(
		newAccuracyCommand(a),
		newAdaptiveCommand(a),
		newBuildCommand(a),
		newCalibrateCommand(a),
		newCheckCommand(a),
		newCompareCommand(a),
		newConfigCommand(a),
		newCrawlCommand(a),
		newExportCommand(a),
		newFaCommand(a),
		newFitCommand(a),
		newGamCommand(a),
		newHubCommand(a),
		newImportCommand(a),
		newPublishCommand(a),
		newQueryCommand(a),
		newSimulateCommand(a),
		newRefreshCommand(a),
		newReleaseCommand(a),
		newScoreCommand(a),
		newStatusCommand(a),
		newVersionCommand(a),
		newDemoCommand(a),
		newExitCodesTopic(),
	)
	markUsageErrors(root)
	return root
}

// markUsageErrors makes wrong arguments of any command exit with ExitUsage and
// say where to look.
func markUsageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%w%s\nTry: %s --help", err, commandSuggestion(cmd, args), cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		markUsageErrors(sub)
	}
}

// commandSuggestion names the command that was probably meant.
func commandSuggestion(cmd *cobra.Command, args []string) string {
	if len(args) == 0 || !cmd.HasSubCommands() {
		return ""
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return spelling.Suggestion(args[0], names)
}

// printError reports an error on Err, as JSON where --json was asked for.
func (a *app) printError(err error, code ExitCode) {
	message := err.Error()
	if f := faultIn(err); f != nil {
		message = f.message(f.save(a.args))
	}
	if a.json {
		report := struct {
			Error string   `json:"error"`
			Code  ExitCode `json:"exit_code"`
		}{message, code}
		if json.NewEncoder(a.Err).Encode(report) == nil {
			return
		}
	}
	fmt.Fprintf(a.Err, "metabench: %s\n", message)
}
