package harness

import (
	"strings"
	"testing"

	"metabench/corpus"
)

// Exports of one benchmark after the other leave one group of all; a task that another
// build selected is not among them.
func TestAPartialExportLeavesTheGroupWhole(t *testing.T) {
	dir := t.TempDir()
	write := func(run string, sets ...QuestionSet) (group string, others []string) {
		t.Helper()
		g := &Group{Form: FormA, Run: run, Dir: dir, Sets: sets}
		others, err := g.Keep(dir)
		if err != nil {
			t.Fatal(err)
		}
		files, err := g.Files()
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteFiles(dir, files); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Path == g.Name()+".yaml" {
				group = string(f.Content)
			}
		}
		return group, others
	}
	all := sets()
	write("r1", all[1], all[0])
	group, others := write("r1", all[3])
	for _, task := range []string{"metabench_form_a_arc", "metabench_form_a_gsm8k", "metabench_form_a_mmlu"} {
		if !strings.Contains(group, "- "+task+"\n") {
			t.Errorf("the group lacks %s:\n%s", task, group)
		}
	}
	if len(others) > 0 || strings.Count(group, "- metabench") != 3 {
		t.Errorf("others %v\n%s", others, group)
	}
	group, others = write("r2", all[0])
	if len(others) != 2 || strings.Count(group, "- metabench") != 1 {
		t.Errorf("after another build: others %v\n%s", others, group)
	}
}

// The leaderboard ended generated answers at a colon.
func TestGeneratedAnswersEndWhereTheLeaderboardEndedThem(t *testing.T) {
	files := export(t, &Group{Form: FormA, Run: "r1", Dir: "/x y/it's", Sets: sets()})
	task := files["metabench_form_a_gsm8k.yaml"]
	if !strings.Contains(task, "    - ':'\n    - 'Question:'\n    - Question\n") || strings.Contains(task, "im_end") {
		t.Errorf("stop sequences:\n%s", task)
	}
	if readme := files["README.md"]; !strings.Contains(readme, `--include_path '/x y/it'\''s' --tasks`) {
		t.Errorf("the path isn't quoted:\n%s", readme)
	}
	if sets()[3].Style != corpus.Generated {
		t.Fatal("the fourth set isn't generated")
	}
}
