package hubtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

func TestTree(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	base := "/api/datasets/" + f.repo.Repo + "/tree/" + f.repo.Commit
	dir, _, _ := strings.Cut(f.path, "/")
	all := decode[[]treeEntry](t, f.get(base+"?recursive=true"))
	for name, check := range map[string]func(t *testing.T){
		"recursive_keeps_directories": func(t *testing.T) {
			if !slices.ContainsFunc(all, func(e treeEntry) bool { return e.Type == "directory" && e.Path == dir }) {
				t.Errorf("no directory %s", dir)
			}
		},
		"flat_without_recursive": func(t *testing.T) {
			for _, e := range decode[[]treeEntry](t, f.get(base)) {
				if strings.Contains(e.Path, "/") {
					t.Error(e.Path)
				}
			}
		},
		"of_a_directory": func(t *testing.T) {
			entries := decode[[]treeEntry](t, f.get(base+"/"+escape(dir)))
			if len(entries) != 10 || !strings.HasPrefix(entries[0].Path, dir+"/") { // nine tasks and drop
				t.Errorf("%d entries of %s", len(entries), dir)
			}
		},
		"path_escaped_as_a_whole": func(t *testing.T) {
			if r := f.get(base + "/" + url.QueryEscape(dir)); r.status != http.StatusOK {
				t.Error(r.status)
			}
		},
		"pages_join_to_the_whole": func(t *testing.T) {
			var got []treeEntry
			for address := base + "?recursive=true&limit=4"; address != ""; {
				r := f.get(address)
				got = append(got, decode[[]treeEntry](t, r)...)
				address = ""
				if m := nextLink.FindStringSubmatch(r.header.Get("Link")); m != nil {
					address = m[1]
				}
			}
			if fmt.Sprint(paths(got)) != fmt.Sprint(paths(all)) {
				t.Errorf("%v\nwant %v", paths(got), paths(all))
			}
		},
		"large_files_have_pointer_sizes": func(t *testing.T) {
			for _, e := range all {
				if e.LFS != nil && (e.LFS.PointerSize < 120 || e.LFS.PointerSize > 140 || e.LFS.Size != e.Size || len(e.OID) != 40 || len(e.LFS.OID) != 64) {
					t.Errorf("%+v", e)
				}
			}
		},
		"expand_adds_the_last_commit_in_smaller_pages": func(t *testing.T) {
			big := serve(t, hubtest.CorpusOptions{Models: 1, Generation: hubtest.GenerationB,
				Benchmarks: hubtest.Scaled(hubtest.Leaderboard(), 0.01, 2)}, hubtest.ServerOptions{})
			r := big.get("/api/datasets/" + truth.Of(big.corpus).Repos()[0].Repo + "/tree/main?recursive=true&expand=true")
			if entries := decode[[]map[string]any](t, r); len(entries) != 50 || entries[10]["lastCommit"] == nil {
				t.Errorf("%d entries: %v", len(entries), entries[10])
			}
		},
		"siblings_are_the_same_files": func(t *testing.T) {
			var names []string
			for _, s := range decode[dataset](t, f.get("/api/datasets/"+f.repo.Repo)).Siblings {
				names = append(names, s.RFilename)
			}
			files := slices.DeleteFunc(slices.Clone(all), func(e treeEntry) bool { return e.Type != "file" })
			if fmt.Sprint(names) != fmt.Sprint(paths(files)) {
				t.Errorf("%v\nwant %v", names, paths(files))
			}
		},
		"blobs_spell_the_hash_sha256": func(t *testing.T) {
			r := f.get("/api/datasets/" + f.repo.Repo + "?blobs=true")
			if !bytes.Contains(r.body, []byte(`"lfs":{"sha256":"`+f.sha+`"`)) {
				t.Errorf("%.500s", r.body)
			}
		},
		"blobs_conflict_with_expand": func(t *testing.T) {
			if r := f.get("/api/datasets/" + f.repo.Repo + "?blobs=true&expand=sha"); r.status != 400 {
				t.Error(r.status)
			}
		},
	} {
		t.Run(name, check)
	}
}

func paths(entries []treeEntry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Path)
	}
	return out
}

func TestPathsInfo(t *testing.T) {
	f := newFixture(t, hubtest.ServerOptions{})
	address := f.s.Endpoint() + "/api/datasets/" + f.repo.Repo + "/paths-info/main"
	for name, c := range map[string]struct{ contentType, body string }{
		"form": {"application/x-www-form-urlencoded", url.Values{"paths": {f.path, "nope"}, "expand": {"False"}}.Encode()},
		"json": {"application/json", fmt.Sprintf(`{"paths":[%q,"nope"],"expand":false}`, f.path)},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := f.http.Post(address, c.contentType, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if cerr := res.Body.Close(); err != nil || cerr != nil {
				t.Fatal(err, cerr)
			}
			entries := decode[[]treeEntry](t, reply{body: body})
			if len(entries) != 1 || entries[0].LFS == nil || entries[0].LFS.OID != f.sha {
				t.Errorf("%s", body)
			}
		})
	}
}

// The card's front matter is YAML, also with hostile names, and agrees with cardData.
func TestCards(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 4, Models: 30, Broken: 0.6, Cases: []hubtest.Case{hubtest.CaseHostileName, hubtest.CaseNoLatest,
		hubtest.CaseNoCard, hubtest.CaseEmptyCard, hubtest.CaseDebugLatest}}, hubtest.ServerOptions{Unlimited: true})
	for _, repo := range truth.Of(c.corpus).Repos() {
		t.Run(fmt.Sprintf("%s_%s", repo.Case, repo.Repo[len(hubtest.Namespace)+1:]), func(t *testing.T) {
			info := decode[dataset](t, c.get("/api/datasets/"+repo.Repo))
			r := c.get("/datasets/" + repo.Repo + "/resolve/main/README.md")
			if repo.Case == hubtest.CaseNoCard {
				if r.header.Get("X-Error-Code") != "EntryNotFound" || info.CardData != nil {
					t.Error("there is a card")
				}
				return
			}
			r = c.get(r.header.Get("Location"))
			if repo.Case == hubtest.CaseEmptyCard {
				if len(r.body) != 0 || info.CardData != nil {
					t.Errorf("%q", r.body)
				}
				return
			}
			front, _, ok := strings.Cut(strings.TrimPrefix(string(r.body), "---\n"), "\n---\n")
			var card map[string]any
			if err := yaml.Unmarshal([]byte(front), &card); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if card["repo_url"] != "https://huggingface.co/"+repo.Model || info.CardData.RepoURL != card["repo_url"] {
				t.Errorf("repo_url %q, in the API %q", card["repo_url"], info.CardData.RepoURL)
			}
			front2, err := json.Marshal(card["configs"])
			if err != nil {
				t.Fatal(err)
			}
			configs := map[string]int{}
			latest := 0
			for _, config := range info.CardData.Configs {
				configs[config.Name] = len(config.Files)
				for _, s := range config.Files {
					if s.Split == "latest" {
						latest++
					}
					if !bytes.Contains(front2, []byte(`"`+s.Split+`"`)) || config.Name != "results" && !strings.HasPrefix(s.Path[0], "**/details_") {
						t.Errorf("%s: split %+v", config.Name, s)
					}
				}
			}
			for _, want := range []string{"harness_arc_challenge_25", "harness_truthfulqa_mc_0", "harness_hendrycksTest_abstract_algebra_5",
				"harness_hendrycksTest_5", "harness_gsm8k_5", "results"} {
				if configs[want] == 0 {
					t.Errorf("no config %s among %v", want, configs)
				}
			}
			if (latest == 0) != (repo.Case == hubtest.CaseNoLatest) {
				t.Errorf("%d latest splits", latest)
			}
		})
	}
}

// The results repository holds one file a run, with the means of the evaluation files, and
// with the peculiarities of §6.1.
func TestResults(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 4, Models: 60, Broken: 0.1, Cases: []hubtest.Case{hubtest.CaseBadResults}},
		hubtest.ServerOptions{Unlimited: true})
	correct := truth.Of(c.corpus)
	kinds := map[string]int{}
	for _, model := range c.corpus.Models() {
		scores := correct.Scores(model)
		if len(scores) == 0 {
			t.Fatalf("%s has no scores", model)
		}
		path := scores[0].File.Path
		r := c.get("/datasets/" + hubtest.ResultsRepo + "/resolve/main/" + escape(path))
		r = c.get(r.header.Get("Location"))
		text := string(r.body)
		if json.Unmarshal(r.body, new(any)) != nil {
			kinds["bare NaN"]++
			text = strings.ReplaceAll(text, ": NaN", ": 0")
		}
		var file struct {
			Config  map[string]any `json:"config"`
			General map[string]any `json:"config_general"`
			Results map[string]map[string]float64
			Version map[string]int `json:"versions"`
		}
		if err := json.Unmarshal([]byte(text), &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if file.Config != nil {
			kinds["config"]++
			file.General = file.Config
		}
		if file.General["model_name"] != model {
			t.Errorf("model_name %v, want %s", file.General["model_name"], model)
		}
		old := file.Version["harness|hendrycksTest-abstract_algebra|5"] == 0
		published := map[string]corpus.Score{}
		for _, s := range scores {
			published[s.Benchmark] = s
		}
		for _, b := range truth.Of(c.corpus).Benchmarks() {
			sum, n := 0.0, 0
			for _, task := range b.Tasks {
				if line := file.Results[fmt.Sprintf("harness|%s|%d", task.Harness, b.Shots)]; line != nil {
					sum += line[published[b.Name].Metric]
					n++
				}
			}
			if b.Name == "mmlu" && old && n > 0 {
				kinds["old MMLU"]++
				n = 0
			}
			s, ok := published[b.Name]
			if ok != (n > 0) || ok && math.Abs(s.Value-100*sum/float64(n)) > 1e-9 {
				t.Errorf("%s %s: score %+v, file says %v of %d", model, b.Name, s, 100*sum/float64(n), n)
			}
		}
		repo, _ := correct.Repo(model)
		for _, task := range repo.Tasks {
			if strings.Contains(strings.ReplaceAll(task.Path, ":", "-"), strings.TrimSuffix(path[len(path)-31:], ".json")) && task.Benchmark == "gsm8k" {
				kinds["mean compared"]++
				sum := 0.0
				for _, a := range correct.Answers(model, task.Benchmark, task.Task) {
					sum += float64(a)
				}
				if got := file.Results["harness|gsm8k|5"]["acc"]; math.Abs(got-sum/float64(task.Rows)) > 1e-12 {
					t.Errorf("%s: acc %v, answers say %v", path, got, sum/float64(task.Rows))
				}
			}
		}
	}
	for _, kind := range []string{"bare NaN", "config", "old MMLU", "mean compared"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s among %v", kind, kinds)
		}
	}
	broken := caseOf(t, c, hubtest.CaseBadResults)
	entries := decode[[]treeEntry](t, c.get("/api/datasets/"+hubtest.ResultsRepo+"/tree/main/"+escape(broken.Model)))
	r := c.get("/datasets/" + hubtest.ResultsRepo + "/resolve/main/" + escape(entries[len(entries)-1].Path))
	if r = c.get(r.header.Get("Location")); json.Valid(r.body) || r.status != 200 {
		t.Errorf("%d: the newest results file should be cut short", r.status)
	}
}

func TestRequestsAndModels(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 4, Models: 60}, hubtest.ServerOptions{Unlimited: true})
	correct := truth.Of(c.corpus)
	requests := map[string]string{}
	for _, e := range decode[[]treeEntry](t, c.get("/api/datasets/"+hubtest.RequestsRepo+"/tree/main?recursive=true")) {
		if model, _, ok := strings.Cut(e.Path, "_eval_request_"); ok && e.Type == "file" {
			requests[model] = e.Path
		}
	}
	seen := map[string]int{}
	for _, name := range c.corpus.Models() {
		want, _ := correct.Model(name)
		r := c.get("/datasets/" + hubtest.RequestsRepo + "/resolve/main/" + escape(requests[name]))
		request := decode[struct {
			Model  string
			Params *float64
		}](t, c.get(r.header.Get("Location")))
		if request.Model != name {
			t.Errorf("request of %q in %s", request.Model, requests[name])
		}
		r = c.get("/api/models/" + escape(name) + "?expand=safetensors&expand=config")
		if r.status == http.StatusTemporaryRedirect {
			seen["renamed"]++
			r = c.get(r.header.Get("Location"))
		}
		seen[fmt.Sprint(r.status)]++
		if (r.status == 200) != *want.Available {
			t.Errorf("%s: status %d, available %v", name, r.status, *want.Available)
		}
		var info struct {
			Safetensors *struct {
				Parameters map[string]int64
				Total      int64
			}
		}
		if r.status == 200 {
			info = decode[struct {
				Safetensors *struct {
					Parameters map[string]int64
					Total      int64
				}
			}](t, r)
		}
		seen[want.ParamsSource]++
		switch want.ParamsSource {
		case "safetensors":
			p := info.Safetensors.Parameters
			billions := float64(p["BF16"]+p["F16"]+8*p["I32"]) / 1e9
			if math.Abs(billions / *want.Parameters - 1) > 0.01 {
				t.Errorf("%s: %v parameters, truth %v", name, billions, *want.Parameters)
			}
			if p["I32"] > 0 {
				seen["packed"]++
			}
		case "request":
			if info.Safetensors != nil || request.Params == nil || *request.Params != *want.Parameters {
				t.Errorf("%s: request says %v, truth %v", name, request.Params, *want.Parameters)
			}
		case "name":
			if info.Safetensors != nil || request.Params != nil {
				t.Errorf("%s: parameters are known", name)
			}
		}
	}
	for _, kind := range []string{"renamed", "200", "401", "safetensors", "packed", "request"} {
		if seen[kind] == 0 {
			t.Errorf("no %s among %v", kind, seen)
		}
	}
	if r := c.get("/api/models?expand=nope"); r.status != 400 || !strings.Contains(string(r.body), "safetensors") {
		t.Errorf("unknown field: %d %s", r.status, r.body)
	}
	org, _, _ := strings.Cut(c.corpus.Models()[0], "/")
	for _, m := range decode[[]map[string]any](t, c.get("/api/models?author="+org+"&limit=3")) {
		if !strings.HasPrefix(m["id"].(string), org+"/") {
			t.Errorf("%v is not by %s", m["id"], org)
		}
	}
}
