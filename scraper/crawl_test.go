package scraper_test

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/hubtest/control"
	"metabench/internal/hubtest/truth"
	"metabench/internal/storetest"
	"metabench/scraper"
	"metabench/scraper/hub"
)

// bench is the environment of a crawl: a replica, a store and a clock.
type bench struct {
	t      testing.TB
	corpus *hubtest.Corpus
	server *control.Server
	absent control.Absence
	store  *storetest.Memory
	clock  *control.Clock // of the replica and of the crawl's waits
}

// small is a catalogue in which files are small and crawls are fast.
func small() []corpus.Benchmark {
	return []corpus.Benchmark{
		{Name: "arc", Asked: corpus.Continuation, Metric: "acc_norm", Shots: 25, Options: 4, Tasks: []corpus.Task{{Name: "arc", Items: 60, Harness: "arc:challenge"}}},
		{Name: "hellaswag", Asked: corpus.Continuation, Metric: "acc_norm", Shots: 10, Options: 4, Tasks: []corpus.Task{{Name: "hellaswag", Items: 150, Harness: "hellaswag"}}},
		{Name: "mmlu", Asked: corpus.Lettered, Metric: "acc", Shots: 5, Options: 4, Tasks: []corpus.Task{
			{Name: "abstract_algebra", Items: 30, Harness: "hendrycksTest-abstract_algebra"},
			{Name: "anatomy", Items: 35, Harness: "hendrycksTest-anatomy"},
			{Name: "virology", Items: 40, Harness: "hendrycksTest-virology"},
		}},
		{Name: "truthfulqa", Asked: corpus.Continuation, Metric: "mc1", Shots: 0, Options: 4, Tasks: []corpus.Task{{Name: "truthfulqa", Items: 50, Harness: "truthfulqa:mc"}}},
		{Name: "winogrande", Asked: corpus.Context, Metric: "acc", Shots: 5, Options: 2, Tasks: []corpus.Task{{Name: "winogrande", Items: 70, Harness: "winogrande"}}},
		{Name: "gsm8k", Asked: corpus.Generated, Metric: "acc", Shots: 5, Tasks: []corpus.Task{{Name: "gsm8k", Items: 80, Harness: "gsm8k"}}},
	}
}

// newBench serves a corpus; quotas are off unless the server's options say otherwise.
func newBench(t testing.TB, c hubtest.CorpusOptions, o hubtest.ServerOptions) *bench {
	t.Helper()
	if c.Benchmarks == nil {
		c.Benchmarks = small()
	}
	if o.Quotas == nil {
		o.Unlimited = true
	}
	b := &bench{t: t, store: &storetest.Memory{}, clock: control.NewClock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))}
	c.Absent = b.absent.Has
	b.corpus = hubtest.NewCorpus(c)
	o.Now = b.clock.Now
	var err error
	if b.server, err = control.Serve(b.corpus, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.server.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// truth is what a correct crawl delivers now.
func (b *bench) truth() truth.Truth { return truth.Of(b.corpus) }

func (b *bench) hub(change ...func(*hub.Options)) *hub.Client {
	b.t.Helper()
	pool := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true, ResponseHeaderTimeout: 20 * time.Second}
	b.t.Cleanup(pool.CloseIdleConnections)
	o := hub.Options{Endpoint: b.server.Endpoint(), Transport: pool, Clock: b.clock, Seed: 1}
	for _, f := range change {
		f(&o)
	}
	c, err := hub.New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) options(change ...func(*scraper.Options)) scraper.Options {
	b.t.Helper()
	o := scraper.Options{Hub: b.hub(), Store: b.store, Benchmarks: b.truth().Benchmarks(),
		Results: hubtest.ResultsRepo, Requests: hubtest.RequestsRepo}
	for _, f := range change {
		f(&o)
	}
	return o
}

func (b *bench) crawl(change ...func(*scraper.Options)) *scraper.Summary {
	b.t.Helper()
	s, err := b.tryCrawl(b.t.Context(), change...)
	if err != nil {
		b.t.Fatalf("crawl: %v", err)
	}
	return s
}

func (b *bench) tryCrawl(ctx context.Context, change ...func(*scraper.Options)) (*scraper.Summary, error) {
	b.t.Helper()
	c, err := scraper.New(b.options(change...))
	if err != nil {
		b.t.Fatal(err)
	}
	return c.Run(ctx)
}

func verbose(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// wantTruth compares blocks and states with those of a correct crawl.
func (b *bench) wantTruth() { b.t.Helper(); b.wantTruthAt(false) }

// wantTruthAt is wantTruth. With moving, for a replica whose commits or hashes differ from the
// truth by a fault, it compares only answers.
func (b *bench) wantTruthAt(moving bool) {
	b.t.Helper()
	correct := b.truth()
	blocks := map[[3]string]corpus.Block{}
	for _, k := range b.store.Blocks() {
		blocks[[3]string{k.Model, k.Benchmark, k.Task}] = k
	}
	want, wrong := 0, 0
	for _, r := range correct.Repos() {
		files, err := b.store.Files(b.t.Context(), r.Listed)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, task := range r.Tasks {
			block, got := blocks[[3]string{r.Model, task.Benchmark, task.Task}]
			if task.Status != corpus.StatusDone {
				if got {
					b.t.Errorf("%s %s/%s (%q): a block where the truth is %s", r.Model, task.Benchmark, task.Task, r.Case, task.Status)
				}
				if r.Status == corpus.StatusDone && outcomeOf(files, task) != task.Status {
					b.t.Errorf("%s %s/%s (%q): status %s, want %s", r.Repo, task.Benchmark, task.Task, r.Case, outcomeOf(files, task), task.Status)
				}
				continue
			}
			want++
			switch {
			case !got:
				b.t.Errorf("%s %s/%s (%q): no block", r.Model, task.Benchmark, task.Task, r.Case)
			case !moving && (block.File.Path != task.Path || block.File.Size != task.Size || block.File.SHA256 != task.SHA256):
				b.t.Errorf("%s %s/%s (%q): read %s, want %s", r.Model, task.Benchmark, task.Task, r.Case, block.File.Path, task.Path)
			case !slices.Equal(b.inTruthOrder(block), correct.Answers(r.Model, task.Benchmark, task.Task)):
				if wrong++; wrong < 10 {
					b.t.Errorf("%s %s/%s (%q): answers differ from the truth", r.Model, task.Benchmark, task.Task, r.Case)
				}
			}
		}
	}
	states := map[string]corpus.RepoState{}
	all, err := b.store.Repos(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range all {
		states[s.Repo] = s
	}
	for _, r := range correct.Repos() {
		want := r.Status
		for _, task := range r.Tasks {
			if want == corpus.StatusDone && task.Status == corpus.StatusPermanent {
				want = corpus.StatusPermanent
			}
		}
		s := states[r.Listed]
		if r.Case == hubtest.CasePrivate {
			want = "" // not even listed
		}
		if s.Status != want {
			b.t.Errorf("%s (%q): repository is %s, want %s (%s)", r.Listed, r.Case, s.Status, want, s.Error)
		}
		if !moving && r.Status == corpus.StatusDone && (s.Model != r.Model || s.Commit != r.Commit) {
			b.t.Errorf("%s (%q): model %.80q at %s, want %.80q at %s", r.Listed, r.Case, s.Model, s.Commit, r.Model, r.Commit)
		}
	}
	if len(blocks) != want {
		b.t.Errorf("%d blocks, want %d", len(blocks), want)
	}
	if b.t.Failed() {
		b.t.FailNow()
	}
}

// wantLeaderboard compares scores and models with what is published.
func (b *bench) wantLeaderboard() {
	b.t.Helper()
	correct := b.truth()
	scores, models := map[string][]corpus.Score{}, map[string]corpus.Model{}
	for _, s := range b.store.Scores() {
		scores[s.Model] = append(scores[s.Model], s)
	}
	for _, m := range b.store.Models() {
		models[m.Name] = m
	}
	for _, r := range correct.Repos() {
		if r.Status != corpus.StatusDone {
			continue
		}
		for _, want := range correct.Scores(r.Model) {
			at := slices.IndexFunc(scores[r.Model], func(s corpus.Score) bool { return s.Benchmark == want.Benchmark && s.Metric == want.Metric })
			if at < 0 || math.Abs(scores[r.Model][at].Value-want.Value) > 1e-9 || scores[r.Model][at].File.Path != want.File.Path {
				b.t.Errorf("%.60q (%q): no score %s %s = %v among %v", r.Model, r.Case, want.Benchmark, want.Metric, want.Value, scores[r.Model])
			}
		}
		if want, ok := correct.Model(r.Model); ok {
			// The truth has the request's precision, and the crawl prefers the one in the
			// results; it also rounds the number of parameters.
			ignore := cmpopts.IgnoreFields(corpus.Model{}, "Precision", "ParamsSource", "Revision")
			if diff := cmp.Diff(want, models[r.Model], ignore, cmpopts.EquateApprox(0.005, 0)); diff != "" {
				b.t.Errorf("model %.60q (%q) (-want +got):\n%s", r.Model, r.Case, diff)
			}
		}
	}
}

func outcomeOf(files []corpus.FileState, t truth.Task) corpus.Status {
	var s corpus.Status
	for _, f := range files {
		if f.Benchmark == t.Benchmark && f.Task == t.Task {
			s = f.Status
		}
	}
	return s
}

// inTruthOrder sorts a block's answers by the truth's order of items: the crawl's
// order is that of the first file it met.
func (b *bench) inTruthOrder(block corpus.Block) []uint8 {
	items, err := b.store.Items(b.t.Context(), block.Benchmark, block.Task)
	if err != nil {
		b.t.Fatal(err)
	}
	places := map[string][]int{}
	for _, it := range b.truth().Items(block.Benchmark, block.Task) {
		places[it.Hash] = append(places[it.Hash], it.Position)
	}
	out := make([]uint8, len(block.Correct))
	for _, it := range items {
		at := places[it.Hash]
		if len(at) == 0 {
			return nil
		}
		out[at[0]] = block.Correct[it.Position]
		places[it.Hash] = at[1:]
	}
	return out
}

func TestCrawlDeliversTheTruthOfAHealthyHub(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 1, Models: 12}, hubtest.ServerOptions{})
	s := b.crawl(func(o *scraper.Options) { o.Log = verbose(t) })
	b.wantTruth()
	b.wantLeaderboard()
	if s.Failed != 0 || s.Fetched != 12 {
		t.Errorf("summary %+v", s)
	}
}

func withToken(token string) func(*hub.Options) {
	return func(o *hub.Options) { o.Token = token }
}

// Where the catalogue has no number of items, the stored items limit the answers of a file:
// an answer too many would be counted for the next task.
func TestFileWithMoreRowsThanTheTaskHasItemsIsRefused(t *testing.T) {
	b := newBench(t, hubtest.CorpusOptions{Seed: 1, Models: 3}, hubtest.ServerOptions{})
	items := make([]corpus.Item, 59) // the files have 60 rows
	for k := range items {
		items[k] = corpus.Item{Benchmark: "arc", Task: "arc", Position: k, Key: strconv.Itoa(k + 1)}
	}
	if err := b.store.Record(t.Context(), corpus.Delivery{Items: items}); err != nil {
		t.Fatal(err)
	}
	uncounted := b.truth().Benchmarks()
	for k := range uncounted {
		uncounted[k].Tasks = slices.Clone(uncounted[k].Tasks)
		for l := range uncounted[k].Tasks {
			uncounted[k].Tasks[l].Items = 0
		}
	}
	b.crawl(func(o *scraper.Options) { o.Benchmarks = uncounted })
	for _, block := range b.store.Blocks() {
		if block.Task == "arc" {
			t.Errorf("%d answers of %s were taken", len(block.Correct), block.Model)
		}
	}
	refused := 0
	repos, err := b.store.Repos(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range repos {
		files, err := b.store.Files(t.Context(), r.Repo)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Task == "arc" && f.Status == corpus.StatusPermanent && strings.Contains(f.Error, "60 rows of 59") {
				refused++
			}
		}
	}
	if refused < 3 {
		t.Errorf("%d files refused for their rows, want those of 3 models", refused)
	}
}
