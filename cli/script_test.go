package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"metabench/analysis/response"
	"metabench/analysis/simulate"
	"metabench/corpus"
	"metabench/internal/refdata"
)

// TestMain makes the program available to the scripts as the command metabench.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"metabench": func() { os.Exit(Run(context.Background(), os.Args[1:], Stdio())) },
	})
}

// writePopulation is the script command `population FILE MODELS ITEMS SEED`: a table of
// simulated answers as model, item, correct.
func writePopulation(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: population FILE MODELS ITEMS SEED")
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		ts.Check(err)
		return n
	}
	opts := simulate.Default(number(args[1]), uint64(number(args[3])))
	opts.Benchmarks = []corpus.Benchmark{{Name: "quiz", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "quiz", Items: number(args[2])}}}}
	population, err := simulate.New(opts)
	ts.Check(err)
	var b strings.Builder
	b.WriteString("model,item,correct\n")
	table := population.Benchmarks[0].Table
	for i, model := range table.Models {
		for j, item := range table.Items {
			if a := table.Answers.At(i, j); a != response.Missing {
				fmt.Fprintf(&b, "%s,%s,%d\n", model, item, a)
			}
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

// TestScripts runs each testdata/script/*.txtar as a user would type it. $SHARED is
// the directory of the real data; what needs it comes after [!shared:FILE] stop, with
// the file that it reads.
func TestScripts(t *testing.T) {
	shared, err := refdata.Root()
	if err != nil {
		t.Logf("scripts stop before what needs the real data: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SHARED", shared)
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			file, ok := strings.CutPrefix(cond, "shared:")
			if !ok {
				return false, fmt.Errorf("no condition %q", cond)
			}
			_, err := os.Stat(filepath.Join(shared, file))
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"population": writePopulation, "replica": serveReplica, "harness": checkHarness,
		},
		RequireExplicitExec: true,
	})
}
