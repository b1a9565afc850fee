package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/corpus"
	"metabench/pipeline"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// crawlFlags are the flags of crawl that are not configuration.
type crawlFlags struct {
	dryRun      bool
	benchmarks  []string
	models      []string
	limit       int
	retryFailed bool
	noModels    bool
	verbose     bool
	quiet       bool // log nothing: what failed is counted, and in the warehouse
	verify      string
}

func newCrawlCommand(a *app) *cobra.Command {
	var f crawlFlags
	cmd := &cobra.Command{
		Use:   "crawl",
		Short: "Fetch every leaderboard model's answers from the Hub into the warehouse",
		Long: `Fetch what is new on the Hub: the answers of every leaderboard model to every
question, the published scores, and what is known about the models.

Only the bytes that hold answers are read, within the Hub's quota. The crawl can be
interrupted at any instant; the next one goes on. What failed for transient reasons
is tried again by itself, what failed for good only with --retry-failed.

A dry run makes and writes nothing, and works while another process holds the
warehouse: it then compares with the newest published snapshot. How many bytes a
crawl takes is estimated from the footers of some files of up to 24 repositories,
which it reads.

HF_TOKEN (or HF_TOKEN_PATH, or the token file below HF_HOME) raises the quota and is
sent to HF_ENDPOINT only. HF_HUB_OFFLINE=1 allows no request at all.`,
		Example: `  metabench crawl --dry-run
  metabench crawl --benchmark arc --model 'mistralai/*' --limit 20
  metabench crawl --retry-failed
  HF_ENDPOINT=http://127.0.0.1:8089 metabench crawl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.crawl(cmd, f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be fetched, what it costs and how long it takes")
	flags.StringSliceVar(&f.benchmarks, "benchmark", nil, "only these benchmarks")
	flags.StringArrayVar(&f.models, "model", nil, "only models that match this pattern, such as 'org/*'; repeatable")
	flags.IntVar(&f.limit, "limit", 0, "fetch at most this many repositories; 0 for all")
	flags.BoolVar(&f.retryFailed, "retry-failed", false, "try again what failed for good")
	flags.BoolVar(&f.noModels, "no-models", false, "leave out what is known about the models besides their answers")
	a.newWarehouseFlag(flags)
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every failure and retry")
	flags.StringVar(&f.verify, "verify", "", "full: download and hash whole files; structure: read and check only what is needed")
	configFlag(flags, "selection", "hub.selection", "which run of a task counts: best or faithful")
	configFlag(flags, "parallel", "hub.parallel", "repositories fetched at once")
	configFlag(flags, "timeout", "hub.timeout", "longest wait for quota; 0 for none")
	return cmd
}

func (a *app) crawl(cmd *cobra.Command, f crawlFlags) error {
	cfg, err := a.load(cmd)
	if err != nil {
		return err
	}
	options, err := a.crawlOptions(cfg, f)
	if err != nil {
		return err
	}
	if f.dryRun {
		plan, err := pipeline.PlanCrawl(cmd.Context(), warehouseOptions(cfg, "crawl --dry-run"), options)
		if err != nil {
			return pipelineError(warehouseError(err))
		}
		return a.printPlan(plan)
	}
	if err := a.warnOfLittleSpace(cfg, "", ""); err != nil {
		return err
	}
	var failed error
	err = a.withWarehouse(cmd.Context(), cfg, "crawl", func(w *warehouse.Warehouse) error {
		p, err := a.pipeline(cfg, w)
		if err != nil {
			return err
		}
		summary, err := p.Crawl(cmd.Context(), options, a.watchCrawl)
		if summary != nil {
			if printErr := a.printCrawl(summary); printErr != nil {
				return errors.Join(err, printErr)
			}
		}
		if err == nil {
			failed = pipelineError(pipeline.TooManyFailed(summary.Standing, cfg.Hub.MaxFailed))
		}
		return pipelineError(err)
	})
	return cmp.Or(err, failed)
}

// crawlOptions is the crawl that configuration and flags ask for, without its store.
func (a *app) crawlOptions(cfg *config.Loaded, f crawlFlags) (scraper.Options, error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return scraper.Options{}, err
	}
	log := a.crawlLog(f.verbose)
	if f.quiet {
		log = slog.New(slog.DiscardHandler)
	}
	client, err := newHubClient(cfg, log)
	if err != nil {
		return scraper.Options{}, err
	}
	options := pipeline.CrawlOptions(cfg.Config, catalogue, client, log)
	options.Only, options.Models, options.Limit = f.benchmarks, f.models, f.limit
	options.RetryFailed, options.NoModels = f.retryFailed, f.noModels
	switch f.verify {
	case "":
	case "full", "structure":
		options.Full = f.verify == "full"
	default:
		return options, usagef("--verify %q: want full or structure", f.verify)
	}
	return options, withCode(ExitUsage, options.Check())
}

// newHubClient makes a client of the configured Hub.
func newHubClient(cfg *config.Loaded, log *slog.Logger) (*hub.Client, error) {
	client, err := pipeline.NewHubClient(cfg.Config, "metabench/"+thisBuild().Version, log)
	return client, withCode(ExitUsage, err)
}

func (a *app) crawlLog(verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: level}))
}

// crawlError gives an error of a crawl its exit code.
func crawlError(err error) error {
	switch kind := hub.KindOf(err); {
	case errors.Is(err, context.Canceled):
		return interrupted(err)
	case kind == hub.KindCredentials:
		return withCode(ExitAuth, err)
	case errors.Is(err, scraper.ErrUnreachable),
		kind == hub.KindQuota, kind == hub.KindNetwork, kind == hub.KindServer:
		return withCode(ExitTemporary, err)
	}
	return err
}

func (a *app) printCrawl(s *scraper.Summary) error {
	err := a.print(s, func(p *page) {
		g := newGrid("crawl", "")
		some := func(name string, n int) { // a row where there are any
			if n > 0 {
				g.count(name, n)
			}
		}
		g.count("repositories listed", s.Listed)
		g.count("unchanged", s.Unchanged)
		some("second repositories of a model", s.Duplicates)
		g.count("fetched", s.Fetched)
		for _, status := range []corpus.Status{corpus.StatusDone, corpus.StatusMissing, corpus.StatusTransient, corpus.StatusPermanent, corpus.StatusPolicy} {
			some("tasks "+string(status), s.Tasks[status])
		}
		some("files with rows in another order", s.Realigned)
		some("files whose order can't be checked", s.Assumed)
		some("names and paths refused", s.Refused)
		some("published scores", s.Scores)
		some("vanished from the Hub since the last crawl", s.Vanished)
		some("back on the Hub", s.Returned)
		some("vanished, in all", s.Standing.Vanished)
		g.row("requests to the Hub", strconv.FormatInt(s.HubRequests, 10))
		g.row("bytes", megabytes(s.Stats.Bytes))
		g.row("seconds", fixed(s.Seconds, 1))
		for _, row := range []struct {
			what string
			corpus.Failing
		}{{"repositories", s.Standing.Repositories}, {"tasks", s.Standing.Files}} {
			if n := row.Transient + row.Permanent + row.Policy; n > 0 {
				g.row(row.what+" that can't be had", fmt.Sprintf("%d (%d for good, %d tried again, %d by policy)", n, row.Permanent, row.Transient, row.Policy))
			}
		}
		p.table(g)
	})
	if err != nil || a.json {
		return err
	}
	const most = 10
	for _, f := range s.Failures[:min(len(s.Failures), most)] {
		a.notef("%s: %s", f.Status, f.Error)
	}
	if n := len(s.Failures) - most; n > 0 {
		a.notef("and %d more; --json lists them", n)
	}
	return nil
}

// printPlan says what a crawl would do.
func (a *app) printPlan(plan pipeline.Plan) error {
	err := a.print(plan, func(p *page) {
		g := newGrid("a crawl would fetch", "")
		g.count("repositories with something new", plan.Repositories)
		g.count("unchanged", plan.Unchanged)
		if plan.Vanished > 0 {
			g.count("vanished from the Hub since the last crawl", plan.Vanished)
		}
		g.count("files, at most", plan.Files)
		g.count("requests to the API", plan.Requests.API)
		g.count("requests to the resolver", plan.Requests.Resolvers)
		g.row("bytes, about", megabytes(plan.Bytes.Total))
		g.row("  known: listings and published scores", megabytes(plan.Bytes.Known))
		g.row("  estimated: trees, models, footers, answers", megabytes(plan.Bytes.Models))
		g.row("  estimated: questions, once a kind of file", megabytes(plan.Bytes.Questions))
		for _, q := range plan.Quota {
			source := "documented"
			if q.Stated {
				source = "stated by the Hub"
			}
			g.row("quota "+q.Bucket, fmt.Sprintf("%d of %d left, per %d s (%s)", q.Remaining, q.Quota, q.Window, source))
		}
		g.row("time under this quota, at least", plan.Duration.Round(time.Second).String())
		p.table(g)
	})
	if err != nil || a.json {
		return err
	}
	a.notef("compared with %s", plan.ComparedWith)
	if s := plan.Sampled; s.Files > 0 {
		a.notef("estimated from %d files of %d repositories, whose footers were read (%s)", s.Files, s.Repositories, megabytes(s.Bytes))
	}
	if plan.Anonymous {
		a.note("no token: HF_TOKEN raises the quota")
	}
	return nil
}
