package hubtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

// The crawl in this file follows docs/hub-protocol.md in a hundred lines, without retries,
// ranges and state. It shows that the truth can be derived from what is served.

var detailsName = regexp.MustCompile(`^details_harness\|([^|]+)\|\d+_(\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d(\.\d+)?)\.parquet$`)

// outcome of a task.
type outcome struct {
	status  corpus.Status
	path    string
	answers []uint8
}

type candidate struct{ path, stamp string }

// crawl reads one repository; the answers are by benchmark/task.
func crawl(t *testing.T, c *client, repo string, benchmarks []corpus.Benchmark) map[string]outcome {
	t.Helper()
	address := "/api/datasets/" + repo + "/tree/main?recursive=true"
	r := c.get(address)
	if r.status == http.StatusTemporaryRedirect {
		r = c.get(r.header.Get("Location"))
		repo = regexp.MustCompile(`datasets/([^/]+/[^/]+)/`).FindStringSubmatch(c.get(address).header.Get("Location"))[1]
	}
	whole := func(status corpus.Status) map[string]outcome {
		out := map[string]outcome{}
		for _, b := range benchmarks {
			for _, task := range b.Tasks {
				out[b.Name+"/"+task.Name] = outcome{status: status}
			}
		}
		return out
	}
	switch r.status {
	case 401, 404:
		return whole(corpus.StatusPermanent)
	case 403:
		return whole(corpus.StatusPolicy)
	}
	found := map[string][]candidate{}
	for _, e := range decode[[]treeEntry](t, r) {
		clean := !strings.HasPrefix(e.Path, "/") && !strings.ContainsAny(e.Path, "\\\x00") && !strings.Contains(e.Path, "..") && len(e.Path) < 1000
		m := detailsName.FindStringSubmatch(e.Path[strings.LastIndex(e.Path, "/")+1:])
		if e.Type == "file" && clean && m != nil {
			found[m[1]] = append(found[m[1]], candidate{e.Path, strings.ReplaceAll(m[2], ":", "-")})
		}
	}
	out := map[string]outcome{}
	for _, b := range benchmarks {
		got := map[string][]outcome{} // by task, newest first
		runs := map[string]int{}      // tasks that a run has in full
		for _, task := range b.Tasks {
			files := found[task.Harness]
			slices.SortFunc(files, func(a, b candidate) int { return strings.Compare(b.stamp, a.stamp) })
			for _, f := range files {
				o := outcome{status: corpus.StatusDone, path: f.path}
				if r := c.get("/datasets/" + repo + "/resolve/main/" + escape(f.path)); r.header.Get("X-Error-Code") == "GatedRepo" {
					o.status = corpus.StatusPolicy
				} else if answers, err := read(c.get(r.header.Get("Location")).body, b, task, truth.Of(c.corpus)); err != nil {
					o.status = corpus.StatusPermanent
				} else {
					o.answers = answers
					runs[f.stamp]++
				}
				got[task.Name] = append(got[task.Name], o)
			}
		}
		best := ""
		for stamp, n := range runs {
			if n == len(b.Tasks) && stamp > best {
				best = stamp
			}
		}
		for _, task := range b.Tasks {
			pick := outcome{status: corpus.StatusMissing}
			for _, o := range got[task.Name] {
				if o.status == corpus.StatusDone && (best == "" || strings.Contains(strings.ReplaceAll(o.path, ":", "-"), best)) {
					pick = o
					break
				}
				pick.status = o.status
			}
			out[b.Name+"/"+task.Name] = pick
		}
	}
	return out
}

// read takes the answers out of a file, in the order of the task's questions.
func read(data []byte, b corpus.Benchmark, task corpus.Task, correct truth.Truth) ([]uint8, error) {
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if f.NumRows() != int64(task.Items) {
		return nil, fmt.Errorf("%d rows", f.NumRows())
	}
	for _, g := range f.Metadata().RowGroups {
		if g.TotalByteSize > 1<<30 {
			return nil, fmt.Errorf("unpacks to %d bytes", g.TotalByteSize)
		}
	}
	values, err := columnOf(f, []string{b.Metric}, []string{"metrics", b.Metric}, []string{"metrics." + b.Metric}, []string{"metrics"})
	if err != nil {
		return nil, err
	}
	questions, err := columnOf(f, []string{"query"}, []string{"question"}, []string{"example"})
	if err != nil {
		return nil, err
	}
	places := map[string][]int{}
	for _, item := range correct.Items(b.Name, task.Name) {
		places[item.Hash] = append(places[item.Hash], item.Position)
	}
	answers := make([]uint8, len(values))
	for k, v := range values {
		h := truth.HashQuestion(questions[k].String())
		if len(places[h]) == 0 {
			return nil, fmt.Errorf("row %d is no question of the task: %s", k, questions[k])
		}
		p := places[h][0]
		places[h] = places[h][1:]
		if answers[p], err = binary(v, b.Metric); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// columnOf reads the first of several columns that a file has.
func columnOf(f *parquet.File, paths ...[]string) ([]parquet.Value, error) {
	for _, path := range paths {
		leaf, ok := f.Schema().Lookup(path...)
		if !ok {
			continue
		}
		var out []parquet.Value
		for _, g := range f.RowGroups() {
			pages := g.ColumnChunks()[leaf.ColumnIndex].Pages()
			for {
				page, err := pages.ReadPage()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return nil, err
				}
				values := make([]parquet.Value, page.NumValues())
				if n, err := page.Values().ReadValues(values); n != len(values) {
					return nil, fmt.Errorf("%d of %d values: %w", n, len(values), err)
				}
				for _, v := range values {
					out = append(out, v.Clone())
				}
			}
			if err := pages.Close(); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("none of %v among %v", paths, f.Schema().Columns())
}

func binary(v parquet.Value, metric string) (uint8, error) {
	if v.IsNull() {
		return 0, fmt.Errorf("null")
	}
	text := v.String()
	if _, after, ok := strings.Cut(text, "'"+metric+"': "); ok {
		text, _, _ = strings.Cut(strings.TrimSuffix(after, "}"), ",")
	}
	switch strings.ToLower(text) {
	case "false":
		return 0, nil
	case "true":
		return 1, nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x != 0 && x != 1 {
		return 0, fmt.Errorf("answer %q", text)
	}
	return uint8(x), nil
}

// Every case's repository is as its description says, and the plain crawl finds the truth.
func TestTruthCanBeReached(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 11, Models: 2 * len(hubtest.Cases()), Broken: 0.6, RowGroupRows: 5},
		hubtest.ServerOptions{Unlimited: true})
	correct := truth.Of(c.corpus)
	seen := map[hubtest.Case]map[corpus.Status]bool{}
	for _, repo := range correct.Repos() {
		t.Run(fmt.Sprintf("%s_%s", repo.Case, repo.Repo[len(hubtest.Namespace)+1:]), func(t *testing.T) {
			mine := *c
			mine.t = t
			got := crawl(t, &mine, repo.Listed, truth.Of(c.corpus).Benchmarks())
			if seen[repo.Case] == nil {
				seen[repo.Case] = map[corpus.Status]bool{}
			}
			for _, task := range repo.Tasks {
				o := got[task.Benchmark+"/"+task.Task]
				if o.status != task.Status || o.path != task.Path {
					t.Errorf("%s/%s: %s from %q, truth %s from %q", task.Benchmark, task.Task, o.status, o.path, task.Status, task.Path)
				}
				if want := correct.Answers(repo.Model, task.Benchmark, task.Task); !bytes.Equal(o.answers, want) {
					t.Errorf("%s/%s: answers %v, truth %v", task.Benchmark, task.Task, o.answers, want)
				}
				seen[repo.Case][task.Status] = true
			}
		})
	}
	for _, kase := range hubtest.Cases() {
		want := corpus.StatusDone
		switch kase {
		case hubtest.CaseMissingTasks, hubtest.CaseEmptyRepo:
			want = corpus.StatusMissing
		case hubtest.CaseGated, hubtest.CaseDisabled:
			want = corpus.StatusPolicy
		case hubtest.CaseDeleted, hubtest.CasePrivate, hubtest.CaseLimitedOnly, hubtest.CaseShortTask, hubtest.CaseLongTask,
			hubtest.CaseEmptyFile, hubtest.CaseCutFile, hubtest.CaseFlippedFile, hubtest.CaseFlippedPage, hubtest.CaseHTMLFile,
			hubtest.CaseNoMetric, hubtest.CaseNaNMetric, hubtest.CaseTwoMetric, hubtest.CaseNullMetric, hubtest.CaseHugeRows,
			hubtest.CaseBomb:
			want = corpus.StatusPermanent
		}
		if !seen[kase][want] {
			t.Errorf("case %s: no task is %s", kase, want)
		}
	}
}

// The original scraper's rule takes what the card calls latest, be it a smoke test, and where
// there is no card the oldest run.
func TestFaithfulTruth(t *testing.T) {
	c := hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 2, Models: 40, Broken: 0.8, Benchmarks: small(),
		Cases: []hubtest.Case{hubtest.CaseLimitedLatest, hubtest.CaseNoCard, hubtest.CaseFallback, hubtest.CaseNoCard}})
	faithful := map[string]truth.Repo{}
	for _, r := range truth.Faithful(c).Repos() {
		faithful[r.Model] = r
	}
	seen := map[string]bool{}
	for _, best := range truth.Of(c).Repos() {
		for i, task := range best.Tasks {
			other := faithful[best.Model].Tasks[i]
			answers := truth.Faithful(c).Answers(best.Model, task.Benchmark, task.Task)
			switch {
			case best.Case == hubtest.CaseLimitedLatest:
				if other.Status != corpus.StatusPermanent || answers != nil {
					t.Errorf("%s %s: %s although the latest run is a smoke test", best.Model, task.Task, other.Status)
				}
				seen["limited"] = true
			case best.Case == hubtest.CaseFallback && task.Benchmark == "gsm8k":
				if other.Status != corpus.StatusPermanent {
					t.Errorf("%s: %s although the latest file is unreadable", best.Model, other.Status)
				}
				seen["unreadable"] = true
			case best.Case == hubtest.CaseNoCard && other.Path != task.Path:
				if !other.Run.Before(task.Run) || bytes.Equal(answers, truth.Of(c).Answers(best.Model, task.Benchmark, task.Task)) {
					t.Errorf("%s %s: run of %s, best %s", best.Model, task.Task, other.Run, task.Run)
				}
				seen["oldest"] = true
			case best.Case == hubtest.CaseHealthy && other.Path != task.Path:
				t.Errorf("%s %s: %s, best %s", best.Model, task.Task, other.Path, task.Path)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("seen only %v", seen)
	}
}
