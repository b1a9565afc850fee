package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"metabench/scraper"
)

// contents are all files and directories of a site, with a digest and the time of
// the last change.
func (s site) contents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == s.dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[path] = info.ModTime().String()
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all[path] += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// mustPlan runs a dry run, which must change nothing.
func (s site) mustPlan(t *testing.T, args ...string) (repositories int, comparedWith string) {
	t.Helper()
	before := s.contents(t)
	e := s.run(t, append([]string{"crawl", "--dry-run", "--json"}, args...)...)
	var plan struct {
		scraper.Plan
		ComparedWith string `json:"compared_with"`
	}
	if err := json.Unmarshal([]byte(e.out), &plan); err != nil || e.code != 0 {
		t.Fatalf("%v: %+v", err, e)
	}
	if diff := cmp.Diff(before, s.contents(t)); diff != "" {
		t.Errorf("a dry run changed files:\n%s", diff)
	}
	return plan.Repositories, plan.ComparedWith
}

func TestDryRunWritesNothingAndWaitsForNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := func(step string, repositories int, with string, args ...string) {
		t.Helper()
		n, comparedWith := s.mustPlan(t, args...)
		if n != repositories || !strings.Contains(comparedWith, with) {
			t.Errorf("%s: %d repositories, compared with %q; want %d and %q", step, n, comparedWith, repositories, with)
		}
	}
	want("without a warehouse", 64, "there is no warehouse")
	want("in a directory that is not there", 64, "there is no warehouse", "--warehouse", filepath.Join("not", "there", "w.duckdb"))
	for _, wrong := range [][]string{{"--benchmark", "nonesuch"}, {"--model", "[a"}, {"--limit", "-1"}} {
		for _, dry := range [][]string{nil, {"--dry-run"}} {
			if e := s.run(t, append(append([]string{"crawl"}, wrong...), dry...)...); e.code != 2 {
				t.Errorf("%v: %+v", wrong, e)
			}
		}
	}
	if left := s.contents(t); len(left) != 0 {
		t.Errorf("a wrong command line left %v", left)
	}
	if e := s.run(t, "crawl", "--limit", "3"); e.code != 0 {
		t.Fatalf("%+v", e)
	}
	want("with a warehouse", 61, "the warehouse")
	hold := func(step string, repositories int, with string) {
		t.Helper()
		stop := s.startStuckCrawl(t)
		want(step, repositories, with)
		stop()
	}
	hold("held, nothing published", 64, "no snapshot is published")
	if e := s.run(t, "publish"); e.code != 0 {
		t.Fatalf("%+v", e)
	}
	hold("held, with a snapshot", 61, "the snapshot")
}

// startStuckCrawl starts a crawl that has the warehouse open and gets no answer from
// the Hub, until stop is called.
func (s site) startStuckCrawl(t *testing.T) (stop func()) {
	t.Helper()
	reached, release := make(chan struct{}, 16), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		reached <- struct{}{}
		<-release
	}))
	cmd := s.command(t, "crawl", "--no-progress")
	cmd.Env = append(cmd.Env, "HF_ENDPOINT="+silent.URL)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-reached:
	case <-time.After(30 * time.Second):
		t.Error("the crawl asks nothing")
	}
	return func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if e := wait(t, cmd, began); e.code != 130 {
			t.Errorf("%+v", e)
		}
		close(release)
		silent.Close()
	}
}
