package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"metabench/analysis"
	"metabench/analysis/result"
	"metabench/config"
	"metabench/spelling"
)

// Built is what a build did.
type Built struct {
	Benchmarks []string  `json:"built"`    // that have results, analysis.JointName for the joint ones among them
	LeftOut    []LeftOut `json:"left_out"` // what their answers don't allow
}

// LeftOut is a part of a benchmark's results, or an item of a pinned form, that could
// not be made, and why.
type LeftOut struct {
	Benchmark string `json:"benchmark"`
	result.LeftOut
}

func (b *Built) add(set *result.Set) {
	for _, l := range set.LeftOut {
		b.LeftOut = append(b.LeftOut, LeftOut{set.Benchmark, l})
	}
}

// Without are the benchmarks of which nothing could be made.
func (b Built) Without() []string {
	var names []string
	for _, l := range b.LeftOut {
		if l.Part == analysis.PartBenchmark && l.Benchmark != analysis.JointName {
			names = append(names, l.Benchmark)
		}
	}
	return names
}

// Lines say what was left out and why, a line a part: items of a form that lack for one
// reason share a line, which names the first of them.
func (b Built) Lines() []string {
	const most = 5
	type group struct {
		LeftOut
		items []string
	}
	var groups []group
	for _, l := range b.LeftOut {
		k := slices.IndexFunc(groups, func(g group) bool {
			return l.Item != "" && len(g.items) > 0 && g.Benchmark == l.Benchmark && g.Part == l.Part && g.Reason == l.Reason
		})
		switch {
		case k >= 0:
			groups[k].items = append(groups[k].items, l.Item)
		case l.Item != "":
			groups = append(groups, group{l, []string{l.Item}})
		default:
			groups = append(groups, group{LeftOut: l})
		}
	}
	var lines []string
	for _, g := range groups {
		if len(g.items) == 0 {
			lines = append(lines, fmt.Sprintf("%s, %s: %s", g.Benchmark, g.Part, g.Reason))
			continue
		}
		names := strings.Join(g.items[:min(most, len(g.items))], ", ")
		if len(g.items) > most {
			names += ", … (the table left_out has all)"
		}
		lines = append(lines, fmt.Sprintf("%s, %d items of %s: %s: %s", g.Benchmark, len(g.items), g.Part, g.Reason, names))
	}
	return lines
}

// unanswered are the benchmarks that items are pinned of although the warehouse has no
// answers to them. Where it has answers to none of them, it is a *SettingError: their
// names are at fault.
func (j *job) unanswered(cfg config.Config, there []string) ([]LeftOut, error) {
	left := []LeftOut{}
	for _, benchmark := range slices.Sorted(maps.Keys(j.pinned)) {
		if slices.Contains(there, benchmark) {
			continue
		}
		for _, form := range slices.Sorted(maps.Keys(j.pinned[benchmark])) {
			left = append(left, LeftOut{benchmark, result.LeftOut{Part: "form " + form, Reason: "its items are pinned, but the warehouse has no answers to it"}})
		}
	}
	if len(left) == 0 || slices.ContainsFunc(there, func(b string) bool { return j.pinned[b] != nil }) {
		return left, nil
	}
	key := "build.form_a_items"
	if cfg.Build.FormAItems == "" {
		key = "build.form_b_items"
	}
	first := left[0].Benchmark
	return nil, &SettingError{key, fmt.Errorf("it pins items of benchmark %q%s, and the warehouse has answers to %s only",
		first, spelling.Suggestion(first, there), strings.Join(there, ", "))}
}
