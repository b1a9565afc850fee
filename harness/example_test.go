package harness_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"metabench/corpus"
	"metabench/harness"
)

// A task group that lm-evaluation-harness runs, and the answers in what it then writes.
func Example() {
	dir, err := os.MkdirTemp("", "metabench")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	g := harness.Group{Form: harness.FormA, Dir: filepath.Join(dir, "tasks"), Sets: []harness.QuestionSet{{
		Benchmark: "quiz", Title: "Quiz", Metric: "acc", Style: corpus.Continuation,
		Questions: []harness.Question{
			{Key: "1", Prompt: "Question: Which planet is the largest?\nAnswer:", Choices: []string{"Mars", "Jupiter"}, Gold: 1},
			{Key: "2", Prompt: "Question: Which metal is liquid at room temperature?\nAnswer:", Choices: []string{"mercury", "iron"}},
		},
	}}}
	files, err := g.Files()
	if err != nil {
		log.Fatal(err)
	}
	if err := harness.WriteFiles(g.Dir, files); err != nil {
		log.Fatal(err)
	}
	fmt.Println("lm_eval --include_path tasks --tasks", g.Name())

	// What the harness would log of a model that gets the first question right.
	asked := harness.Task{Benchmark: "quiz", Form: harness.FormA, Model: "org/model", Items: []string{"1", "2"},
		Answers: map[harness.Metric][]uint8{{Name: "acc"}: {1, 0}}}
	logs, err := harness.Log("org/model", time.Unix(0, 0), []harness.Task{asked})
	if err != nil {
		log.Fatal(err)
	}
	if err := harness.WriteFiles(filepath.Join(dir, "results"), logs); err != nil {
		log.Fatal(err)
	}

	out, err := harness.Read(context.Background(), filepath.Join(dir, "results"))
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range out.Tasks {
		answers, metric, err := t.By("acc")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s, %s by %s: items %v, answers %v\n", t.Model, t.Benchmark, metric, t.Items, answers)
	}
	// Output:
	// lm_eval --include_path tasks --tasks metabench_form_a
	// org/model, quiz by acc: items [1 2], answers [1 0]
}
