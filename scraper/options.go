package scraper

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"metabench/corpus"
	"metabench/scraper/hub"
)

// Where the leaderboard of 2023/24 is on the Hub.
const (
	Namespace    = "open-llm-leaderboard-old" // where the evaluations are now
	OldNamespace = "open-llm-leaderboard"     // where they were until mid-2024, and some may still be
	ResultsRepo  = "open-llm-leaderboard-old/results"
	RequestsRepo = "open-llm-leaderboard-old/requests"
)

// Selection says which of several runs of a task counts.
type Selection string

// The selections.
const (
	SelectBest     Selection = "best"     // the newest run with all rows
	SelectFaithful Selection = "faithful" // what the original scraper takes, right or wrong
)

// Options say what to crawl and how.
type Options struct {
	Hub        *hub.Client
	Store      Store
	Benchmarks []corpus.Benchmark // the catalogue

	Only        []string  // names of benchmarks; all when empty
	Models      []string  // globs over model ids, as path.Match but "*" also matches "/"; all when empty
	Limit       int       // most repositories to fetch; 0 for all
	RetryFailed bool      // also what failed permanently before
	Full        bool      // download and hash whole files
	Selection   Selection // SelectBest when empty
	NoModels    bool      // leave out the models' descriptions

	Namespaces []string // of evaluation repositories; both known ones when nil
	Results    string   // repository of published results; empty for none
	Requests   string   // repository of requests for evaluation; empty for none

	Parallel int              // repositories fetched at once; 8 when 0
	Batch    int              // files of a delivery; 16 when 0
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger     // discarded when nil
}

// Check reports options that no crawl can fulfil. It needs neither Hub nor Store, so that it
// can be called before they are opened.
func (o Options) Check() error {
	for _, name := range o.Only {
		if !slices.ContainsFunc(o.Benchmarks, func(b corpus.Benchmark) bool { return b.Name == name }) {
			return fmt.Errorf("no benchmark %q in the catalogue; metabench crawl knows %s", name, strings.Join(o.names(), ", "))
		}
	}
	for _, glob := range o.Models {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("model pattern %q: %w", glob, err)
		}
	}
	if o.Limit < 0 {
		return errors.New("the limit is negative")
	}
	switch o.Selection {
	case "", SelectBest, SelectFaithful:
		return nil
	}
	return fmt.Errorf("no selection %q; there are %s and %s", o.Selection, SelectBest, SelectFaithful)
}

// names are those of the catalogue's benchmarks.
func (o Options) names() []string {
	names := make([]string, len(o.Benchmarks))
	for k, b := range o.Benchmarks {
		names[k] = b.Name
	}
	return names
}

// complete checks the options and fills in what is left out.
func (o Options) complete() (Options, error) {
	if o.Hub == nil || o.Store == nil || len(o.Benchmarks) == 0 {
		panic("scraper: options need a hub, a store and benchmarks")
	}
	if err := o.Check(); err != nil {
		return o, err
	}
	o.Selection = cmp.Or(o.Selection, SelectBest)
	if o.Namespaces == nil {
		o.Namespaces = []string{Namespace, OldNamespace}
	}
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.Batch <= 0 {
		o.Batch = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// selected are the benchmarks to crawl.
func (o Options) selected() []corpus.Benchmark {
	if len(o.Only) == 0 {
		return o.Benchmarks
	}
	var some []corpus.Benchmark
	for _, b := range o.Benchmarks {
		if slices.Contains(o.Only, b.Name) {
			some = append(some, b)
		}
	}
	return some
}

// restricted reports whether the crawl leaves out repositories on purpose.
func (o Options) restricted() bool { return len(o.Models) > 0 || o.Limit > 0 }

// wants reports whether a model matches the patterns.
func (o Options) wants(model string) bool {
	return len(o.Models) == 0 || slices.ContainsFunc(o.Models, func(glob string) bool { return matches(glob, model) })
}

// matches is path.Match where "*" also matches slashes, because the user of
// "*Llama*" means the model, not the organisation. Classes work within a segment.
func matches(glob, model string) bool {
	const slash = "\x00"
	hide := func(s string) string {
		b := []byte(s)
		for i := range b {
			if b[i] == '/' {
				b[i] = slash[0]
			}
		}
		return string(b)
	}
	ok, err := path.Match(hide(glob), hide(model))
	return ok && err == nil
}
