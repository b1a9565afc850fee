package table

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/internal/refdata"
)

// subjects are MMLU's, with the number of questions on the leaderboard.
const subjects = `abstract_algebra 100 anatomy 135 astronomy 152 business_ethics 100 clinical_knowledge 265
college_biology 144 college_chemistry 100 college_computer_science 100 college_mathematics 100 college_medicine 173
college_physics 102 computer_security 100 conceptual_physics 235 econometrics 114 electrical_engineering 145
elementary_mathematics 378 formal_logic 126 global_facts 100 high_school_biology 310 high_school_chemistry 203
high_school_computer_science 100 high_school_european_history 165 high_school_geography 198
high_school_government_and_politics 193 high_school_macroeconomics 390 high_school_mathematics 270
high_school_microeconomics 238 high_school_physics 151 high_school_psychology 545 high_school_statistics 216
high_school_us_history 204 high_school_world_history 237 human_aging 223 human_sexuality 131 international_law 121
jurisprudence 108 logical_fallacies 163 machine_learning 112 management 103 marketing 234 medical_genetics 100
miscellaneous 783 moral_disputes 346 moral_scenarios 895 nutrition 306 philosophy 311 prehistory 324
professional_accounting 282 professional_law 1534 professional_medicine 272 professional_psychology 612
public_relations 110 security_studies 245 sociology 201 us_foreign_policy 100 virology 166 world_religions 171`

func leaderboard(t testing.TB) []corpus.Benchmark {
	t.Helper()
	single := func(name, metric string, items int) corpus.Benchmark {
		return corpus.Benchmark{Name: name, Metric: metric, Tasks: []corpus.Task{{Name: name, Items: items}}}
	}
	mmlu := corpus.Benchmark{Name: "mmlu", Metric: "acc"}
	fields := strings.Fields(subjects)
	for k := 0; k < len(fields); k += 2 {
		n, err := strconv.Atoi(fields[k+1])
		if err != nil {
			t.Fatal(err)
		}
		mmlu.Tasks = append(mmlu.Tasks, corpus.Task{Name: fields[k], Items: n})
	}
	if len(mmlu.Tasks) != 57 || mmlu.Items() != 14042 {
		t.Fatalf("%d subjects with %d items", len(mmlu.Tasks), mmlu.Items())
	}
	return []corpus.Benchmark{single("arc", "acc_norm", 1172), single("hellaswag", "acc_norm", 10042),
		single("truthfulqa", "mc1", 817), single("winogrande", "acc", 1267), single("gsm8k", "exact_match", 1319), mmlu}
}

// Every response table at hand is imported, and no answer is lost or invented.
func TestReadLongImportsTheWholeCorpus(t *testing.T) {
	root := refdata.Path(t)
	var paths []string
	for _, pattern := range []string{"oll1/responses/*.parquet", "oll2/*.parquet", "benchpred/*.parquet", "psn-irt/*.parquet", "wmdp/*.parquet"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) < 20 {
		t.Fatalf("only %d response tables found", len(paths))
	}
	for _, path := range paths {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			f, err := ReadFrame(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			o := LongOptions{Catalogue: leaderboard(t)}
			if !f.Has("benchmark") {
				o.Benchmark = strings.TrimSuffix(filepath.Base(path), ".parquet")
			}
			im, err := ReadLong(context.Background(), []string{path}, o)
			if err != nil {
				t.Fatal(err)
			}
			answers, right := 0, 0
			for _, b := range im.Blocks {
				for _, a := range b.Correct {
					if a != corpus.Missing {
						answers++
						right += int(a)
					}
				}
			}
			correct, err := f.Floats("correct")
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			for _, c := range correct {
				want += int(c)
			}
			if answers != f.Rows() || right != want {
				t.Errorf("%d answers, %d right, want %d, %d", answers, right, f.Rows(), want)
			}
		})
	}
}

// The three ways of naming MMLU's items agree, on real data.
func TestReadLongAgreesOnMMLUItems(t *testing.T) {
	path := refdata.Path(t, "oll1", "responses", "mmlu.parquet")
	byColumn, err := ReadLong(context.Background(), []string{path}, LongOptions{Benchmark: "mmlu", Catalogue: leaderboard(t)})
	if err != nil {
		t.Fatal(err)
	}
	byNumber, err := ReadLong(context.Background(), []string{path}, LongOptions{Benchmark: "mmlu", Catalogue: leaderboard(t), Item: "item"})
	if err != nil {
		t.Fatal(err)
	}
	same := slices.EqualFunc(byColumn.Blocks, byNumber.Blocks, func(a, b corpus.Block) bool {
		return a.Model == b.Model && a.Task == b.Task && slices.Equal(a.Correct, b.Correct)
	})
	if !same {
		t.Error("subject_item and the number over all subjects put answers in different places")
	}
}

// Every table that isn't one of answers can be read as a frame.
func TestReadFrameReadsEveryTable(t *testing.T) {
	root := refdata.Path(t)
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if table := strings.Contains(path, ".csv") || strings.HasSuffix(path, ".parquet"); d.IsDir() || !table || strings.Contains(path, "responses") {
			return nil
		}
		n++
		if _, err := ReadFrame(context.Background(), path); err != nil {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tables", n)
}
