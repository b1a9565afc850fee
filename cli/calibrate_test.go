package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/analysis/response"
)

// tables writes the answers and scores of a calibration's input as a user has them.
func tables(t *testing.T) (answers, scores, dir string) {
	t.Helper()
	_, in := calibration(t)
	part := in.Benchmarks[0]
	long, known := "model,item,acc_norm\n", "model,benchmark,metric,score\n"
	for i, m := range in.Models {
		for j, item := range part.Items {
			right := 0
			if part.Answers.At(i, j) == response.Correct {
				right = 1
			}
			long += fmt.Sprintf("%s,%s,%d\n", m, item, right)
		}
		known += fmt.Sprintf("%s,arc,acc_norm,%g\n", m, part.Scores[i])
	}
	dir = t.TempDir()
	answers, scores = filepath.Join(dir, "answers.csv"), filepath.Join(dir, "scores.csv")
	for path, text := range map[string]string{answers: long, scores: known} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return answers, scores, dir
}

// From two tables to a bundle, and from that to scores that say what it was made of.
func TestCalibrateCommandWritesABundleThatScores(t *testing.T) {
	answers, scores, dir := tables(t)
	bundle := filepath.Join(dir, "own.bundle")
	code, out, errs := run("calibrate", "--answers", answers, "--scores", scores, "--benchmark", "arc", "--corpus", "our models", "--licence", "ours", "--from", "2026-01", "--to", "2026-02", "--out", bundle)
	if code != 0 || !strings.Contains(out, "calibrated on real answers of 60 models: our models, 2026-01 to 2026-02; licence ours") || !strings.Contains(out, "on 6 models") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	_, in := calibration(t)
	code, out, errs = run("score", writeLog(t, in, 3, "acc_norm"), "--bundle", bundle)
	if code != 0 || !strings.Contains(out, "our models") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = run("calibrate", "--answers", answers, "--scores", scores, "--benchmark", "arc", "--corpus", "our models", "--out", bundle, "--test-share", "0", "--json")
	if code != 0 || !strings.Contains(out, `"tested": 0`) || !strings.Contains(out, `"error": null`) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestCalibrateCommandSaysWhatIsWrong(t *testing.T) {
	answers, scores, dir := tables(t)
	out := filepath.Join(dir, "x.bundle")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--out", out}, 2, "--answers TABLE and --scores TABLE"},
		{[]string{"--answers", answers, "--scores", scores, "--out", out}, 2, "--corpus"},
		{[]string{"--answers", answers, "--scores", scores, "--corpus", "x"}, 2, "--out"},
		{[]string{"--answers", answers, "--scores", scores, "--corpus", "x", "--out", out, "--form", "C"}, 2, "none of A, B"},
		{[]string{"--answers", answers, "--scores", scores, "--corpus", "x", "--out", out, "--test-share", "0.7"}, 2, "from 0 to 0.5"},
		{[]string{"--answers", answers, "--scores", scores, "--corpus", "x", "--out", out}, 1, "name it with --benchmark"},
		{[]string{"--answers", answers, "--scores", answers, "--corpus", "x", "--benchmark", "arc", "--out", out}, 1, "neither a column score"},
		{[]string{"--answers", answers, "--scores", scores, "--corpus", "x", "--benchmark", "mmlu", "--out", out}, 1, "answers and no scores"},
		{[]string{"published", dir, "--out", out}, 1, "clone of github.com/adkipnis/metabench"},
	} {
		if code, stdout, errs := run(append([]string{"calibrate"}, c.args...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, want %d and %q\n%s%s", c.args, code, c.code, c.want, stdout, errs)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%v: a bundle was written", c.args)
		}
	}
}
