package hubtest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

type dataset struct {
	OID       string `json:"_id"`
	ID        string
	SHA       string
	Gated     any
	Disabled  *bool
	CreatedAt string
	CardData  *struct {
		RepoURL string `json:"repo_url"`
		Configs []struct {
			Name  string `json:"config_name"`
			Files []struct {
				Split string
				Path  []string
			} `json:"data_files"`
		}
	}
	Siblings []struct{ RFilename string }
}

const listing = "/api/datasets?author=open-llm-leaderboard-old&search=details_&sort=createdAt"

var nextLink = regexp.MustCompile(`^<([^>]+)>; rel="next"$`)

// all follows a listing to its end.
func (c *client) all(address string) (entries []dataset, pages int) {
	c.t.Helper()
	for address != "" {
		r := c.get(address)
		if r.status != http.StatusOK {
			c.t.Fatalf("status %d: %s", r.status, r.body)
		}
		entries = append(entries, decode[[]dataset](c.t, r)...)
		pages++
		address = ""
		if m := nextLink.FindStringSubmatch(r.header.Get("Link")); m != nil {
			address = m[1]
		}
		if pages > 1000 {
			c.t.Fatal("the listing does not end")
		}
	}
	return entries, pages
}

func TestListing(t *testing.T) {
	c := serve(t, hubtest.CorpusOptions{Seed: 3, Models: 45, Broken: 1}, hubtest.ServerOptions{Unlimited: true})
	cases := map[string]func(t *testing.T, c *client){
		"every_repository_once_over_pages": func(t *testing.T, c *client) {
			entries, pages := c.all(listing + "&limit=10")
			var got, want []string
			for _, e := range entries {
				got = append(got, e.ID)
			}
			for _, r := range truth.Of(c.corpus).Repos() {
				if r.Case != hubtest.CasePrivate {
					want = append(want, r.Listed)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || pages != 5 {
				t.Errorf("%d pages: %v\nwant %v", pages, got, want)
			}
		},
		"newest_first_by_createdAt": func(t *testing.T, c *client) {
			entries, _ := c.all(listing + "&limit=7")
			if !slices.IsSortedFunc(entries, func(a, b dataset) int { return strings.Compare(b.CreatedAt, a.CreatedAt) }) {
				t.Error("order by createdAt is broken")
			}
		},
		"id_begins_with_the_time_of_creation": func(t *testing.T, c *client) {
			for _, e := range decode[[]dataset](t, c.get(listing)) {
				var unix int64
				if _, err := fmt.Sscanf(e.OID[:8], "%x", &unix); err != nil || e.CreatedAt < "2022-03-02" || len(e.OID) != 24 {
					t.Errorf("%+v", e)
				}
			}
		},
		"card_under_the_key_that_clients_read": func(t *testing.T, c *client) { // encoding/json does not mind its case, others do
			r := c.get(listing + "&full=true")
			if !strings.Contains(string(r.body), `"cardData":{`) {
				t.Error("no entry has cardData")
			}
		},
		"no_link_on_the_last_page": func(t *testing.T, c *client) {
			if l := c.get(listing + "&limit=1000").header.Get("Link"); l != "" {
				t.Error(l)
			}
		},
		"link_is_absolute": func(t *testing.T, c *client) {
			l := c.get(listing + "&limit=1").header.Get("Link")
			if !strings.HasPrefix(l, "<"+c.s.Endpoint()+"/api/datasets?") {
				t.Error(l)
			}
		},
		"plain_entries_lack_sha_and_siblings": func(t *testing.T, c *client) {
			e := decode[[]dataset](t, c.get(listing+"&limit=1"))[0]
			if e.SHA != "" || e.Siblings != nil {
				t.Errorf("%+v", e)
			}
		},
		"expand_gives_only_what_was_named": func(t *testing.T, c *client) {
			r := c.get(listing + "&limit=1&expand=sha&expand[]=siblings")
			e := decode[[]map[string]any](t, r)[0]
			for k := range e {
				if !slices.Contains([]string{"_id", "id", "sha", "siblings"}, k) {
					t.Errorf("unasked field %s", k)
				}
			}
			if e["sha"] == nil || e["siblings"] == nil {
				t.Errorf("%s", r.body)
			}
		},
		"full_adds_sha_card_and_siblings": func(t *testing.T, c *client) {
			for _, e := range decode[[]dataset](t, c.get(listing+"&full=True")) {
				if e.SHA == "" || e.Siblings == nil {
					t.Errorf("%+v", e)
				}
			}
		},
		"unknown_expand_is_400_naming_the_fields": func(t *testing.T, c *client) {
			if r := c.get(listing + "&expand=nonsense"); r.status != 400 || !strings.Contains(string(r.body), "siblings") {
				t.Errorf("%d %s", r.status, r.body)
			}
		},
		"full_conflicts_with_expand": func(t *testing.T, c *client) {
			if r := c.get(listing + "&full=true&expand=sha"); r.status != 400 {
				t.Error(r.status)
			}
		},
		"unknown_sort_is_400": func(t *testing.T, c *client) {
			if r := c.get("/api/datasets?sort=nonsense"); r.status != 400 {
				t.Error(r.status)
			}
		},
		"bad_cursor_is_400": func(t *testing.T, c *client) {
			if r := c.get(listing + "&cursor=%21"); r.status != 400 {
				t.Error(r.status)
			}
		},
		"bad_limit_is_400": func(t *testing.T, c *client) {
			if r := c.get(listing + "&limit=-1"); r.status != 400 {
				t.Error(r.status)
			}
		},
		"common_repositories_are_listed_too": func(t *testing.T, c *client) {
			entries, _ := c.all("/api/datasets?author=open-llm-leaderboard-old&search=re&limit=500")
			if !slices.ContainsFunc(entries, func(e dataset) bool { return e.ID == hubtest.ResultsRepo }) {
				t.Error("no results repository")
			}
		},
		"private_ones_only_to_their_owner": func(t *testing.T, c *client) {
			own := *c
			own.token = hubtest.TokenOwner
			ours, _ := own.all(listing)
			theirs, _ := c.all(listing)
			if len(ours) != len(theirs)+1 {
				t.Errorf("owner sees %d, strangers %d", len(ours), len(theirs))
			}
		},
		"gated_and_disabled_are_marked": func(t *testing.T, c *client) {
			entries, _ := c.all(listing)
			for _, e := range entries {
				kase := repoOf(t, c, e.ID).Case
				if (e.Gated == "auto") != (kase == hubtest.CaseGated) || *e.Disabled != (kase == hubtest.CaseDisabled) {
					t.Errorf("case %q: gated %v, disabled %v", kase, e.Gated, *e.Disabled)
				}
			}
		},
	}
	for name, check := range cases {
		t.Run(name, func(t *testing.T) {
			mine := *c
			mine.t = t
			check(t, &mine)
		})
	}
}

// repoOf is the truth about a repository, by the id that the listing shows.
func repoOf(t *testing.T, c *client, listed string) truth.Repo {
	t.Helper()
	for _, r := range truth.Of(c.corpus).Repos() {
		if r.Listed == listed {
			return r
		}
	}
	t.Fatalf("no repository %s", listed)
	return truth.Repo{}
}

// caseOf is the first repository with a case.
func caseOf(t *testing.T, c *client, kase hubtest.Case) truth.Repo {
	t.Helper()
	for _, r := range truth.Of(c.corpus).Repos() {
		if r.Case == kase {
			return r
		}
	}
	t.Fatalf("no repository with case %q", kase)
	return truth.Repo{}
}
