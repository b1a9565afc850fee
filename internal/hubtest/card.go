package hubtest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// card front matter (§2.5).
type cardData struct {
	PrettyName     string       `json:"pretty_name"`
	Summary        string       `json:"dataset_summary"`
	RepoURL        string       `json:"repo_url"`
	LeaderboardURL string       `json:"leaderboard_url"`
	Contact        string       `json:"point_of_contact"`
	Configs        []cardConfig `json:"configs"`
}

type cardConfig struct {
	Name  string      `json:"config_name"`
	Files []cardSplit `json:"data_files"`
}

type cardSplit struct {
	Split string   `json:"split"`
	Path  []string `json:"path"`
}

var (
	nonWord  = regexp.MustCompile(`\W`)
	nonSplit = regexp.MustCompile(`[^\w.]`)
)

// cardOf works out the front matter at a revision from the files there, by the
// naming rules of §2.5; nil when the repository has no card.
func (c *Corpus) cardOf(e *entry, revision int) *cardData {
	if e.kase == CaseNoCard || e.kase == CaseEmptyCard || revision == 0 {
		return nil
	}
	d := &cardData{
		PrettyName:     "Evaluation run of " + e.model,
		Summary:        "Evaluation of [" + e.model + "](https://huggingface.co/" + e.model + "): every question, every run.",
		RepoURL:        "https://huggingface.co/" + e.model,
		LeaderboardURL: "https://huggingface.co/spaces/HuggingFaceH4/open_llm_leaderboard",
		Contact:        "nobody@example.org",
	}
	type group struct {
		splits []cardSplit
		newest plan
	}
	groups := map[string]*group{}
	add := func(config string, p plan, glob string) {
		g := groups[config]
		if g == nil {
			g = &group{}
			groups[config] = g
		}
		split := nonSplit.ReplaceAllString(p.stamp(), "_")
		split = strings.ReplaceAll(split, "-", "_")
		if n := len(g.splits); n > 0 && g.splits[n-1].Split == split {
			g.splits[n-1].Path = append(g.splits[n-1].Path, glob)
		} else {
			g.splits = append(g.splits, cardSplit{split, []string{glob}})
		}
		if !p.at.Before(g.newest.at) {
			g.newest = p
		}
	}
	files := c.files(e, revision)
	slices.SortStableFunc(files, func(a, b *file) int { return a.plan.at.Compare(b.plan.at) })
	for i, f := range files {
		base := f.path[strings.LastIndex(f.path, "/")+1:]
		switch {
		case f.kind == resultsParquet:
			add("results", f.plan, base)
		case f.kind != detailsFile, e.kase == CaseCardPartial && i%3 == 0:
		default:
			name := strings.TrimPrefix(base, "details_")
			name = name[:strings.LastIndex(name, "_"+f.plan.stamp())]
			add(nonWord.ReplaceAllString(name, "_"), f.plan, "**/"+base)
			if strings.HasPrefix(name, "harness|hendrycksTest-") {
				add("harness_hendrycksTest_5", f.plan, "**/"+base)
			}
			if e.kase == CaseCardGhost && i%2 == 0 {
				ghost := f.plan
				ghost.at = ghost.at.AddDate(0, 1, 0)
				add(nonWord.ReplaceAllString(name, "_"), ghost, strings.ReplaceAll("**/"+base, f.plan.stamp(), ghost.stamp()))
			}
		}
	}
	for name, g := range groups {
		if e.kase != CaseNoLatest {
			stamp := strings.ReplaceAll(nonSplit.ReplaceAllString(g.newest.stamp(), "_"), "-", "_")
			for _, s := range g.splits {
				if s.Split == stamp {
					g.splits = append(g.splits, cardSplit{"latest", s.Path})
					break
				}
			}
		}
		d.Configs = append(d.Configs, cardConfig{name, g.splits})
	}
	slices.SortFunc(d.Configs, func(a, b cardConfig) int { return strings.Compare(a.Name, b.Name) })
	return d
}

// card is README.md at a revision.
func (c *Corpus) card(e *entry, revision int) []byte {
	d := c.cardOf(e, revision)
	if d == nil {
		return nil
	}
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("---\npretty_name: %s\ndataset_summary: %s\nrepo_url: %s\nleaderboard_url: %s\npoint_of_contact: %s\nconfigs:\n",
		yamlText(d.PrettyName), yamlText(d.Summary), yamlText(d.RepoURL), yamlText(d.LeaderboardURL), yamlText(d.Contact))
	for _, config := range d.Configs {
		p("- config_name: %s\n  data_files:\n", config.Name)
		for _, s := range config.Files {
			p("  - split: %s\n    path:\n", s.Split)
			for _, path := range s.Path {
				p("    - %s\n", yamlText(path))
			}
		}
	}
	p("---\n\n# Dataset Card for %s\n\n%s\n\nThere are %d configurations and %d run(s). "+
		"A run is a split of each configuration, named by its time; the split \"train\" is said to be the newest, and does not exist.\n",
		d.PrettyName, d.Summary, len(d.Configs), revision)
	return b.Bytes()
}

// yamlText quotes a scalar where YAML would read something else into it.
func yamlText(s string) string {
	plain := true
	for _, r := range s {
		if r < ' ' || r > '~' {
			return strconv.Quote(s) // a Go string of escapes is a YAML double-quoted one but for \x and \u forms it shares
		}
		if strings.ContainsRune(`:#{}[],&*?|-<>=!%@'"\`+"`", r) && r != '-' {
			plain = false
		}
	}
	if plain || strings.HasPrefix(s, "https://") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
