// Package cli is the command line: one file a command, which reads the
// configuration, wires packages together and prints. It has no domain logic.
package cli

import (
	"context"
	"encoding/json"
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
	json       bool   // --json: print results as JSON
	configPath string // --config
	noProgress bool   // --no-progress
}

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, args []string, stdio IO) int {
	a := &app{IO: forPeople(stdio)}
	root := newRootCommand(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCodeOf(err)
	if err != nil && code != ExitPipe {
		a.printError(err)
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
		newCheckCommand(a),
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
func (a *app) printError(err error) {
	if a.json {
		report := struct {
			Error string   `json:"error"`
			Code  ExitCode `json:"exit_code"`
		}{err.Error(), exitCodeOf(err)}
		if json.NewEncoder(a.Err).Encode(report) == nil {
			return
		}
	}
	fmt.Fprintf(a.Err, "metabench: %v\n", err)
}

// printJSON writes a value as indented JSON, the form of every --json output.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
