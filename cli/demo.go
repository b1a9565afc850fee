package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/response"
	"metabench/analysis/simulate"
	"metabench/config"
	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// The size of the demo: large enough to distil, small enough for a minute.
const (
	demoShare    = 0.25 // of each task's questions
	demoSubjects = 8    // of MMLU's 57
	demoBroken   = 0.12 // share of repositories that are odd or broken
)

func newDemoCommand(a *app) *cobra.Command {
	var dir string
	var models int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole flow on simulated models: crawl a local replica of the Hub, build, reconstruct",
		Long: `Run the whole flow without network or set-up: simulate a population of models on the
six benchmarks (each cut to a quarter of its questions), serve their evaluation files
by a replica of the Hub on loopback (some repositories odd or broken, as on the real
one), crawl it into a warehouse, build, and print what was distilled and with what
error. The warehouse stays in --dir, to be queried.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if models < 60 {
				return usagef("--models %d: a build needs at least 60", models)
			}
			return a.demo(cmd.Context(), dir, models)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "demo", "directory of the demo's warehouse")
	cmd.Flags().IntVar(&models, "models", 300, "number of simulated models")
	return cmd
}

func (a *app) demo(ctx context.Context, dir string, models int) error {
	cfg, err := config.Load(config.Sources{Flags: map[string]string{
		"warehouse.path": filepath.Join(dir, "metabench.duckdb"),
		"publish.dir":    filepath.Join(dir, "published"),
		"build.subsets":  "300", "build.preselect": "150", "build.items": "40", "build.test_share": "0.2",
	}})
	if err != nil {
		return err
	}
	catalogue, err := demoCatalogue()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the demo's directory: %w", err)
	}
	fmt.Fprintf(a.Err, "simulating %d models on %d benchmarks\n", models, len(catalogue))
	server, err := demoHub(catalogue, models)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "crawling the replica of the Hub at %s\n", server.Endpoint())
	err = a.demoFill(ctx, cfg, catalogue, server.Endpoint())
	if err := errors.Join(err, server.Close()); err != nil {
		return err
	}
	if err := a.readWarehouse(ctx, cfg, "demo", func(w *warehouse.Warehouse) error { return a.printDistilled(ctx, w) }); err != nil {
		return err
	}
	err = a.readWarehouse(ctx, cfg, "demo", func(w *warehouse.Warehouse) error { return demoHarness(ctx, w, filepath.Join(dir, "harness")) })
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "\nThe warehouse is %s. Try:\n  metabench --warehouse %[1]s status\n"+
		"  metabench --warehouse %[1]s query \"from reconstruction_metric\"\n"+
		"To score a model by the selected questions alone (%[2]s holds the answers of a\nsimulated one that nothing was fitted on, as lm-evaluation-harness logs them):\n"+
		"  metabench --warehouse %[1]s export bundle %[3]s\n  metabench score %[2]s --bundle %[3]s\n"+
		"To ask a model of your own the selected questions, as tasks of lm-evaluation-harness:\n"+
		"  metabench --warehouse %[1]s export harness %[4]s\n",
		cfg.Warehouse.Path, filepath.Join(dir, "harness"), filepath.Join(dir, "metabench.bundle"), filepath.Join(dir, "tasks"))
	return nil
}

// demoFill crawls the endpoint into the demo's warehouse and builds.
func (a *app) demoFill(ctx context.Context, cfg *config.Loaded, catalogue []corpus.Benchmark, endpoint string) (err error) {
	options := warehouseOptions(cfg, "demo")
	options.Published, options.New = "", true // nothing that others rely on
	w, err := warehouse.Create(ctx, options)
	if err != nil {
		return warehouseError(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.SyncBenchmarks(ctx, catalogue); err != nil {
		return err
	}
	client, err := hub.New(hub.Options{Endpoint: endpoint, UserAgent: "metabench/demo", MaxWait: time.Minute, Log: a.crawlLog(false)})
	if err != nil {
		return err
	}
	p := a.pipelineOf(cfg, w, catalogue, func() (*hub.Client, error) { return client, nil })
	summary, err := p.Crawl(ctx, scraper.Options{
		Hub: client, Benchmarks: catalogue, Selection: scraper.SelectBest, Parallel: cfg.Hub.Parallel,
		Results: scraper.ResultsRepo, Requests: scraper.RequestsRepo, Log: a.crawlLog(false),
	}, a.watchCrawl)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "crawled %d of %d repositories: %d task files read, %d refused as broken, %s in %d requests\n",
		summary.Fetched, summary.Listed, summary.Tasks[corpus.StatusDone],
		summary.Tasks[corpus.StatusPermanent]+summary.Tasks[corpus.StatusPolicy], megabytes(summary.Stats.Bytes), summary.HubRequests)
	built, err := p.Build(ctx, nil, "")
	for _, line := range built.Lines() {
		fmt.Fprintln(a.Err, "left out:", line)
	}
	if err != nil {
		return err
	}
	did, err := p.ReadTexts(ctx)
	if err == nil && did.Missing() > 0 {
		fmt.Fprintf(a.Err, "%d selected items have no text: their files don't tell what was asked\n", did.Missing())
	}
	return err
}

// demoCatalogue is the built-in one with a share of the questions.
func demoCatalogue() ([]corpus.Benchmark, error) {
	catalogue, err := config.Catalogue("")
	if err != nil {
		return nil, err
	}
	for k := range catalogue {
		catalogue[k].Tasks = catalogue[k].Tasks[:min(demoSubjects, len(catalogue[k].Tasks))]
	}
	return hubtest.Scaled(catalogue, demoShare, 20), nil
}

// demoHub serves a simulated population's evaluation files.
func demoHub(catalogue []corpus.Benchmark, models int) (*hubtest.Server, error) {
	opts := simulate.Default(models, 1)
	opts.Benchmarks, opts.Gaps = catalogue, 0
	population, err := simulate.New(opts)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(population.Models))
	for i, m := range population.Models {
		names[i] = m.Name
	}
	answers := newDemoAnswers(population)
	replica := hubtest.NewCorpus(hubtest.CorpusOptions{
		Seed: 1, Models: models, Names: names, Benchmarks: catalogue, Population: answers, Broken: demoBroken,
	})
	answers.name(replica.Models(), names)
	return hubtest.NewServer(replica, hubtest.ServerOptions{Unlimited: true})
}

// demoAnswers looks the replica's answers up in a simulated population.
type demoAnswers struct {
	rows  map[string]int
	tasks map[[2]string]demoTask
}

// demoTask is where a task's answers are in its benchmark's matrix.
type demoTask struct {
	answers      *response.Matrix
	first, items int
}

func newDemoAnswers(p *simulate.Population) *demoAnswers {
	d := &demoAnswers{rows: map[string]int{}, tasks: map[[2]string]demoTask{}}
	for _, b := range p.Benchmarks {
		first := 0
		for _, t := range b.Tasks {
			d.tasks[[2]string{b.Name, t.Name}] = demoTask{b.Table.Answers, first, t.Items}
			first += t.Items
		}
	}
	return d
}

// name says which model has which simulated answers. The replica gives some models
// names of its own, hostile ones: these get the answers of those that they replace.
func (d *demoAnswers) name(models, simulated []string) {
	row := map[string]int{}
	for i, name := range simulated {
		row[name] = i
	}
	var strangers []string
	for _, m := range models {
		if i, ok := row[m]; ok {
			d.rows[m] = i
			delete(row, m)
		} else {
			strangers = append(strangers, m)
		}
	}
	left := slices.Sorted(maps.Values(row))
	for k, m := range strangers {
		d.rows[m] = left[k]
	}
}

// Answers implements hubtest.Population.
func (d *demoAnswers) Answers(model, benchmark, task string) []uint8 {
	t, ok := d.tasks[[2]string{benchmark, task}]
	row, known := d.rows[model]
	if !ok || !known {
		panic("cli: the replica asks for " + strconv.Quote(model+" on "+benchmark+" "+task) + ", which was not simulated")
	}
	out := make([]uint8, t.items)
	for k := range out {
		if t.answers.At(row, t.first+k) == response.Correct {
			out[k] = 1
		}
	}
	return out
}
