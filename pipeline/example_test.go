package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"metabench/analysis/simulate"
	"metabench/config"
	"metabench/corpus"
	"metabench/pipeline"
	"metabench/warehouse"
)

// A program that loads answers, builds, and publishes a snapshot every night. Refresh
// crawls first if it is given a crawl in place of nil: pipeline.NewHubClient and
// pipeline.CrawlOptions make one.
func Example() {
	dir, err := os.MkdirTemp("", "metabench")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := refresh(context.Background(), dir); err != nil {
		log.Fatal(err)
	}
	// Output:
	// pending: [quiz]
	// first night: done, 1 built, 0 unchanged, published
	// second night: done, 0 built, 1 unchanged
}

func refresh(ctx context.Context, dir string) (err error) {
	w, err := warehouse.Create(ctx, warehouse.Options{Path: filepath.Join(dir, "metabench.duckdb"), Command: "example"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	cfg := config.Default()
	cfg.Build.Subsets, cfg.Build.Items, cfg.Build.Forms = 10, 8, 1
	cfg.Publish.Dir = filepath.Join(dir, "published")
	catalogue := []corpus.Benchmark{{Name: "quiz", Metric: "acc", Options: 4, Tasks: []corpus.Task{{Name: "quiz", Items: 24}}}}
	if err := w.SyncBenchmarks(ctx, catalogue); err != nil {
		return err
	}
	if err := w.SetThresholds(ctx, pipeline.Thresholds(cfg)); err != nil {
		return err
	}
	answers, err := simulatedAnswers(catalogue)
	if err != nil {
		return err
	}
	if _, err := w.Import(ctx, answers); err != nil {
		return err
	}

	p := pipeline.New(pipeline.Options{Warehouse: w, Config: cfg, Catalogue: catalogue, CodeVersion: "example"})
	pending, err := p.Pending(ctx)
	if err != nil {
		return err
	}
	fmt.Println("pending:", pending)
	for _, night := range []string{"first", "second"} {
		did, err := p.Refresh(ctx, nil)
		if err != nil {
			return err
		}
		fmt.Printf("%s night: %s, %d built, %d unchanged", night, did.Stage, did.Built, did.Skipped)
		if did.Snapshot != "" {
			fmt.Print(", published")
		}
		fmt.Println()
	}
	return nil
}

// simulatedAnswers are those of 80 simulated models.
func simulatedAnswers(catalogue []corpus.Benchmark) (corpus.Import, error) {
	o := simulate.Default(80, 5)
	o.Gaps, o.Benchmarks = 0, catalogue
	population, err := simulate.New(o)
	if err != nil {
		return corpus.Import{}, err
	}
	in := corpus.Import{Benchmarks: catalogue}
	for _, b := range population.Benchmarks {
		for k, item := range b.Table.Items {
			in.Items = append(in.Items, corpus.Item{Benchmark: b.Name, Task: b.Name, Position: k, Key: item})
		}
		for i, model := range b.Table.Models {
			block := corpus.Block{Model: model, Benchmark: b.Name, Task: b.Name, File: corpus.File{Path: b.Name + ".csv"}}
			for k := range b.Table.Items {
				block.Correct = append(block.Correct, uint8(b.Table.Answers.At(i, k)))
			}
			in.Blocks = append(in.Blocks, block)
		}
	}
	return in, nil
}
