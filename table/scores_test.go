package table

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func csvFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestScoresInBothLayouts(t *testing.T) {
	want := map[string]map[string]float64{"arc": {"m": 50, "n": 61.5}, "mmlu": {"m": 40}}
	for name, c := range map[string]struct{ text, benchmark string }{
		"long": {"model,benchmark,metric,score\nm,arc,acc_norm,50\nn,arc,acc_norm,61.5\nm,mmlu,acc,40\nn,mmlu,acc,NA\n", ""},
		"wide": {"source,arc,mmlu,note\n m ,50,40,x\nn,61.5,,y\n", ""},
	} {
		s, err := ReadScores(context.Background(), csvFile(t, c.text), c.benchmark, []string{"arc", "mmlu"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, s.ByModel); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if name == "long" && s.Metrics["arc"] != "acc_norm" {
			t.Errorf("metrics %v", s.Metrics)
		}
	}
	s, err := ReadScores(context.Background(), csvFile(t, "model,score\nm,50\n"), "arc", nil)
	if err != nil || s.ByModel["arc"]["m"] != 50 {
		t.Errorf("one benchmark: %+v, %v", s, err)
	}
}

func TestScoresThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"shares":           {"model,benchmark,score\nm,arc,0.5\nn,arc,0.9\n", "multiply shares by 100"},
		"beyond 100":       {"model,benchmark,score\nm,arc,101\n", "line 2"},
		"two of one model": {"model,benchmark,score\nm,arc,50\nm,arc,51\n", "two scores on arc, 50 and 51"},
		"two metrics":      {"model,benchmark,metric,score\nm,arc,acc,50\nn,arc,acc_norm,51\n", "by acc and by acc_norm"},
		"no benchmark":     {"model,score\nm,50\n", "--benchmark"},
		"no score":         {"model,points\nm,50\n", "neither a column score"},
		"no model":         {"score\n50\n", "Call it model"},
		"model unnamed":    {"model,benchmark,score\n,arc,50\n", "no name"},
	} {
		if _, err := ReadScores(context.Background(), csvFile(t, c.text), "", []string{"arc"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAnswersToSeveralBenchmarks(t *testing.T) {
	path := csvFile(t, "benchmark,model,item,correct\nmmlu,m,anatomy.1,1\narc,m,1,0\narc,n,1,1\narc,n,2,1\n")
	all, err := ReadAnswers(context.Background(), path, ResponseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Benchmark != "arc" || len(all[0].Items) != 2 || len(all[1].Models) != 1 {
		t.Errorf("%d tables, %+v", len(all), all[0].Table)
	}
	one, err := ReadAnswers(context.Background(), path, ResponseOptions{Benchmark: "mmlu"})
	if err != nil || len(one) != 1 || one[0].Items[0] != "anatomy.1" {
		t.Errorf("mmlu alone: %v, %v", one, err)
	}
	if _, err := ReadAnswers(context.Background(), path, ResponseOptions{Benchmark: "mlu"}); err == nil || !strings.Contains(err.Error(), `"mmlu"`) {
		t.Errorf("unknown benchmark: %v", err)
	}
	if _, err := ReadAnswers(context.Background(), csvFile(t, "model,item,correct\nm,1,1\n"), ResponseOptions{}); err == nil || !strings.Contains(err.Error(), "--benchmark") {
		t.Errorf("no benchmark: %v", err)
	}
}
