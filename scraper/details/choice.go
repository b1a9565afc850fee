package details

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
)

// Candidate is a file that may hold a model's answers to a task.
type Candidate struct {
	Path string
	Name Name
}

// Candidates finds, among a repository's paths, the files of each of a benchmark's
// tasks (suite "harness", the leaderboard's number of shots). They are in the order in which
// to try them: the newest run first, by time and then by path. Where a benchmark has several
// tasks, runs with all of them go before all others, so that its answers come
// from one run where that is possible.
func Candidates(paths []string, b corpus.Benchmark) map[string][]Candidate {
	tasks := make(map[string]string, len(b.Tasks)) // harness name → task
	for _, t := range b.Tasks {
		tasks[t.Harness] = t.Name
	}
	found := map[string][]Candidate{}
	held := map[int64]map[string]bool{} // run → tasks
	for _, p := range paths {
		n, ok := ParseName(p)
		if !ok || n.Suite != "harness" || n.Shots != b.Shots {
			continue
		}
		task, ok := tasks[n.Task]
		if !ok {
			continue
		}
		found[task] = append(found[task], Candidate{Path: p, Name: n})
		run := n.Run.UnixNano()
		if held[run] == nil {
			held[run] = map[string]bool{}
		}
		held[run][task] = true
	}
	whole := func(c Candidate) int {
		if len(b.Tasks) > 1 && len(held[c.Name.Run.UnixNano()]) == len(b.Tasks) {
			return 1
		}
		return 0
	}
	for _, c := range found {
		slices.SortFunc(c, func(x, y Candidate) int {
			return cmp.Or(-cmp.Compare(whole(x), whole(y)), -x.Name.Run.Compare(y.Name.Run), cmp.Compare(y.Path, x.Path))
		})
	}
	return found
}

// Faithful is the choice of the original scraper, for reproducing its data: the
// first path of the card's split "latest" of the task's config; without a card or
// the config, the first file in listing order, which is the oldest run. There is no second
// choice.
func Faithful(paths []string, card *Card, b corpus.Benchmark, t corpus.Task) (Candidate, bool) {
	if card != nil {
		for _, config := range card.Configs {
			if config.Name != ConfigName(b, t) {
				continue
			}
			for _, split := range config.Splits {
				if split.Name != "latest" || len(split.Paths) == 0 {
					continue
				}
				if p, ok := find(paths, split.Paths[0]); ok {
					n, _ := ParseName(p)
					return Candidate{Path: p, Name: n}, true
				}
			}
		}
	}
	for _, p := range paths {
		if n, ok := ParseName(p); ok && n.Suite == "harness" && n.Task == t.Harness && n.Shots == b.Shots {
			return Candidate{Path: p, Name: n}, true
		}
	}
	return Candidate{}, false
}

// FromCard finds candidates through the card, for repositories whose file names
// don't follow the grammar of ParseName: the splits of the task's config, newest first.
func FromCard(paths []string, card *Card, b corpus.Benchmark, t corpus.Task) []Candidate {
	var found []Candidate
	for _, config := range card.Configs {
		if config.Name != ConfigName(b, t) {
			continue
		}
		for _, split := range config.Splits {
			run, ok := ParseRun(split.Name)
			if !ok {
				continue
			}
			for _, glob := range split.Paths {
				if p, ok := find(paths, glob); ok && strings.HasSuffix(p, ".parquet") {
					found = append(found, Candidate{Path: p, Name: Name{Suite: "harness", Task: t.Harness, Shots: b.Shots, Run: run}})
				}
			}
		}
	}
	slices.SortStableFunc(found, func(x, y Candidate) int { return -x.Name.Run.Compare(y.Name.Run) })
	return found
}

// ConfigName is the name of a task's config in a card: the task's name with every
// character that isn't part of a word replaced by an underscore.
func ConfigName(b corpus.Benchmark, t corpus.Task) string {
	word := func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}
	return "harness_" + strings.Map(word, t.Harness) + "_" + strconv.Itoa(b.Shots)
}

// find resolves a card's path: "**/" and a base name, or a plain path.
func find(paths []string, glob string) (string, bool) {
	base := strings.TrimPrefix(glob, "**/")
	for _, p := range paths {
		if p == base || strings.HasSuffix(p, "/"+base) {
			return p, true
		}
	}
	return "", false
}
