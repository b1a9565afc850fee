package cli

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"metabench/score"
)

// A table scores every model in it as its log would be scored, in every form.
func TestScoreCommandScoresTables(t *testing.T) {
	bundle, in := calibration(t)
	answers, _, _ := tables(t)
	code, out, errs := run("score", answers, "--bundle", bundle, "--json")
	var b score.Batch
	if err := json.Unmarshal([]byte(out), &b); code != 0 || err != nil || len(b.Reports) != len(in.Models) {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	code, out, _ = run("score", writeLog(t, in, 7, "acc_norm"), "--bundle", bundle, "--json")
	var one score.Report
	if err := json.Unmarshal([]byte(out), &one); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	for _, r := range b.Reports {
		if r.Model == one.Model && (r.Benchmarks[0].Score.Value != one.Benchmarks[0].Score.Value || r.Benchmarks[0].Score.Lower != one.Benchmarks[0].Score.Lower || len(r.Benchmarks[0].Answers) != 10 || r.Doubtful) {
			t.Errorf("the table says %+v, the log %+v; doubtful %v", *r.Benchmarks[0].Score, *one.Benchmarks[0].Score, r.Doubtful)
		}
	}
	code, out, errs = run("score", answers, "--bundle", bundle, "--csv")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != 0 || err != nil || len(rows) != 61 || strings.Join(rows[0][:8], " ") != "model run arguments mean mean_from mean_to mean_whole arc" {
		t.Errorf("exit %d, %v, %d rows, %v\n%s", code, err, len(rows), rows[0], errs)
	}
	code, out, errs = run("score", answers, "--bundle", bundle, "--markdown")
	if code != 0 || strings.Count(out, "\n| org/m") != 60 || !strings.Contains(out, "what it was made of") {
		t.Errorf("exit %d\n%.500s%s", code, out, errs)
	}
	code, out, errs = run("score", answers, "--bundle", bundle, "--html")
	if code != 0 || strings.Count(out, "<th scope=\"row\">") != 60 {
		t.Errorf("exit %d\n%.500s%s", code, out, errs)
	}
	if code, out, errs = run("score", answers, "--bundle", bundle); code != 0 || !strings.Contains(out, "60 runs") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// A model that answered all questions has its true score beside the estimate.
func TestScoreCommandShowsTheWholeBenchmark(t *testing.T) {
	_, in := calibration(t)
	answers, scores, dir := tables(t)
	bundle := filepath.Join(dir, "arc.bundle")
	if code, _, errs := run("calibrate", "--answers", answers, "--scores", scores, "--benchmark", "arc", "--corpus", "ours", "--out", bundle, "--test-share", "0"); code != 0 {
		t.Fatal(errs)
	}
	var text strings.Builder
	text.WriteString("model,item,correct\n")
	for k := range 1172 { // as many as the catalogue says
		fmt.Fprintf(&text, "org/whole,%d,%d\n", k+1, k%2)
		if k < 10 {
			fmt.Fprintf(&text, "org/part,%d,%d\n", k+1, in.Benchmarks[0].Answers.At(5, k))
		}
	}
	path := filepath.Join(dir, "whole.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := run("score", path, "--bundle", bundle, "--json")
	var b score.Batch
	if err := json.Unmarshal([]byte(out), &b); code != 0 || err != nil || len(b.Reports) != 2 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	part, whole := b.Reports[0].Benchmarks[0], b.Reports[1].Benchmarks[0]
	if part.Whole != nil || whole.Whole == nil || *whole.Whole != 50 || whole.Score == nil || len(whole.Warnings) != 0 {
		t.Errorf("part %v, whole %v, %v", part.Whole, whole.Whole, whole.Warnings)
	}
	if !strings.Contains(errs, "taken for the calibration's metric: arc acc_norm") {
		t.Errorf("it doesn't say which metric it takes the answers for:\n%s", errs)
	}
	if code, out, errs := run("score", path, "--bundle", bundle); code != 0 || !strings.Contains(out, "arc 50.0") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestScoreCommandRefusesTables(t *testing.T) {
	bundle, in := calibration(t)
	answers, _, dir := tables(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		args []string
		code ExitCode
		want string
	}{
		"logs_and_tables": {[]string{answers, writeLog(t, in, 7, "acc_norm")}, ExitUsage, "one after the other"},
		"run_of_a_table":  {[]string{answers, "--run", "org"}, ExitUsage, "a table's models are scored all"},
		"other_metric":    {[]string{write("mc1.csv", "model,item,mc1\nm,1,1\nm,2,0\n")}, ExitError, "arc is needed by acc_norm"},
		"other_items":     {[]string{write("items.csv", "model,item,acc_norm\nm,901,1\nm,902,0\n")}, ExitError, "another selection"},
		"two_forms":       {[]string{answers, "--csv", "--markdown"}, ExitUsage, "--csv and --markdown exclude each other"},
	} {
		if code, out, errs := run(append([]string{"score", "--bundle", bundle}, c.args...)...); ExitCode(code) != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", name, code, c.code, c.want, out, errs)
		}
	}
}

// A bundle is found by address or by name, fetched once, and refused when it is another.
func TestScoreCommandFetchesBundles(t *testing.T) {
	bundle, in := calibration(t)
	content, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if _, err := w.Write(content); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	sum := sha256.Sum256(content)
	address, dir := server.URL+"/b.bundle#sha256="+hex.EncodeToString(sum[:]), writeLog(t, in, 7, "acc_norm")
	config := filepath.Join(t.TempDir(), "c.yaml")
	text := fmt.Sprintf("bundles:\n  ours: {url: \"%s/b.bundle\", sha256: \"%s\"}\n", server.URL, hex.EncodeToString(sum[:]))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, meant := range []string{address, address, "ours"} {
		if code, out, errs := run("--config", config, "score", dir, "--bundle", meant); code != 0 || !strings.Contains(out, "ARC-Challenge") {
			t.Errorf("%s: exit %d\n%s%s", meant, code, out, errs)
		}
	}
	if asked != 1 {
		t.Errorf("fetched %d times", asked)
	}
	for meant, want := range map[string]string{
		server.URL + "/b.bundle#sha256=" + strings.Repeat("0", 64): "it is another file, and was not kept",
		server.URL + "/b.bundle":                                   "put #sha256=… behind it",
		"our":                                                      `did you mean "ours"`,
	} {
		if code, out, errs := run("--config", config, "score", dir, "--bundle", meant); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, want %q\n%s%s", meant, code, want, out, errs)
		}
	}
}
