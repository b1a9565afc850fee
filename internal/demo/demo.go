// Package demo is the whole flow on simulated models: a replica of the Hub that serves
// their evaluation files, a crawl of it, a build, and what lm-evaluation-harness would
// have logged of one more model.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"metabench/analysis"
	"metabench/config"
	"metabench/corpus"
	"metabench/pipeline"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// The size of the demo: large enough to distil, small enough for a minute.
const (
	share    = 0.25 // of each task's questions
	subjects = 8    // of MMLU's 57
	broken   = 0.12 // share of repositories that are odd or broken

	// MinModels is how many models a build needs at least.
	MinModels = 60
)

// Options say how large the demo is, and where its progress is reported.
type Options struct {
	Dir         string // of the warehouse
	Models      int    // simulated
	CodeVersion string
	Report      analysis.Reporter
	Log         *slog.Logger
	Watch       func(*scraper.Crawl) (stop func()) // see pipeline.Crawl
	Note        func(text string)                  // what is going on, for people
}

// Config is the default configuration with the demo's directories and sizes.
func Config(dir string) (*config.Loaded, error) {
	return config.Load(config.Sources{Flags: map[string]string{
		"warehouse.path": filepath.Join(dir, "metabench.duckdb"),
		"publish.dir":    filepath.Join(dir, "published"),
		"build.subsets":  "300", "build.preselect": "150", "build.items": "40", "build.test_share": "0.2",
	}})
}

// Run simulates the models, crawls their replica of the Hub into a warehouse, builds, and
// reads the texts of the selected items.
func Run(ctx context.Context, o Options) error {
	cfg, err := Config(o.Dir)
	if err != nil {
		return err
	}
	catalogue, err := catalogue()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fmt.Errorf("make the demo's directory: %w", err)
	}
	o.Note(fmt.Sprintf("simulating %d models on %d benchmarks", o.Models, len(catalogue)))
	server, err := NewHub(catalogue, o.Models)
	if err != nil {
		return err
	}
	o.Note("crawling the replica of the Hub at " + server.Endpoint())
	err = o.fill(ctx, cfg.Config, catalogue, server.Endpoint())
	return errors.Join(err, server.Close())
}

// fill crawls the endpoint into the demo's warehouse and builds.
func (o Options) fill(ctx context.Context, cfg config.Config, catalogue []corpus.Benchmark, endpoint string) (err error) {
	w, err := warehouse.Create(ctx, warehouse.Options{Path: cfg.Warehouse.Path, MemoryLimit: cfg.Warehouse.MemoryLimit,
		Threads: cfg.Warehouse.Threads, WaitLock: cfg.Warehouse.WaitLock, Command: "demo", New: true}) // nothing that others rely on
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.SyncBenchmarks(ctx, catalogue); err != nil {
		return err
	}
	client, err := hub.New(hub.Options{Endpoint: endpoint, UserAgent: "metabench/demo", MaxWait: time.Minute, Log: o.Log})
	if err != nil {
		return err
	}
	p := pipeline.New(pipeline.Options{Warehouse: w, Config: cfg, Catalogue: catalogue, CodeVersion: o.CodeVersion,
		Report: o.Report, Hub: func() (*hub.Client, error) { return client, nil }, Log: o.Log})
	summary, err := p.Crawl(ctx, pipeline.CrawlOptions(cfg, catalogue, client, o.Log), o.Watch)
	if err != nil {
		return err
	}
	o.Note(fmt.Sprintf("crawled %d of %d repositories: %d task files read, %d refused as broken, %.1f MB in %d requests",
		summary.Fetched, summary.Listed, summary.Tasks[corpus.StatusDone],
		summary.Tasks[corpus.StatusPermanent]+summary.Tasks[corpus.StatusPolicy], float64(summary.Stats.Bytes)/1e6, summary.HubRequests))
	built, err := p.Build(ctx, nil, "")
	for _, line := range built.Lines() {
		o.Note("left out: " + line)
	}
	if err != nil {
		return err
	}
	did, err := p.ReadTexts(ctx)
	if err == nil && did.Missing() > 0 {
		o.Note(fmt.Sprintf("%d selected items have no text: their files don't have what was asked", did.Missing()))
	}
	return err
}
