package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"metabench/internal/hubtest"
	"metabench/warehouse"
)

// A month of nights on one site, each with what is wrong in the world that night, and
// with what an operator sees in the morning: the exit code, the line, the snapshot that
// everybody reads, and the metrics.

// night is one of them. The first nights of a list leave what the next ones find.
type night struct {
	name   string
	hub    hub                          // what is out there
	before func(*testing.T, site)       // since the night before
	run    func(*testing.T, site) ended // nil: metabench refresh
	env    []string                     // of this night alone
	code   int                          // −1: killed
	line   string                       // pattern of all that standard output says
	says   string                       // pattern in standard error; empty: nothing at all
	want   morning                      // what is there afterwards
	after  func(*testing.T, site)       // anything else
}

// hub is the Hub of a night.
type hub struct {
	models int             // of those that there could be, the first
	odd    bool            // files of models that are new have a row too many: all are refused
	faults []hubtest.Fault // in force
	down   bool
}

// morning is what a night leaves.
type morning struct {
	published bool   // whether there is another snapshot than the evening before
	models    int    // in the snapshot that everybody reads; 0 for no snapshot
	stage     string // that the refresh ended in; empty: the metrics are those of the night before
	failing   int    // sources that can't be had
	full      bool   // the disk was; the stage is the one in the line
	gone      int    // repositories that are not on the Hub any more
	others    bool   // the metrics are those of another refresh that went on beside it and ended well
}

// brokenDownloads makes every download fail while listings work.
func brokenDownloads() []hubtest.Fault {
	return []hubtest.Fault{{Kind: hubtest.FaultStatus, Status: 503, Routes: []hubtest.Route{hubtest.RouteResolve, hubtest.RouteResolveCache, hubtest.RouteCDN}}}
}

// hubs are the Hubs by how many models they have, as long as the test runs.
type hubs struct {
	t    *testing.T
	open map[[2]int]smallHub // by models and odd rows
}

func (h hubs) of(wanted hub) smallHub {
	h.t.Helper()
	odd := 0
	if wanted.odd {
		odd = 1
	}
	key := [2]int{wanted.models, odd}
	if _, ok := h.open[key]; !ok {
		one, err := newSmallHub(h.t.TempDir(), wanted.models, odd)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() {
			if err := one.Close(); err != nil {
				h.t.Error(err)
			}
		})
		h.open[key] = one
	}
	return h.open[key]
}

// pass lets a night pass over a site and compares what is there in the morning.
func (n night) pass(t *testing.T, s site, known hubs) {
	replica := known.of(n.hub)
	replica.SetFaults(n.hub.faults...)
	defer replica.SetFaults()
	endpoint := replica.Endpoint()
	if n.hub.down {
		endpoint = "http://127.0.0.1:1" // where nobody listens
	}
	s.env = append([]string{"HF_ENDPOINT=" + endpoint, "METABENCH_BENCHMARKS=" + replica.catalogue}, n.env...)
	if n.before != nil {
		n.before(t, s)
	}
	evening, metricsBefore := s.currentSnapshot(t), s.readMetrics(t)
	run := n.run
	if run == nil {
		run = func(t *testing.T, s site) ended { return s.run(t, "refresh") }
	}
	began := time.Now().Unix()
	e := run(t, s)
	if e.code != n.code {
		t.Fatalf("exit code %d, want %d: %+v", e.code, n.code, e)
	}
	line := e.out
	for _, part := range besides {
		line = part.ReplaceAllString(line, "$1")
	}
	if !regexp.MustCompile(`^` + n.line + `$`).MatchString(line) {
		t.Errorf("the line is\n%swant\n%s", e.out, n.line)
	}
	if n.says == "" && e.errors != "" || !regexp.MustCompile(n.says).MatchString(e.errors) {
		t.Errorf("it says %q, want %q", e.errors, n.says)
	}
	if stage := regexp.MustCompile(`ended in stage (\w+) `).FindStringSubmatch(e.out); n.want.full && stage != nil {
		n.want.stage = stage[1] // where a disk is full first depends on what a build keeps
	}
	n.want.compare(t, s, evening, metricsBefore, n.code, began)
	if n.after != nil {
		n.after(t, s)
	}
	t.Logf("exit code %d after %v: %s%s", e.code, e.took.Round(10*time.Millisecond), e.out, e.errors)
}

// warehouse reports whether the warehouse could be measured in the end.
func (m morning) warehouse() bool { return m.stage != "open" && !m.full }

func (m morning) compare(t *testing.T, s site, evening string, before metrics, code int, began int64) {
	t.Helper()
	current := s.currentSnapshot(t)
	if (current != evening) != m.published {
		t.Errorf("in the evening the snapshot was %q, in the morning %q", evening, current)
	}
	if models := s.publishedModels(t); models != m.models {
		t.Errorf("the snapshot has %d models, want %d", models, m.models)
	}
	after := s.readMetrics(t)
	if m.stage == "" {
		if after.text != before.text {
			t.Errorf("the metrics changed:\n%s", after.text)
		}
		return
	}
	if m.others {
		code = 0
	}
	success := before.values[lastSuccess]
	if code == 0 {
		success = after.values["metabench_refresh_ended_timestamp_seconds"]
	}
	for name, want := range map[string]float64{
		`metabench_standing_failures{status="permanent"}`:  float64(m.failing),
		"metabench_vanished_repositories":                  float64(m.gone),
		"metabench_refresh_exit_code":                      float64(code),
		`metabench_refresh_stage{stage="` + m.stage + `"}`: 1,
		lastSuccess: success,
	} {
		got, ok := after.values[name]
		if strings.HasPrefix(name, "metabench_refresh_") || m.warehouse() {
			if !ok || got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		} else if ok {
			t.Errorf("%s is there although nothing could be measured", name)
		}
	}
	if at := after.values["metabench_refresh_ended_timestamp_seconds"]; at < float64(began) || at > float64(time.Now().Unix()) {
		t.Errorf("the refresh ended at %v", at)
	}
}

const lastSuccess = "metabench_refresh_last_success_timestamp_seconds"

// metrics is the metrics file.
type metrics struct {
	text   string
	values map[string]float64 // by name with labels
}

func (s site) readMetrics(t *testing.T) metrics {
	t.Helper()
	m := metrics{values: map[string]float64{}}
	text, err := os.ReadFile(s.metrics())
	if errors.Is(err, os.ErrNotExist) {
		return m
	}
	if err != nil {
		t.Fatal(err)
	}
	m.text = string(text)
	for line := range strings.Lines(m.text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		line = strings.TrimSpace(line)
		end := strings.LastIndex(line, " ") // a label's value may hold spaces
		name, value := line[:max(end, 0)], line[end+1:]
		if m.values[name], err = strconv.ParseFloat(value, 64); err != nil {
			t.Errorf("metrics: %v", err)
		}
	}
	return m
}

// currentSnapshot is the version that the public name means; empty for none.
func (s site) currentSnapshot(t *testing.T) string {
	t.Helper()
	public, err := os.Stat(s.snapshot())
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	versions, err := filepath.Glob(filepath.Join(s.dir, "published", "metabench-*.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range versions {
		if info, err := os.Stat(path); err == nil && os.SameFile(public, info) {
			return filepath.Base(path)
		}
	}
	t.Fatalf("%s is none of %v", s.snapshot(), versions)
	return ""
}

// publishedModels counts the models in the snapshot that everybody reads.
func (s site) publishedModels(t *testing.T) int {
	t.Helper()
	if s.currentSnapshot(t) == "" {
		return 0
	}
	w, err := warehouse.OpenReadOnly(t.Context(), warehouse.Options{Path: s.snapshot()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rows, err := w.Query(t.Context(), `SELECT count(DISTINCT model_id) FROM response_block`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	values, ok, err := rows.Next()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	n, err := strconv.Atoi(values[0].Text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// refreshWithin is a refresh none of whose files may grow beyond a limit, which fails
// as a full disk does.
func refreshWithin(kB int) func(*testing.T, site) ended {
	return func(t *testing.T, s site) ended {
		cmd := s.command(t, "refresh")
		limited := exec.Command("/bin/sh", append([]string{"-c", fmt.Sprintf(`trap "" XFSZ; ulimit -f %d; exec "$0" "$@"`, 2*kB), cmd.Path}, cmd.Args[1:]...)...)
		limited.Dir, limited.Env, limited.Stdout, limited.Stderr = cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr
		began := time.Now()
		if err := limited.Start(); err != nil {
			t.Fatal(err)
		}
		return wait(t, limited, began)
	}
}

// struckWhen is a refresh that gets a signal when a file of that name appears.
func struckWhen(sig syscall.Signal, pattern string) func(*testing.T, site) ended {
	return func(t *testing.T, s site) ended {
		e, struck := s.strike(t, sig, appears("", pattern), "refresh")
		if !struck {
			t.Errorf("it ended before %s appeared", pattern)
		}
		return e
	}
}

// refreshing is a refresh with other flags than usual.
func refreshing(flags ...string) func(*testing.T, site) ended {
	return func(t *testing.T, s site) ended { return s.run(t, append([]string{"refresh"}, flags...)...) }
}

// besideAnother is a refresh that is begun while another one is under way.
func besideAnother(t *testing.T, s site) ended {
	first := s.command(t, "refresh")
	began := time.Now()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for !s.isHeldBy(first.Process.Pid) {
		time.Sleep(time.Millisecond)
	}
	second := s.run(t, "refresh")
	if e := wait(t, first, began); e.code != 0 {
		t.Errorf("the first refresh: %+v", e)
	}
	return second
}

// loseFile removes the private file, as a disk that is not mounted does.
func loseFile(t *testing.T, s site) {
	if err := os.Rename(s.warehouse(), s.warehouse()+".lost"); err != nil {
		t.Fatal(err)
	}
}

func findFile(t *testing.T, s site) {
	if err := os.Rename(s.warehouse()+".lost", s.warehouse()); err != nil {
		t.Fatal(err)
	}
}

// besides are the parts of a line that depend on this small corpus and are not what the
// nights are about: what the answers don't allow, how many texts are new, and what a new
// release would gain. Each keeps what comes after it.
var besides = []*regexp.Regexp{
	regexp.MustCompile(`left out: .*?, (texts of|\d+ releases|a new release|published/|nothing )`),
	regexp.MustCompile(`texts of \d+ items read, 0 not to be had, ()`),
	regexp.MustCompile(`a new release would gain .*, (published/|nothing )`),
}

// mustSayInStatus wants `metabench status` to say something.
func mustSayInStatus(want string) func(*testing.T, site) {
	return func(t *testing.T, s site) {
		if e := s.run(t, "status"); e.code != 0 || !strings.Contains(e.out, want) {
			t.Errorf("%q is not in the status: %+v", want, e)
		}
	}
}

// must runs a command that ends well, in the daytime.
func must(args ...string) func(*testing.T, site) {
	return func(t *testing.T, s site) {
		if e := s.run(t, args...); e.code != 0 {
			t.Fatalf("%v: %+v", args, e)
		}
	}
}

// The lines that a refresh prints: one that came to its end, and one that did not.
func done(did string) string { return `refreshed in \d+ s: ` + did + `\n` }
func cut(stage string, code int, did string) string {
	return fmt.Sprintf(`refresh ended in stage %s after \d+ s with exit code %d: %s\n`, stage, code, did)
}

const (
	newOne    = `published/metabench-\S+\.duckdb`
	nothing   = `nothing new to publish`
	published = `nothing published`
)

func TestAMonthOfNights(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a minute or two")
	}
	passAll(t, []night{
		{
			name: "first_full_night", hub: hub{models: 52},
			line: done(`52 repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, ` + newOne),
			want: morning{published: true, models: 52, stage: "done"},
		}, {
			name: "nothing_new", hub: hub{models: 52},
			line: done(`0 repositories fetched, 0 sources failed, 0 failing in all, 0 benchmarks built, 2 unchanged, ` + nothing),
			want: morning{models: 52, stage: "done"},
		}, {
			name: "new_models", hub: hub{models: 58},
			line: done(`6 repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, ` + newOne),
			want: morning{published: true, models: 58, stage: "done"},
		}, {
			name: "hub_down", hub: hub{models: 64, down: true}, code: 75,
			line: cut("crawl", 75, `0 repositories fetched, 0 sources failed, 0 failing in all, 0 benchmarks built, 0 unchanged, `+published),
			says: `connection refused`,
			want: morning{models: 58, stage: "crawl"},
		}, {
			name: "downloads_broken", hub: hub{models: 64, faults: brokenDownloads()}, code: 75,
			env:  []string{"METABENCH_REFRESH_DEADLINE=3s"},
			line: cut("crawl", 75, `\d repositories fetched, \d+ sources failed, \d+ failing in all, 0 benchmarks built, 0 unchanged, `+published),
			says: `refresh\.deadline \(3s\) passed in stage crawl; what was done is kept, and the next refresh goes on`,
			want: morning{models: 58, stage: "crawl"},
		}, {
			name: "token_refused", hub: hub{models: 64}, code: 12, env: []string{"HF_TOKEN=hf_nobodys"},
			line: cut("crawl", 12, `.*`+published),
			says: `(?i)credentials|token`,
			want: morning{models: 58, stage: "crawl"},
		}, {
			name: "disk_full", hub: hub{models: 64}, code: 1, run: refreshWithin(600),
			line: cut(`\w+`, 1, `.*`+published),
			says: `(?i)too large|space|write`,
			want: morning{models: 58, full: true},
		}, {
			name: "killed", hub: hub{models: 64}, code: -1, run: struckWhen(syscall.SIGKILL, "published/*.draft"),
			line: ``, want: morning{models: 58},
		}, {
			name: "night_after_the_kill", hub: hub{models: 64},
			line: done(`0 repositories fetched, 0 sources failed, 0 failing in all, \d benchmarks built, \d unchanged, ` + newOne),
			want: morning{published: true, models: 64, stage: "done"},
		}, {
			name: "terminated", hub: hub{models: 70}, code: 130, run: struckWhen(syscall.SIGTERM, "metabench.duckdb.wal"),
			line: cut("crawl", 130, `.*`+published),
			says: `^metabench: interrupted; what was done is kept, and the same command goes on from there\n$`,
			want: morning{models: 64, stage: "crawl"},
		}, {
			name: "night_after_the_signal", hub: hub{models: 70},
			line: done(`\d repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, ` + newOne),
			want: morning{published: true, models: 70, stage: "done"},
		}, {
			// More than hub.max_failed tolerates: what there is is published, and the night is
			// no success.
			name: "some_files_refused", hub: hub{models: 76, odd: true}, code: 3,
			line:  done(`6 repositories fetched, 12 sources failed, 12 failing in all, 0 benchmarks built, 2 unchanged, ` + newOne),
			says:  `^metabench: 12 of \d+ repositories and tasks on the Hub can't be had \(12 of them for good\), more than hub\.max_failed tolerates; .*\n$`,
			want:  morning{published: true, models: 70, stage: "done", failing: 12},
			after: mustSayInStatus("12 of 152 repositories and tasks on the Hub can't be had, 12 of them for good"),
		}, {
			name: "they_stay_refused", hub: hub{models: 76}, code: 3,
			line: done(`0 repositories fetched, 0 sources failed, 12 failing in all, 0 benchmarks built, 2 unchanged, ` + nothing),
			says: `^metabench: 12 of \d+ repositories and tasks on the Hub can't be had \(12 of them for good\), more than hub\.max_failed tolerates; .*\n$`,
			want: morning{models: 70, stage: "done", failing: 12},
		}, {
			name: "they_are_mended", hub: hub{models: 76}, before: must("crawl", "--retry-failed"),
			line: done(`0 repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, ` + newOne),
			want: morning{published: true, models: 76, stage: "done"},
		}, {
			name: "models_gone", hub: hub{models: 70},
			line:  done(`0 repositories fetched, 0 sources failed, 0 failing in all, 6 gone from the Hub, 0 benchmarks built, 2 unchanged, ` + newOne),
			want:  morning{published: true, models: 76, stage: "done", gone: 6},
			after: mustSayInStatus("6 repositories are gone from the Hub"),
		}, {
			name: "more_gone_and_left_out_by_setting", hub: hub{models: 60}, env: []string{"METABENCH_BUILD_INCLUDE_VANISHED=false"}, code: 13,
			line: cut("publish", 13, `0 repositories fetched, 0 sources failed, 0 failing in all, 16 gone from the Hub, 2 benchmarks built, 0 unchanged, `+published),
			says: `gate: corpus_shrank: arc: has 60 models, and 76 in published/metabench\.duckdb`,
			want: morning{models: 76, stage: "publish", gone: 16},
		}, {
			name: "models_back", hub: hub{models: 76},
			line: done(`0 repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, ` + newOne),
			want: morning{published: true, models: 76, stage: "done"},
		}, {
			name: "release_in_use", hub: hub{models: 80}, before: must("release", "create", "2026-11"),
			line:  done(`4 repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, 1 releases calibrated, ` + newOne),
			want:  morning{published: true, models: 80, stage: "done"},
			after: must("export", "bundle", "released.bundle", "--release", "2026-11"),
		}, {
			// So many that people should look before anything is published.
			name: "many_files_refused", hub: hub{models: 110, odd: true}, code: 13,
			line: cut("publish", 13, `30 repositories fetched, 60 sources failed, 60 failing in all, 0 benchmarks built, 2 unchanged, `+published),
			says: `gate: failed_sources: arc: something of 30 of 110 models on the Hub \(27\.3 %\) can't be had for good, publish\.max_failed tolerates 25 %; .*metabench publish --accept-loss`,
			want: morning{models: 80, stage: "publish", failing: 60},
		}, {
			name: "they_are_still_many", hub: hub{models: 110, odd: true}, code: 13,
			line: cut("publish", 13, `0 repositories fetched, 0 sources failed, 60 failing in all, 0 benchmarks built, 2 unchanged, `+published),
			says: `gate: failed_sources: arc: something of 30 of 110 `,
			want: morning{models: 80, stage: "publish", failing: 60},
		}, {
			name: "somebody_accepts_them", hub: hub{models: 110, odd: true}, before: must("publish", "--accept-loss"), code: 3,
			line: done(`0 repositories fetched, 0 sources failed, 60 failing in all, 0 benchmarks built, 2 unchanged, ` + nothing),
			says: `hub\.max_failed`,
			want: morning{models: 80, stage: "done", failing: 60},
		}, {
			name: "private_file_gone", hub: hub{models: 110}, before: loseFile, code: 10,
			line: ``,
			says: `there is none, although metabench\.duckdb\.ledger tells of \d+ loads and published/metabench\.duckdb holds \d+ answers of 80 models; .*--new-warehouse`,
			want: morning{models: 80, stage: "open"},
		}, {
			name: "private_file_back", hub: hub{models: 110}, before: findFile, code: 3,
			line: done(`0 repositories fetched, 0 sources failed, 60 failing in all, 0 benchmarks built, 2 unchanged, ` + nothing),
			says: `hub\.max_failed`,
			want: morning{models: 80, stage: "done", failing: 60},
		}, {
			// Begun anew, with what the Hub has now: fewer models than people have.
			name: "begun_anew_with_less", hub: hub{models: 60}, before: loseFile, run: refreshing("--new-warehouse"), code: 13,
			line: cut("publish", 13, `60 repositories fetched, 0 sources failed, 0 failing in all, 2 benchmarks built, 0 unchanged, `+published),
			says: `gate: corpus_shrank: arc: has 60 models, and 80 in published/metabench\.duckdb: 25 % gone, publish\.max_loss tolerates 10 %; .*metabench publish --accept-loss\ngate: .* winogrande: .*\ngate: lost_releases: release 2026-11: is in published/.*\n$`,
			want: morning{models: 80, stage: "publish"},
		}, {
			name: "still_less", hub: hub{models: 60}, code: 13,
			line: cut("publish", 13, `0 repositories fetched, 0 sources failed, 0 failing in all, 0 benchmarks built, 2 unchanged, `+published),
			says: `gate: corpus_shrank: arc: has 60 models, and 80 in `,
			want: morning{models: 80, stage: "publish"},
		}, {
			name: "accepted", hub: hub{models: 60}, before: must("publish", "--accept-loss"),
			line: done(`0 repositories fetched, 0 sources failed, 0 failing in all, 0 benchmarks built, 2 unchanged, ` + nothing),
			want: morning{models: 60, stage: "done"},
		}, {
			name: "second_refresh_at_the_same_time", hub: hub{models: 60}, run: besideAnother, code: 11,
			line: ``, says: `process \d+ .*\(refresh\)`,
			want: morning{models: 60, stage: "done", others: true},
		},
	})
}

// A site whose first nights meet a Hub of which nothing can be read has nothing to
// publish, on the first night and on every other.
func TestNightsOverNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("some seconds")
	}
	passAll(t, []night{
		{
			name: "everything_refused", hub: hub{models: 20, odd: true}, code: 13,
			line: cut("publish", 13, `20 repositories fetched, 40 sources failed, 40 failing in all, 0 benchmarks built, 0 unchanged, `+published),
			says: `gate: nothing_loaded: metabench\.duckdb: holds no answers: of 20 models on the Hub nothing can be had; metabench query "from failure" says why`,
			want: morning{stage: "publish", failing: 40},
		}, {
			name: "everything_still_refused", hub: hub{models: 20, odd: true}, code: 13,
			line: cut("publish", 13, `0 repositories fetched, 0 sources failed, 40 failing in all, 0 benchmarks built, 0 unchanged, `+published),
			says: `gate: nothing_loaded: `,
			want: morning{stage: "publish", failing: 40},
		},
	})
}

// passAll lets the nights pass over a new site, one after the other.
func passAll(t *testing.T, nights []night) {
	s, all := newSite(t), hubs{t, map[[2]int]smallHub{}}
	for _, n := range nights {
		if !t.Run(n.name, func(t *testing.T) { n.pass(t, s, all) }) {
			t.FailNow() // the next nights find something else than they expect
		}
	}
}
