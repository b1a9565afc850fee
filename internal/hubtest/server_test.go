package hubtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"go.uber.org/goleak"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/hubtest/control"
	"metabench/internal/hubtest/truth"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// small is the catalogue with few questions and subjects.
func small() []corpus.Benchmark {
	benchmarks := hubtest.Scaled(hubtest.Leaderboard(), 0.01, 7)
	benchmarks[2].Tasks = benchmarks[2].Tasks[:4]
	return benchmarks
}

// client does not follow redirects and keeps nothing open.
type client struct {
	t      *testing.T
	corpus *hubtest.Corpus
	s      *control.Server
	http   *http.Client
	token  string
}

func serve(t *testing.T, o hubtest.CorpusOptions, so hubtest.ServerOptions) *client {
	t.Helper()
	if o.Benchmarks == nil {
		o.Benchmarks = small()
	}
	c := hubtest.NewCorpus(o)
	s, err := control.Serve(c, so)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &client{t: t, corpus: c, s: s, http: &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

func (c *client) try(method, address string, header ...string) (reply, error) {
	c.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = c.s.Endpoint() + address
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" && strings.HasPrefix(address, c.s.Endpoint()) {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	body, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	return reply{res.StatusCode, res.Header, body}, err
}

func (c *client) get(address string, header ...string) reply {
	c.t.Helper()
	r, err := c.try(http.MethodGet, address, header...)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v in %.300s", err, r.body)
	}
	return v
}

type treeEntry struct {
	Type, OID, Path string
	Size            int64
	LFS             *struct {
		OID         string
		Size        int64
		PointerSize int
	}
}

func escape(p string) string {
	seg := strings.Split(p, "/")
	for i := range seg {
		seg[i] = url.PathEscape(seg[i])
	}
	return strings.Join(seg, "/")
}

// fetch downloads a file of a repository through the redirect.
func (c *client) fetch(repo, commit, path string) []byte {
	c.t.Helper()
	r := c.get("/datasets/" + repo + "/resolve/" + commit + "/" + escape(path))
	if r.status != http.StatusFound {
		c.t.Fatalf("%s: status %d %s", path, r.status, r.body)
	}
	r = c.get(r.header.Get("Location"))
	if r.status != http.StatusOK {
		c.t.Fatalf("%s: CDN status %d %s", path, r.status, r.body)
	}
	return r.body
}

// metricOf reads a metric from a file in the order of §5.1: the column itself, a member
// of the struct metrics, a Python dict in a string column.
func metricOf(t *testing.T, data []byte, metric string) []uint8 {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	leaf, ok := f.Schema().Lookup(metric)
	if !ok {
		leaf, ok = f.Schema().Lookup("metrics", metric)
	}
	if !ok {
		leaf, ok = f.Schema().Lookup("metrics." + metric)
	}
	if !ok {
		leaf, ok = f.Schema().Lookup("metrics")
	}
	if !ok {
		t.Fatalf("no %s among %v", metric, f.Schema().Columns())
	}
	var out []uint8
	for _, g := range f.RowGroups() {
		pages := g.ColumnChunks()[leaf.ColumnIndex].Pages()
		for {
			page, err := pages.ReadPage()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			values := make([]parquet.Value, page.NumValues())
			if n, err := page.Values().ReadValues(values); n != len(values) || err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(n, err)
			}
			for _, v := range values {
				out = append(out, answerOf(t, v, metric))
			}
		}
		if err := pages.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func answerOf(t *testing.T, v parquet.Value, metric string) uint8 {
	t.Helper()
	text := v.String()
	if _, after, ok := strings.Cut(text, "'"+metric+"': "); ok {
		text, _, _ = strings.Cut(strings.TrimSuffix(after, "}"), ",")
	}
	switch text {
	case "0", "0.0", "false", "False":
		return 0
	case "1", "1.0", "true", "True":
		return 1
	}
	t.Fatalf("answer %q", v)
	return 0
}

// Every file of a repository has the size and hash that the tree declares, and the
// evaluation files that count hold the true answers, in every schema generation.
func TestFilesAreWhatTheTreeDeclares(t *testing.T) {
	for _, g := range []hubtest.Generation{hubtest.GenerationAEarly, hubtest.GenerationA, hubtest.GenerationB, hubtest.GenerationBText} {
		t.Run(string(g), func(t *testing.T) {
			c := serve(t, hubtest.CorpusOptions{Seed: 1, Models: 1, Generation: g, RowGroupRows: 10,
				Benchmarks: hubtest.Scaled(hubtest.Leaderboard(), 0.01, 7)}, hubtest.ServerOptions{})
			correct := truth.Of(c.corpus)
			repo := correct.Repos()[0]
			tree := map[string]treeEntry{}
			for _, e := range decode[[]treeEntry](t, c.get("/api/datasets/"+repo.Repo+"/tree/"+repo.Commit+"?recursive=true")) {
				tree[e.Path] = e
			}
			metric := map[string]string{}
			for _, b := range truth.Of(c.corpus).Benchmarks() {
				metric[b.Name] = b.Metric
			}
			for _, task := range repo.Tasks {
				e, ok := tree[task.Path]
				if !ok || e.LFS == nil || e.LFS.OID != task.SHA256 || e.Size != task.Size {
					t.Fatalf("tree has %+v, truth %+v", e, task)
				}
				data := c.fetch(repo.Repo, repo.Commit, task.Path)
				sum := sha256.Sum256(data)
				if int64(len(data)) != e.Size || hex.EncodeToString(sum[:]) != e.LFS.OID {
					t.Fatalf("%s: %d bytes with hash %x, tree says %d and %s", e.Path, len(data), sum, e.Size, e.LFS.OID)
				}
				got := metricOf(t, data, metric[task.Benchmark])
				if want := correct.Answers(repo.Model, task.Benchmark, task.Task); !bytes.Equal(got, want) {
					t.Fatalf("%s: answers %v, truth %v", task.Path, got, want)
				}
			}
			if len(repo.Tasks) != 62 {
				t.Errorf("%d tasks, want 62", len(repo.Tasks))
			}
		})
	}
}
