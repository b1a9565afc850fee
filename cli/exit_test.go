package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"metabench/warehouse"
)

func TestErrorsEndWithTheirDocumentedCode(t *testing.T) {
	cases := map[string]struct {
		err  error
		want ExitCode
	}{
		"success":         {nil, ExitOK},
		"plain_error":     {errors.New("x"), ExitError},
		"usage":           {usagef("x"), ExitUsage},
		"wrapped_code":    {fmt.Errorf("crawl: %w", withCode(ExitAuth, errors.New("x"))), ExitAuth},
		"cancelled":       {fmt.Errorf("crawl: %w", context.Canceled), ExitInterrupted},
		"misfit_answers":  {fmt.Errorf("build: %w", &warehouse.AnswersError{Task: "x", Reason: "y"}), ExitDamage},
		"code_of_success": {withCode(ExitAuth, nil), ExitOK},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := exitCodeOf(c.err); got != c.want {
				t.Fatalf("exit code %d, want %d", got, c.want)
			}
		})
	}
}

func TestUsageErrorsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"--no-such-flag"}, {"no-such-command"}, {"version", "extra"}} {
		var out, stderr bytes.Buffer
		code := Run(t.Context(), args, IO{In: strings.NewReader(""), Out: &out, Err: &stderr})
		if code != int(ExitUsage) {
			t.Errorf("%v exits with %d: %s", args, code, stderr.String())
		}
	}
}

// The table in the README, the help page and the constants are one contract.
func TestReadmeListsTheExitCodes(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\d+) \| (.+) \|$`)
	documented := map[ExitCode]string{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		documented[ExitCode(n)] = m[2]
	}
	for _, e := range exitMeaning {
		if documented[e.code] != e.meaning {
			t.Errorf("exit code %d: README says %q, help says %q", e.code, documented[e.code], e.meaning)
		}
	}
	if len(documented) != len(exitMeaning) {
		t.Errorf("README lists %d codes, help %d", len(documented), len(exitMeaning))
	}
}
