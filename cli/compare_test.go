package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/score"
)

// Logs are compared in the order in which they are given, in every form.
func TestCompareCommandComparesLogs(t *testing.T) {
	bundle, in := calibration(t)
	second, first := writeLog(t, in, 7, "acc_norm"), writeLog(t, in, 9, "acc_norm")
	code, out, errs := run("compare", first, second, "--bundle", bundle, "--json")
	var c score.Comparison
	if err := json.Unmarshal([]byte(out), &c); code != 0 || err != nil || len(c.Pairs) != 1 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	if p := c.Pairs[0]; p.A != "org/m9" || p.B != "org/m7" || len(p.Scores) != 1 || p.Scores[0].Common != 10 || p.Scores[0].Lower >= p.Scores[0].Upper {
		t.Errorf("%+v", p)
	}
	page := filepath.Join(t.TempDir(), "pair.html")
	for want, form := range map[string][]string{
		"They answered": nil, "a,b,benchmark,": {"--csv"}, "| A | B |": {"--markdown"}, "trend": {"--series"}, "": {"--html", page},
	} {
		code, out, errs := run(append([]string{"compare", first, second, "--bundle", bundle}, form...)...)
		if code != 0 || !strings.Contains(out, want) || (want == "") != (out == "") {
			t.Errorf("%v: exit %d\n%s%s", form, code, out, errs)
		}
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "<h2>A org/m9, B org/m7</h2>") {
		t.Errorf("%v\n%s", err, text)
	}
	if code, out, errs := run("compare", first, first, "--bundle", bundle); code != 0 || !strings.Contains(out, "num_fewshot=0 (2)") || !strings.Contains(out, "tie") {
		t.Errorf("the same run twice: exit %d\n%s%s", code, out, errs)
	}
}

func TestCompareCommandComparesTablesAndRefuses(t *testing.T) {
	bundle, in := calibration(t)
	answers, _, dir := tables(t)
	two := filepath.Join(dir, "two.csv")
	text, err := os.ReadFile(answers)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(two, []byte(strings.Join(lines[:31], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := run("compare", two, writeLog(t, in, 7, "acc_norm"), "--bundle", bundle); code != 0 || strings.Count(out, "ARC-Challenge") != 6 || !strings.Contains(out, "p is Holm's for 6 pairs") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	one := writeLog(t, in, 7, "acc_norm")
	for name, c := range map[string]struct {
		args []string
		code ExitCode
		want string
	}{
		"one_run":      {[]string{one}, ExitError, "there is one run, org/m7"},
		"other_metric": {[]string{one, writeLog(t, in, 7, "acc")}, ExitError, "acc_norm"},
		"no_bundle":    {[]string{one, one, "--bundle", ""}, ExitUsage, "needs a calibration"},
		"two_forms":    {[]string{one, one, "--csv", "--html", "x.html"}, ExitUsage, "--csv and --html exclude each other"},
	} {
		if code, out, errs := run(append([]string{"compare", "--bundle", bundle}, c.args...)...); ExitCode(code) != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", name, code, c.code, c.want, out, errs)
		}
	}
}
