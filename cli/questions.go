package cli

import (
	"context"
	"errors"
	"fmt"

	"metabench/config"
	"metabench/corpus"
	"metabench/pipeline"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// updateTexts reads the texts of selected items on a warehouse that was only read so far, with the
// configured Hub.
func (a *app) updateTexts(ctx context.Context, cfg *config.Loaded, catalogue []corpus.Benchmark) (did pipeline.Texts, err error) {
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
	p := a.pipelineOf(cfg, w, catalogue, func() (*hub.Client, error) { return newHubClient(cfg, a.crawlLog(false)) })
	did, err = p.ReadTexts(ctx)
	return did, pipelineError(err)
}

// errNoTexts says why a benchmark's selected items have no texts, and what helps.
func errNoTexts(t pipeline.Texts, benchmark string) error {
	const remedy = "give sample logs of an evaluation that asked them: --questions LOG..."
	for _, u := range t.Untold {
		if u.Benchmark == benchmark {
			return crawlError(fmt.Errorf("export harness: %w; %s", u, remedy))
		}
	}
	for _, u := range t.Imported {
		if u.Benchmark == benchmark {
			return fmt.Errorf("export harness: the answers to %s were imported, and nothing tells what its selected items ask; %s", benchmark, remedy)
		}
	}
	return fmt.Errorf("export harness: nothing tells what the selected items of %s ask; %s", benchmark, remedy)
}
