package hub_test

import (
	"context"
	"fmt"
	"strings"

	"metabench/internal/hubtest"
	"metabench/scraper/hub"
)

// List the evaluation repositories of a namespace, then the files of the first, and read its
// card.
func ExampleClient() {
	replica, err := hubtest.NewServer(hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 3, Generation: hubtest.GenerationA,
		Benchmarks: hubtest.Leaderboard()[:1]}), hubtest.ServerOptions{Unlimited: true})
	if err != nil {
		panic(err)
	}
	defer func() { _ = replica.Close() }()

	ctx := context.Background()
	client, err := hub.New(hub.Options{Endpoint: replica.Endpoint()})
	if err != nil {
		panic(err)
	}
	var repos []hub.Dataset
	err = client.Datasets(ctx, "open-llm-leaderboard-old", "details_", func(d hub.Dataset) error {
		repos = append(repos, d)
		return nil
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(repos), "repositories")
	files, _, err := client.Tree(ctx, repos[0].Repo, repos[0].SHA)
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		if f.Path == "README.md" {
			card, err := client.Small(ctx, repos[0].Repo, repos[0].SHA, f, 1<<20)
			if err != nil {
				panic(err)
			}
			first, _, _ := strings.Cut(string(card), " of ")
			fmt.Printf("%q\n", first)
		}
	}
	// Output:
	// 3 repositories
	// "---\npretty_name: Evaluation run"
}
