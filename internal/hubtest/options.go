package hubtest

import (
	"fmt"
	"strconv"
	"strings"

	"metabench/corpus"
)

// scaledMinItems is how many questions a task of a scaled replica has at least.
const scaledMinItems = 5

// ScaledBy returns a catalogue with a share of each task's questions, 0 to 1. A crawl
// refuses files of another number of rows than its catalogue expects, so that a scaled
// replica is crawled with a scaled catalogue.
func ScaledBy(benchmarks []corpus.Benchmark, scale float64) ([]corpus.Benchmark, error) {
	if !(scale > 0 && scale <= 1) {
		return nil, fmt.Errorf("scale %v: want a share between 0 and 1", scale)
	}
	return Scaled(benchmarks, scale, scaledMinItems), nil
}

// Check refuses options that no corpus can have. The error begins with the option's name.
func (o CorpusOptions) Check() error {
	switch {
	case o.Models < 1:
		return fmt.Errorf("models %d: want at least 1", o.Models)
	case !(o.Broken >= 0 && o.Broken <= 1):
		return fmt.Errorf("broken %v: want a share between 0 and 1", o.Broken)
	case o.Prompts != PromptSmall && o.Prompts != PromptRealistic:
		return fmt.Errorf("prompts %q: want small or realistic", o.Prompts)
	}
	switch o.Generation {
	case "", GenerationAEarly, GenerationA, GenerationB, GenerationBText:
		return nil
	}
	return fmt.Errorf("generation %q: want A-early, A, B or B-string", o.Generation)
}

// ParseQuota reads PLAN=API/RESOLVERS/PAGES.
func ParseQuota(s string) (Plan, Quota, error) {
	name, numbers, _ := strings.Cut(s, "=")
	plan := Plan(name)
	if _, ok := Quotas()[plan]; !ok {
		return "", Quota{}, fmt.Errorf("quota %s: no plan %q; want anonymous, free, pro, team or enterprise", s, name)
	}
	parts := strings.Split(numbers, "/")
	n := make([]int, len(parts))
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 1 {
			return "", Quota{}, fmt.Errorf("quota %s: want PLAN=API/RESOLVERS/PAGES, each at least 1", s)
		}
		n[i] = v
	}
	if len(n) != 3 {
		return "", Quota{}, fmt.Errorf("quota %s: want PLAN=API/RESOLVERS/PAGES", s)
	}
	return plan, Quota{API: n[0], Resolvers: n[1], Pages: n[2]}, nil
}
