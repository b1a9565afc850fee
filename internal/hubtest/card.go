package hubtest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// CardData is the front matter of a card (§2.5).
type CardData struct {
	PrettyName     string       `json:"pretty_name"`
	Summary        string       `json:"dataset_summary"`
	RepoURL        string       `json:"repo_url"`
	LeaderboardURL string       `json:"leaderboard_url"`
	Contact        string       `json:"point_of_contact"`
	Configs        []CardConfig `json:"configs"`
}

// CardConfig is a task's part of a card.
type CardConfig struct {
	Name  string      `json:"config_name"`
	Files []CardSplit `json:"data_files"`
}

// CardSplit is a run of a config, or "latest".
type CardSplit struct {
	Split string   `json:"split"`
	Path  []string `json:"path"`
}

var (
	nonWord  = regexp.MustCompile(`\W`)
	nonSplit = regexp.MustCompile(`[^\w.]`)
)

// Card makes the front matter at a revision from the files there, by the naming rules of
// §2.5; nil when the repository has no card.
func (c *Corpus) Card(e *Entry, revision int) *CardData {
	if e.Case == CaseNoCard || e.Case == CaseEmptyCard || revision == 0 {
		return nil
	}
	d := &CardData{
		PrettyName:     "Evaluation run of " + e.Model,
		Summary:        "Evaluation of [" + e.Model + "](https://huggingface.co/" + e.Model + "): every question, every run.",
		RepoURL:        "https://huggingface.co/" + e.Model,
		LeaderboardURL: "https://huggingface.co/spaces/HuggingFaceH4/open_llm_leaderboard",
		Contact:        "nobody@example.org",
	}
	type group struct {
		splits []CardSplit
		newest Run
	}
	groups := map[string]*group{}
	add := func(config string, p Run, glob string) {
		g := groups[config]
		if g == nil {
			g = &group{}
			groups[config] = g
		}
		split := nonSplit.ReplaceAllString(p.Stamp(), "_")
		split = strings.ReplaceAll(split, "-", "_")
		if n := len(g.splits); n > 0 && g.splits[n-1].Split == split {
			g.splits[n-1].Path = append(g.splits[n-1].Path, glob)
		} else {
			g.splits = append(g.splits, CardSplit{split, []string{glob}})
		}
		if !p.At.Before(g.newest.At) {
			g.newest = p
		}
	}
	files := c.Files(e, revision)
	slices.SortStableFunc(files, func(a, b *File) int { return a.plan.At.Compare(b.plan.At) })
	for i, f := range files {
		base := f.Path[strings.LastIndex(f.Path, "/")+1:]
		switch {
		case f.kind == resultsParquet:
			add("results", f.plan, base)
		case !f.HoldsAnswers(), e.Case == CaseCardPartial && i%3 == 0:
		default:
			name := strings.TrimPrefix(base, "details_")
			name = name[:strings.LastIndex(name, "_"+f.plan.Stamp())]
			add(nonWord.ReplaceAllString(name, "_"), f.plan, "**/"+base)
			if strings.HasPrefix(name, "harness|hendrycksTest-") {
				add("harness_hendrycksTest_5", f.plan, "**/"+base)
			}
			if e.Case == CaseCardGhost && i%2 == 0 {
				ghost := f.plan
				ghost.At = ghost.At.AddDate(0, 1, 0)
				add(nonWord.ReplaceAllString(name, "_"), ghost, strings.ReplaceAll("**/"+base, f.plan.Stamp(), ghost.Stamp()))
			}
		}
	}
	for name, g := range groups {
		if e.Case != CaseNoLatest {
			stamp := strings.ReplaceAll(nonSplit.ReplaceAllString(g.newest.Stamp(), "_"), "-", "_")
			for _, s := range g.splits {
				if s.Split == stamp {
					g.splits = append(g.splits, CardSplit{"latest", s.Path})
					break
				}
			}
		}
		d.Configs = append(d.Configs, CardConfig{name, g.splits})
	}
	slices.SortFunc(d.Configs, func(a, b CardConfig) int { return strings.Compare(a.Name, b.Name) })
	return d
}

// card is README.md at a revision.
func (c *Corpus) cardText(e *Entry, revision int) []byte {
	d := c.Card(e, revision)
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
