// Package pipeline is what runs every night, as a library: crawl, build what changed,
// read what newly selected items ask, check, publish. It decides which stages are
// needed, gives every computation the identity of its inputs, and records how it ended.
// It prints nothing and knows no command line.
package pipeline

import (
	"log/slog"

	"metabench/analysis"
	"metabench/config"
	"metabench/corpus"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// Options say what a pipeline works on.
type Options struct {
	// Warehouse is open for writing, and knows the catalogue and the thresholds.
	Warehouse *warehouse.Warehouse
	Config    config.Config
	// Catalogue are the known benchmarks. By the mean score over them their models are
	// split, and their scores are reconstructed together.
	Catalogue []corpus.Benchmark
	// CodeVersion identifies the program in the record of a run.
	CodeVersion string
	// Report is called as stages get on; may be nil.
	Report analysis.Reporter
	// Hub makes the client that texts are read with. It is called only when there is
	// something to read.
	Hub func() (*hub.Client, error)
	// ExitCode is what the process ends with for an error. It is among the metrics.
	ExitCode func(error) int
	// Log gets what goes wrong with single sources; may be nil.
	Log *slog.Logger
}

// Pipeline runs the stages on one warehouse.
type Pipeline struct {
	w     *warehouse.Warehouse
	opts  Options
	build buildFunc
}

// New makes a pipeline.
func New(o Options) *Pipeline {
	if o.Report == nil {
		o.Report = func(string, int, int) {}
	}
	if o.ExitCode == nil {
		o.ExitCode = func(err error) int {
			if err != nil {
				return 1
			}
			return 0
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Pipeline{w: o.Warehouse, opts: o, build: analysis.Build}
}
