package table

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"metabench/corpus"

	"github.com/google/go-cmp/cmp"
)

// catalogue is a small one: a benchmark of one task and one of three.
func catalogue() []corpus.Benchmark {
	return []corpus.Benchmark{
		{Name: "arc", Metric: "acc_norm", Tasks: []corpus.Task{{Name: "arc", Items: 4}}},
		{Name: "mmlu", Metric: "acc", Tasks: []corpus.Task{
			{Name: "virology", Items: 2}, {Name: "anatomy", Items: 3}, {Name: "astronomy", Items: 2}}},
	}
}

// write puts files into a directory of the test's own.
func write(t testing.TB, files map[string]string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// flat writes an import as task:model → answers, to be compared at a glance.
func flat(im *corpus.Import) map[string]string {
	out := map[string]string{}
	for _, b := range im.Blocks {
		text := make([]byte, len(b.Correct))
		for k, a := range b.Correct {
			text[k] = map[uint8]byte{0: '0', 1: '1', corpus.Missing: '-'}[a]
		}
		out[b.Benchmark+"/"+b.Task+":"+b.Model] = string(text)
	}
	return out
}

func TestReadLongPutsAnswersInTheirPlace(t *testing.T) {
	cases := map[string]struct {
		files map[string]string
		o     LongOptions
		want  map[string]string
	}{
		"catalogue_positions_are_keys_minus_one": {
			files: map[string]string{"a.csv": "model,item,correct\nx,4,1\nx,1,0\ny,2,1\n"},
			o:     LongOptions{Benchmark: "arc"},
			want:  map[string]string{"arc/arc:x": "0--1", "arc/arc:y": "-1--"},
		},
		"missing_answers_stay_missing": {
			files: map[string]string{"a.csv": "model,item,correct\nx,1,\nx,2,NA\nx,3,NaN\nx,4,null\ny,1,1.0\n"},
			o:     LongOptions{Benchmark: "arc"},
			want:  map[string]string{"arc/arc:x": "----", "arc/arc:y": "1---"},
		},
		"own_benchmark_sorts_keys_by_number": {
			files: map[string]string{"a.csv": "item,correct,model\n10,1,x\n9,0,x\n100,1,x\n"},
			o:     LongOptions{Benchmark: "mine"},
			want:  map[string]string{"mine/mine:x": "011"},
		},
		"own_benchmark_over_two_files_shares_positions": {
			files: map[string]string{"a.csv": "model,item,correct\nx,q2,1\n", "b.csv": "model,item,correct\ny,q1,1\ny,q3,0\n"},
			o:     LongOptions{Benchmark: "mine"},
			want:  map[string]string{"mine/mine:x": "-1-", "mine/mine:y": "1-0"},
		},
		"several_benchmarks_by_column": {
			files: map[string]string{"a.csv": "model,benchmark,item,correct\nx,arc,1,1\nx,mine,1,0\nx,mine,2,1\n"},
			want:  map[string]string{"arc/arc:x": "1---", "mine/mine:x": "01"},
		},
		"benchmark_option_chooses_rows": {
			files: map[string]string{"a.csv": "model,benchmark,item,correct\nx,arc,1,1\nx,mine,1,0\n"},
			o:     LongOptions{Benchmark: "mine"},
			want:  map[string]string{"mine/mine:x": "0"},
		},
		"mmlu_numbered_over_alphabetical_subjects": {
			files: map[string]string{"a.csv": "model,item,correct\nx,1,1\nx,3,0\nx,4,1\nx,7,0\n"},
			o:     LongOptions{Benchmark: "mmlu"},
			want:  map[string]string{"mmlu/anatomy:x": "1-0", "mmlu/astronomy:x": "1-", "mmlu/virology:x": "-0"},
		},
		"mmlu_subject_dot_number": {
			files: map[string]string{"a.csv": "model,item,correct\nx,anatomy.2,1\nx,virology.1,0\n"},
			o:     LongOptions{Benchmark: "mmlu"},
			want:  map[string]string{"mmlu/anatomy:x": "-1-", "mmlu/virology:x": "0-"},
		},
		"mmlu_subject_columns": {
			files: map[string]string{"a.csv": "model,item,correct,subject,subject_item\nx,1,1,anatomy,1\nx,5,0,astronomy,2\n"},
			o:     LongOptions{Benchmark: "mmlu"},
			want:  map[string]string{"mmlu/anatomy:x": "1--", "mmlu/astronomy:x": "-0"},
		},
		"published_layout_by_file_name": {
			files: map[string]string{
				"arc.csv":          "source,item,correct\nu/x,2,1.0\n",
				"mmlu_anatomy.csv": "source,item,correct\nu/x,3,0.0\n",
			},
			want: map[string]string{"arc/arc:u/x": "-1--", "mmlu/anatomy:u/x": "--0"},
		},
		"tabs_and_windows_line_ends": {
			files: map[string]string{"a.csv": "\ufeffmodel\titem\tcorrect\r\nx\t1\t1\r\n\r\nx\t2\t0\r\n"},
			o:     LongOptions{Benchmark: "arc"},
			want:  map[string]string{"arc/arc:x": "10--"},
		},
		"hostile_names_are_only_names": {
			files: map[string]string{"a.csv": "model,item,correct\n\"a'); DROP TABLE responses;--, \"\"b\"\"\",1,1\n"},
			o:     LongOptions{Benchmark: "arc"},
			want:  map[string]string{`arc/arc:a'); DROP TABLE responses;--, "b"`: "1---"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.o.Catalogue = catalogue()
			im, err := ReadLong(context.Background(), write(t, c.files), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, flat(im)); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadLongDescribesItemsAndOrigin(t *testing.T) {
	paths := write(t, map[string]string{
		"arc.csv":         "source,item,correct\nu/x,2,1\n",
		"arc_prompts.csv": "item,prompt\n2,\"Question: What\nfloats?\"\n1,Why?\n",
	})
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	im, err := ReadLong(context.Background(), paths, LongOptions{Catalogue: catalogue(), ReadAt: at})
	if err != nil {
		t.Fatal(err)
	}
	want := []corpus.Item{
		{Benchmark: "arc", Task: "arc", Position: 0, Key: "1", Prompt: "Why?", Hash: corpus.QuestionHash("Why?")},
		{Benchmark: "arc", Task: "arc", Position: 1, Key: "2", Prompt: "Question: What\nfloats?",
			Hash: corpus.QuestionHash("Question: What floats?")},
		{Benchmark: "arc", Task: "arc", Position: 2, Key: "3"},
		{Benchmark: "arc", Task: "arc", Position: 3, Key: "4"},
	}
	if diff := cmp.Diff(want, im.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	f := im.Blocks[0].File
	// sha256sum of the file above
	if f.Path != paths[0] || f.Size != 28 || f.ReadAt != at || f.Verified != corpus.VerifiedHash ||
		f.SHA256 != "6f0747c3c3a57f49ae68f2bb1f310015aee3e44ece9fb2b242ed428baa66d883" {
		t.Errorf("origin %+v", f)
	}
}

func TestReadLongIgnoresTheOrderOfRows(t *testing.T) {
	read := func(content string) *corpus.Import {
		im, err := ReadLong(context.Background(), write(t, map[string]string{"a.csv": content}), LongOptions{Benchmark: "mine"})
		if err != nil {
			t.Fatal(err)
		}
		for k := range im.Blocks {
			im.Blocks[k].File = corpus.File{} // another file, so another origin
		}
		return im
	}
	a := read("model,item,correct\nx,q10,1\nx,q9,0\ny,q9,1\n")
	b := read("model,item,correct\ny,q9,1\nx,q9,0\nx,q10,1\n")
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("shuffled rows (-a +b):\n%s", diff)
	}
}

// checkImport checks what holds for every import: items stand at their positions,
// keys differ, blocks are as long as their task has items, and hold 0, 1 or missing.
func checkImport(t *testing.T, im *corpus.Import) {
	t.Helper()
	items := map[[2]string]int{}
	keys := map[[2]string]bool{}
	for _, item := range im.Items {
		task := [2]string{item.Benchmark, item.Task}
		if item.Position != items[task] {
			t.Fatalf("item %q at position %d, want %d", item.Key, item.Position, items[task])
		}
		items[task]++
		if id := [2]string{item.Benchmark, item.Key}; keys[id] {
			t.Fatalf("key %q twice", item.Key)
		} else {
			keys[id] = true
		}
	}
	for _, b := range im.Blocks {
		if n := items[[2]string{b.Benchmark, b.Task}]; len(b.Correct) != n || b.Model == "" {
			t.Fatalf("model %q has %d answers to %d items of %s", b.Model, len(b.Correct), n, b.Task)
		}
		for _, a := range b.Correct {
			if a > 1 && a != corpus.Missing {
				t.Fatalf("answer %d", a)
			}
		}
	}
}
