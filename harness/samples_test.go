package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
	"metabench/internal/refdata"
)

// The order is the one that Python gives.
func TestLeaderboardOrderIsPythons(t *testing.T) {
	for n, want := range map[int][]int{5: {3, 1, 2, 4, 0}, 1172: {595, 716, 511, 906, 148}, 1267: {187, 719, 618, 35, 404}, 100: {42, 41, 91, 9, 65}} {
		order := leaderboardOrder(n)
		if diff := cmp.Diff(want, order[:5]); diff != "" {
			t.Errorf("%d documents: %s", n, diff)
		}
		sorted := slices.Sorted(slices.Values(order))
		for k, v := range sorted {
			if k != v {
				t.Fatalf("%d documents: %d is lost", n, k)
			}
		}
	}
	if got := leaderboardOrder(0); len(got) != 0 {
		t.Errorf("no documents: %v", got)
	}
}

// The published items of GSM8K are at these positions of its test set.
func TestLeaderboardOrderFindsRealQuestions(t *testing.T) {
	order := leaderboardOrder(1319)
	found := 0
	for _, r := range refdata.ReadCSV(t, refdata.Path(t, "items", "items.csv.gz"))[1:] {
		number, err := strconv.Atoi(r[3])
		if r[0] != "gsm8k" || err != nil {
			continue
		}
		for position, name := range map[int]string{5: "Kylar", 6: "Toulouse"} {
			if strings.Contains(r[4], name) {
				found++
				if order[number-1] != position {
					t.Errorf("the question about %s is item %d, document %d and not %d", name, number, order[number-1], position)
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d questions found, want 2", found)
	}
}

func TestSamplesNamesDocumentsOfTheOriginalTasks(t *testing.T) {
	catalogue := []corpus.Benchmark{
		{Name: "arc", Tasks: []corpus.Task{{Name: "arc", Items: 1172}}},
		{Name: "mmlu", Tasks: []corpus.Task{{Name: "abstract_algebra", Items: 100}, {Name: "anatomy", Items: 135}}},
	}
	got, others, err := Samples([]QuestionSet{
		{Benchmark: "arc", Questions: []Question{{Key: "2"}, {Key: "1"}}},
		{Benchmark: "mmlu", Questions: []Question{{Key: "abstract_algebra.1"}, {Key: "anatomy.1"}}},
		{Benchmark: "mine", Questions: []Question{{Key: "1"}}},
	}, catalogue)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{"arc_challenge": {595, 716}, "mmlu_abstract_algebra": {42}, "mmlu_anatomy": {leaderboardOrder(135)[0]}}
	if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(others, []string{"mine"}) {
		t.Errorf("others %v\n%s", others, diff)
	}
	for _, key := range []string{"0", "1173", "x", "", "anatomy.1"} {
		if _, _, err := Samples([]QuestionSet{{Benchmark: "arc", Questions: []Question{{Key: key}}}}, catalogue); err == nil || !strings.Contains(err.Error(), "leaderboard's numbering") {
			t.Errorf("item %q: %v", key, err)
		}
	}
}

// Logs of the original tasks are read as the leaderboard's items; MMLU's subjects are one
// task.
func TestReadRunsOfOriginalTasks(t *testing.T) {
	catalogue := []corpus.Benchmark{
		{Name: "arc", Tasks: []corpus.Task{{Name: "arc", Items: 5}}},
		{Name: "mmlu", Tasks: []corpus.Task{{Name: "anatomy", Items: 5}, {Name: "virology", Items: 5}}},
	}
	dir := t.TempDir()
	for name, metric := range map[string]string{"arc_challenge": "acc_norm", "mmlu_anatomy": "acc", "mmlu_virology": "acc", "boolq": "acc"} {
		var text strings.Builder
		for _, doc := range []int{0, 3} {
			fmt.Fprintf(&text, `{"doc_id": %d, "doc": {"question": "x"}, "target": "1", "filter": "none", %q: %d}`+"\n", doc, metric, doc/3)
		}
		if err := os.WriteFile(filepath.Join(dir, "samples_"+name+"_2026-11-23T22-00-00.000000.jsonl"), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outs, err := ReadRuns(context.Background(), RunOptions{Catalogue: catalogue}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(outs) != 1 || len(outs[0].Tasks) != 2 {
		t.Fatalf("%d runs, %+v", len(outs), outs)
	}
	arc, mmlu := outs[0].Tasks[0], outs[0].Tasks[1]
	// random.Random(42) shuffles five documents to 3, 1, 2, 4, 0.
	if !arc.Original || !slices.Equal(arc.Items, []string{"5", "1"}) || !slices.Equal(arc.Answers[Metric{Name: "acc_norm"}], []uint8{0, 1}) {
		t.Errorf("arc: %+v", arc)
	}
	if !slices.Equal(mmlu.Items, []string{"anatomy.5", "anatomy.1", "virology.5", "virology.1"}) || !slices.Equal(mmlu.Answers[Metric{Name: "acc"}], []uint8{0, 1, 0, 1}) {
		t.Errorf("mmlu: %+v", mmlu)
	}
	if text := strings.Join(outs[0].Warnings, "; "); !strings.Contains(text, "boolq") {
		t.Errorf("nothing is said of boolq: %s", text)
	}
}
