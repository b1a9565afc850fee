package cli

import (
	"fmt"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/internal/hubtest"
)

func newHubCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hub",
		Short: "A local replica of the Hub, for trying the crawler",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newHubServeCommand(a), newHubCatalogueCommand(a))
	return cmd
}

// hubFlags are the flags of hub serve.
type hubFlags struct {
	addr, cdnAddr string
	models        int
	seed          uint64
	scale         float64
	broken        float64
	prompts       string
	generation    string
	faults        []string
	quotas        []string
	unlimited     bool
	verbose       bool
}

func newHubServeCommand(a *app) *cobra.Command {
	var f hubFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve simulated leaderboard repositories until interrupted",
		Long: `Serve a replica of the Hub on loopback until interrupted: simulated models, their
evaluation files in every schema that the leaderboard used, quotas, redirects
and, on request, failures. Point HF_ENDPOINT at it and run the crawler.`,
		Example: `  metabench hub serve --models 200 --broken 0.2
  metabench hub serve --fault 429=55s,rate=0.9 --fault cut=1000,count=5
  metabench hub serve --quota anonymous=500/3000/100
  metabench hub serve --fault list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runHubServe(cmd, a, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.addr, "addr", "127.0.0.1:8089", "address of the Hub")
	fl.StringVar(&f.cdnAddr, "cdn-addr", "127.0.0.1:0", "address of the file servers; they are announced as localhost")
	fl.IntVar(&f.models, "models", 100, "number of models")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of everything")
	fl.Float64Var(&f.scale, "scale", 1, "share of each task's questions, 0 to 1")
	fl.Float64Var(&f.broken, "broken", 0.2, "share of odd and broken repositories, 0 to 1")
	fl.StringVar(&f.prompts, "prompts", string(hubtest.PromptSmall), "size of prompts: small or realistic (30 MB a model)")
	fl.StringVar(&f.generation, "generation", "", "schema of all files: A-early, A, B, B-string (default: a mixture)")
	fl.StringArrayVar(&f.faults, "fault", nil, "NAME[=VALUE][,rate=R][,route=R][,match=TEXT][,after=N][,count=N]; \"list\" lists them")
	fl.StringArrayVar(&f.quotas, "quota", nil, "PLAN=API/RESOLVERS/PAGES in requests per 5 minutes")
	fl.BoolVar(&f.unlimited, "no-quota", false, "no quota for anybody")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every request")
	return cmd
}

func runHubServe(cmd *cobra.Command, a *app, f hubFlags) error {
	if len(f.faults) == 1 && f.faults[0] == "list" {
		return printFaults(a)
	}
	corpusOptions, serverOptions, err := f.options()
	if err != nil {
		return err
	}
	if f.verbose {
		serverOptions.OnRequest = requestPrinter(a)
	}
	corpus := hubtest.NewCorpus(corpusOptions)
	server, err := hubtest.NewServer(corpus, serverOptions)
	if err != nil {
		return fmt.Errorf("hub serve: %w", err)
	}
	if err := printHub(a, server, f); err != nil {
		return err
	}
	<-cmd.Context().Done()
	count := server.Traffic()
	a.notef("stopped after %d requests to the Hub and %d to the file servers (%s)", count.Hub, count.CDN, megabytes(count.HubBytes+count.CDNBytes))
	return server.Close()
}

// options checks the flags and turns them into the replica's options.
func (f hubFlags) options() (hubtest.CorpusOptions, hubtest.ServerOptions, error) {
	co := hubtest.CorpusOptions{
		Seed: f.seed, Models: f.models, Broken: f.broken, Prompts: hubtest.PromptSize(f.prompts), Generation: hubtest.Generation(f.generation),
	}
	so := hubtest.ServerOptions{Addr: f.addr, CDNAddr: f.cdnAddr, Seed: f.seed, Quotas: hubtest.Quotas(), Unlimited: f.unlimited}
	var err error
	if co.Benchmarks, err = hubtest.ScaledBy(hubtest.Leaderboard(), f.scale); err == nil {
		err = co.Check()
	}
	if err != nil {
		return co, so, usagef("--%w", err)
	}
	for _, s := range f.faults {
		fault, err := hubtest.ParseFault(s)
		if err != nil {
			return co, so, usagef("%w", err)
		}
		so.Faults = append(so.Faults, fault)
	}
	for _, s := range f.quotas {
		plan, quota, err := hubtest.ParseQuota(s)
		if err != nil {
			return co, so, usagef("--%w", err)
		}
		so.Quotas[plan] = quota
	}
	return co, so, nil
}

func printHub(a *app, s *hubtest.Server, f hubFlags) error {
	err := a.printLine(map[string]any{"endpoint": s.Endpoint(), "cdn": s.CDN(), "models": f.models, "scale": f.scale}, "%s", s.Endpoint())
	if err != nil || a.json {
		return err
	}
	a.notef("serving %d models; files at %s; tokens: %s, %s, %s", f.models, s.CDN(), hubtest.TokenFree, hubtest.TokenPro, hubtest.TokenMember)
	crawl := "HF_ENDPOINT=" + s.Endpoint() + " metabench crawl"
	if f.scale < 1 {
		// A crawl with the built-in catalogue would refuse every file for its number of rows.
		crawl = fmt.Sprintf("metabench hub catalogue --scale %v > replica.yaml\n  METABENCH_BENCHMARKS=replica.yaml %s", f.scale, crawl)
	}
	a.notef("try:\n  %s\nCtrl-C stops", crawl)
	return nil
}

// requestPrinter prints a line for each request, without credentials.
func requestPrinter(a *app) func(hubtest.Request) {
	var mu sync.Mutex
	return func(r hubtest.Request) {
		line := fmt.Sprintf("%s %3d %-4s %s", r.Host, r.Status, r.Method, r.Path)
		if spec := r.Header.Get("Range"); spec != "" {
			line += " " + spec
		}
		if r.Fault != "" {
			line += " fault " + string(r.Fault)
		}
		mu.Lock()
		defer mu.Unlock()
		a.note(line)
	}
}

func printFaults(a *app) error {
	return a.print(hubtest.Faults(), func(p *page) {
		w := tabwriter.NewWriter(p, 0, 8, 2, ' ', 0)
		for _, d := range hubtest.Faults() {
			name := string(d.Kind)
			if d.Value != "" {
				name += "=" + d.Value
			}
			fmt.Fprintf(w, "%s\t%s\n", name, d.Text)
		}
		_ = w.Flush() // a page takes all
	})
}

func newHubCatalogueCommand(a *app) *cobra.Command {
	var scale float64
	cmd := &cobra.Command{
		Use:   "catalogue",
		Short: "Print the catalogue that a scaled replica is crawled with",
		Long: `Print the benchmarks as hub serve --scale has them: with a share of their questions. A
crawl refuses files of another number of rows than its catalogue expects, so a scaled
replica needs one of its own: the setting benchmarks.`,
		Example: `  metabench hub catalogue --scale 0.05 > replica.yaml
  METABENCH_BENCHMARKS=replica.yaml HF_ENDPOINT=http://127.0.0.1:8089 metabench crawl`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			builtin, err := config.Catalogue("")
			if err != nil {
				return err
			}
			scaled, err := hubtest.ScaledBy(builtin, scale)
			if err != nil {
				return usagef("--%w", err)
			}
			text, err := config.FormatCatalogue(scaled)
			if err != nil {
				return err
			}
			_, err = a.Out.Write(text)
			return err
		},
	}
	cmd.Flags().Float64Var(&scale, "scale", 1, "share of each task's questions, 0 to 1, as given to hub serve")
	return cmd
}
