package scraper_test

import (
	"context"
	"fmt"
	"slices"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
	"metabench/scraper/hub"
)

// memory is a small scraper.Store. It keeps states only as long as one crawl needs them.
type memory struct {
	scraper.Remembered // no repository was read before
	items              map[[2]string][]corpus.Item
	blocks             []corpus.Block
}

func (m *memory) Items(_ context.Context, benchmark, task string) ([]corpus.Item, error) {
	return slices.Clone(m.items[[2]string{benchmark, task}]), nil
}

func (m *memory) Record(_ context.Context, d corpus.Delivery) error {
	for _, it := range d.Items {
		key := [2]string{it.Benchmark, it.Task}
		m.items[key] = append(m.items[key], it)
	}
	m.blocks = append(m.blocks, d.Blocks...)
	return nil
}

// A crawl reads one benchmark of three models from a replica of the Hub.
func Example() {
	catalogue := hubtest.Scaled(hubtest.Leaderboard(), 0.02, 5)
	replica, err := hubtest.NewServer(hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 3, Benchmarks: catalogue}),
		hubtest.ServerOptions{Unlimited: true})
	if err != nil {
		panic(err)
	}
	defer func() { _ = replica.Close() }()

	client, err := hub.New(hub.Options{Endpoint: replica.Endpoint()})
	if err != nil {
		panic(err)
	}
	store := &memory{items: map[[2]string][]corpus.Item{}}
	crawl, err := scraper.New(scraper.Options{
		Hub: client, Store: store, Benchmarks: catalogue, Only: []string{"arc"}, NoModels: true,
	})
	if err != nil {
		panic(err)
	}
	summary, err := crawl.Run(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(summary.Fetched, "repositories,", summary.Failed, "failures")
	for _, b := range store.blocks {
		fmt.Println(b.Benchmark, len(b.Correct), "answers, verified by", b.File.Verified)
	}
	// Output:
	// 3 repositories, 0 failures
	// arc 23 answers, verified by structure
	// arc 23 answers, verified by structure
	// arc 23 answers, verified by structure
}
