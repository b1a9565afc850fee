package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"metabench/config"
	"metabench/corpus"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// textsRead is what reading the texts of selected items came to.
type textsRead struct {
	read     int                    // items
	untold   []*scraper.UntoldError // tasks whose files on the Hub don't tell
	imported []corpus.UnreadTask    // tasks whose answers came from no file of the Hub
}

// missing counts the selected items that have no text still.
func (t textsRead) missing() int {
	n := 0
	for _, u := range t.untold {
		n += len(u.Items)
	}
	for _, u := range t.imported {
		n += len(u.Unread)
	}
	return n
}

// readTexts reads the texts of selected items that have none, of both forms, from the
// files that their answers came from, and keeps them in the warehouse. Where all have
// one, no client is made and nothing is asked of the Hub.
func (a *app) readTexts(ctx context.Context, w *warehouse.Warehouse, client func() (*hub.Client, error), catalogue []corpus.Benchmark, cfg *config.Loaded) (textsRead, error) {
	var did textsRead
	tasks, err := w.UnreadQuestions(ctx)
	if err != nil {
		return did, err
	}
	crawled := slices.DeleteFunc(slices.Clone(tasks), func(t corpus.UnreadTask) bool { return len(t.Files) == 0 })
	did.imported = slices.DeleteFunc(tasks, func(t corpus.UnreadTask) bool { return len(t.Files) > 0 })
	if len(crawled) == 0 {
		return did, nil
	}
	reader, err := client()
	if err != nil {
		return did, err
	}
	items := 0
	for _, t := range crawled {
		items += len(t.Unread)
	}
	if !a.noProgress {
		fmt.Fprintf(a.Err, "reading the texts of %d selected items from files of %d tasks on the Hub\n", items, len(crawled))
	}
	did.untold, err = scraper.ReadQuestions(ctx, scraper.QuestionOptions{
		Hub: reader, Benchmarks: catalogue, Parallel: cfg.Hub.Parallel, Log: a.crawlLog(false),
		Keep: func(ctx context.Context, questions []corpus.Question) error {
			did.read += len(questions)
			return w.StoreQuestions(ctx, questions)
		},
	}, crawled)
	if err != nil {
		return did, crawlError(err)
	}
	return did, nil
}

// updateTexts is readTexts on a warehouse that was only read so far, with the
// configured Hub.
func (a *app) updateTexts(ctx context.Context, cfg *config.Loaded, catalogue []corpus.Benchmark) (did textsRead, err error) {
	snapshot, err := warehouse.IsSnapshot(cfg.Warehouse.Path)
	if err != nil {
		return did, err
	}
	if snapshot {
		return did, fmt.Errorf("%s is a published snapshot, which is never written to; export from the warehouse itself, or publish again after metabench refresh", cfg.Warehouse.Path)
	}
	w, err := warehouse.Open(ctx, warehouseOptions(cfg, "export harness"))
	if err != nil {
		return did, warehouseError(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return a.readTexts(ctx, w, func() (*hub.Client, error) { return newHubClient(cfg, a.crawlLog(false)) }, catalogue, cfg)
}

// errNoTexts says why a benchmark's selected items have no texts, and what helps.
func (t textsRead) errNoTexts(benchmark string) error {
	const remedy = "give sample logs of an evaluation that asked them: --questions LOG..."
	for _, u := range t.untold {
		if u.Benchmark == benchmark {
			return crawlError(fmt.Errorf("export harness: %w; %s", u, remedy))
		}
	}
	for _, u := range t.imported {
		if u.Benchmark == benchmark {
			return fmt.Errorf("export harness: the answers to %s were imported, and nothing tells what its selected items ask; %s", benchmark, remedy)
		}
	}
	return fmt.Errorf("export harness: nothing tells what the selected items of %s ask; %s", benchmark, remedy)
}
