package harness

import (
	"path/filepath"
	"regexp"
	"strings"
)

// Form is one of two disjoint sets of items.
type Form string

// The primary and the secondary set.
const (
	FormA Form = "A"
	FormB Form = "B"
)

// fileName is what the name of a file says: samples_{task}_{time}.jsonl or
// results_{time}.json, both perhaps with .gz.
type fileName struct {
	task string // "" for results
	time string // with hyphens in the clock, "" if there is none
}

var runTime = regexp.MustCompile(`_?(\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)$`)

func parseFileName(path string) fileName {
	base := filepath.Base(path)
	for _, suffix := range []string{".gz", ".jsonl", ".json"} {
		base = strings.TrimSuffix(base, suffix)
	}
	var n fileName
	if m := runTime.FindStringSubmatchIndex(base); m != nil {
		n.time = strings.ReplaceAll(base[m[2]:m[3]], ":", "-")
		base = base[:m[0]]
	}
	n.task = strings.TrimPrefix(base, "samples_")
	if base == "results" {
		n.task = ""
	}
	return n
}

// published matches the tasks that come with lm-evaluation-harness.
var published = regexp.MustCompile(`^metabench_(arc|gsm8k|hellaswag|mmlu|truthfulqa|winogrande)(_secondary)?(_permute)?$`)

// publishedTask returns what the name of a published task says.
func publishedTask(task string) (benchmark string, form Form, permuted, ok bool) {
	m := published.FindStringSubmatch(task)
	if m == nil {
		return "", "", false, false
	}
	form = FormA
	if m[2] != "" {
		form = FormB
	}
	return m[1], form, m[3] != "", true
}

// exported matches the tasks of Group.
var exported = regexp.MustCompile(`^metabench_form_([ab])(_permute)?_(.+)$`)

// exportedTask returns what the name of a task of an export says; the benchmark's is
// the PlainName.
func exportedTask(task string) (benchmark string, form Form, permuted, ok bool) {
	m := exported.FindStringSubmatch(task)
	if m == nil {
		return "", "", false, false
	}
	return m[3], Form(strings.ToUpper(m[1])), m[2] != "", true
}

// modelOfDirectory is the model that the harness named a directory after: it
// replaces the slash of a model's name by two underscores.
func modelOfDirectory(path string) string {
	name := filepath.Base(filepath.Dir(path))
	if name == "." || name == string(filepath.Separator) {
		return ""
	}
	return strings.Replace(name, "__", "/", 1)
}
