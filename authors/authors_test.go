package authors

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"metabench/analysis/response"
	"metabench/config"
	"metabench/corpus"
	"metabench/harness"
	"metabench/internal/refdata"
	"metabench/score"
)

func catalogue(t *testing.T) []corpus.Benchmark {
	t.Helper()
	c, err := config.Catalogue("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What the clone has is what R exported of it, answer by answer and score by score; the
// items are those of the harness's tasks; and a bundle of a part of it scores a real log.
func TestReadOfTheAuthorsClone(t *testing.T) {
	clone, err := Read(context.Background(), refdata.Path(t, "metabench-rds"), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(clone.Forms[harness.FormB]) != 6 || len(clone.Forms[harness.FormA]) != 2 || len(clone.Lacks[harness.FormA]) != 4 || len(clone.Passed) != 0 {
		t.Fatalf("form B %d, form A %d, without %v, passed over %v", len(clone.Forms[harness.FormB]), len(clone.Forms[harness.FormA]), clone.Lacks, clone.Passed)
	}
	log, err := harness.Read(context.Background(), refdata.Path(t, "harness", "slim", "EleutherAI__pythia-14m"))
	if err != nil {
		t.Fatal(err)
	}
	for form, of := range clone.Forms {
		for k, a := range of {
			compareAnswers(t, a, form)
			compareItems(t, a, form, log)
			if other := of[k].Others; (len(other) > 0) != (k < 2) {
				t.Errorf("%s: other forms %v", a.Benchmark.Name, other)
			}
		}
	}
	scoreLog(t, clone.Forms[harness.FormB], log)
}

func compareAnswers(t *testing.T, a score.Answered, form harness.Form) {
	t.Helper()
	name := a.Benchmark.Name
	records := refdata.ReadCSV(t, refdata.Path(t, "metabench-r", "responses-"+name+"-"+string(form)+".csv.gz"))
	if len(records)-1 != len(a.Table.Models) || !slices.Equal(records[0][2:], a.Table.Items) {
		t.Fatalf("%s: %d models and items %.5v, R has %d", name, len(a.Table.Models), a.Table.Items, len(records)-1)
	}
	row := map[string]int{}
	for i, m := range a.Table.Models {
		row[m] = i
	}
	for _, r := range records[1:] {
		i, ok := row[r[0]]
		if !ok {
			t.Fatalf("%s: no model %s", name, r[0])
		}
		for j, text := range r[2:] {
			want := response.Wrong
			if text == "1" {
				want = response.Correct
			}
			if a.Table.Answers.At(i, j) != want {
				t.Fatalf("%s: %s, item %s: %v, R has %s", name, r[0], a.Table.Items[j], a.Table.Answers.At(i, j), text)
			}
		}
	}
	file := "thetas-" + name + "-" + string(form) + ".csv.gz"
	if name == "hellaswag" {
		file = "lm-hellaswag-" + string(form) + ".csv.gz"
	}
	scores := refdata.ReadCSV(t, refdata.Path(t, "metabench-r", file))
	at := slices.Index(scores[0], "score")
	for _, r := range scores[1:] {
		if name == "hellaswag" && r[1] == "test" {
			continue // the linear model's object has no scores of these
		}
		want, err := strconv.ParseFloat(r[at], 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Scores[r[0]]; math.Abs(got-want) > 1e-12*want {
			t.Fatalf("%s: the score of %s is %v, R has %s", name, r[0], got, r[at])
		}
	}
}

// compareItems compares with the items that a real model was asked, as far as logs are
// there: the permuted tasks ask the same ones.
func compareItems(t *testing.T, a score.Answered, form harness.Form, log *harness.Output) {
	t.Helper()
	for _, task := range log.Tasks {
		if task.Benchmark != a.Benchmark.Name || task.Form != form {
			continue
		}
		want, got := slices.Sorted(slices.Values(task.Items)), slices.Sorted(slices.Values(a.Table.Items))
		if !slices.Equal(want, got) {
			t.Errorf("%s asks other items than the objects of %s hold", task.Name, a.Benchmark.Name)
		}
	}
}

func scoreLog(t *testing.T, of []score.Answered, log *harness.Output) {
	t.Helper()
	few := slices.Clone(of)
	for k := range few {
		few[k].Scores = map[string]float64{}
		n := 0
		for _, m := range of[2].Table.Models { // those that have all scores
			if y, ok := of[k].Scores[m]; ok && n < 250 {
				few[k].Scores[m] = y
				n++
			}
		}
	}
	c, err := score.Calibrate(context.Background(), harness.FormB, Provenance(), few, score.CalibrateOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := score.NewScorer(c.Bundle, "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Score(log, score.MinAnswered)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d models: mean %.1f [%.1f, %.1f]", c.Models, r.Mean.Value, r.Mean.Lower, r.Mean.Upper)
	if r.Mean.Value < 24 || r.Mean.Value > 30 || r.Mean.Lower > 26.4 || r.Mean.Upper < 26.4 {
		t.Errorf("the mean of pythia-14m is %+v", *r.Mean)
	}
	if !strings.Contains(r.Made(), "CC BY-NC-SA") || !strings.Contains(r.Made(), "Kipnis") {
		t.Errorf("licence and authors aren't named: %s", r.Made())
	}
}

func TestWhatIsNoClone(t *testing.T) {
	dir := t.TempDir()
	var e *corpus.DataError
	if _, err := Read(context.Background(), dir, catalogue(t)); !errors.As(err, &e) || !strings.Contains(err.Error(), "clone of github.com/adkipnis/metabench") {
		t.Errorf("empty directory: %v", err)
	}
	if _, err := Read(context.Background(), filepath.Join(dir, "absent"), catalogue(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	reduced := filepath.Join(dir, "analysis", "reduced")
	if err := os.MkdirAll(reduced, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(reduced, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("arc-2PL-MAP-0.005-seed=1.rds", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
	write("arc-2PL-MAP-0.005-seed=2.rds", "another seed")
	if _, err := Read(context.Background(), dir, catalogue(t)); err == nil || !strings.Contains(err.Error(), "git lfs pull") {
		t.Errorf("pointer of LFS: %v", err)
	}
	write("arc-2PL-MAP-0.005-seed=1.rds", "X\n\x00\x00\x00\x03")
	if _, err := Read(context.Background(), dir, catalogue(t)); !errors.As(err, &e) || !strings.Contains(err.Error(), "the file ends too early") {
		t.Errorf("half a file: %v", err)
	}
}

// Two objects of one form add up, and may not contradict each other.
func TestObjectsOfOneFormAddUp(t *testing.T) {
	first := func() *answers {
		return &answers{path: "a.rds", items: []string{"1", "2"}, models: []string{"m"}, rows: map[string][]uint8{"m": {0, 1}}, scores: map[string]float64{"m": 50}}
	}
	second := func() *answers {
		return &answers{path: "b.rds", items: []string{"2", "1"}, models: []string{"m", "n"},
			rows: map[string][]uint8{"m": {1, 0}, "n": {1, 1}}, scores: map[string]float64{"m": 50, "n": 60}}
	}
	a := first()
	if err := a.add(second()); err != nil {
		t.Fatal(err)
	}
	of, err := a.answered(corpus.Benchmark{Name: "arc", Metric: "acc_norm"})
	if err != nil || len(of.Table.Models) != 2 || of.Table.Answers.At(0, 1) != response.Correct || of.Scores["n"] != 60 {
		t.Errorf("%+v, %v", of.Table, err)
	}
	for name, spoil := range map[string]func(*answers){
		"other items":    func(b *answers) { b.items[0] = "3" },
		"another answer": func(b *answers) { b.rows["m"] = []uint8{0, 0} },
		"another score":  func(b *answers) { b.scores["m"] = 51 },
	} {
		b := second()
		spoil(b)
		var e *corpus.DataError
		if err := first().add(b); !errors.As(err, &e) || e.File != "b.rds" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
