package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the program available to the scripts as the command metabench.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"metabench": func() { os.Exit(Run(context.Background(), os.Args[1:], Stdio())) },
	})
}

// TestScripts runs each testdata/script/*.txtar as a user would type it. $SHARED is
// the directory of the real data; scripts that need it begin with
// `[!shared] skip`.
func TestScripts(t *testing.T) {
	shared, err := filepath.Abs("../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	_, statErr := os.Stat(shared)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SHARED", shared)
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "shared" {
				return statErr == nil, nil
			}
			return false, nil
		},
		RequireExplicitExec: true,
	})
}
