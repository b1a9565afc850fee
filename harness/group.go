package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"metabench/corpus"
)

// Question is one item, ready to be asked.
type Question struct {
	Key  string // as in the catalogue
	Hash string // corpus.QuestionHash of the question, if known

	// Prompt is all that the model sees before its answer, the examples of the
	// leaderboard included. For Lettered it ends before the list of options.
	Prompt string

	// Choices are the answers to compare; the options themselves for Lettered; the
	// contexts for Context, each a prompt of its own.
	Choices []string
	Gold    int // index of the right choice

	// Target is the continuation after each context for Context, and the reference
	// answer, ending in "#### number", for Generated.
	Target string
}

// QuestionSet is one benchmark's selected items.
type QuestionSet struct {
	Benchmark string
	Title     string
	Metric    string // the catalogue's: acc, acc_norm, mc1, exact_match
	Style     corpus.Style
	Questions []Question
}

// Group is what is exported: a task group of lm-evaluation-harness.
type Group struct {
	Form     Form
	Permuted bool   // put the options of every question into another order
	Seed     uint64 // of that order
	Run      string // id of the run that selected the items
	Release  string // version of the form; empty for items that change with every build
	Identity string // of that release
	Dir      string // absolute path of the directory that the harness will find the files in
	Sets     []QuestionSet

	present []string // tasks of the group that are there already, see Keep
}

// File is a file of an export, its path relative to the export's directory.
type File struct {
	Path    string
	Content []byte
}

// Name is the group's name: what --tasks takes.
func (g *Group) Name() string {
	name := "metabench_form_" + strings.ToLower(string(g.Form))
	if g.Release != "" {
		name += "_" + PlainName(g.Release)
	}
	if g.Permuted {
		name += "_permute"
	}
	return name
}

// Files returns the group as files: per benchmark a task and its questions, the
// group, and a README. They need nothing but lm-evaluation-harness, no Python of
// their own and no network. A Generated set has no options to permute and is left
// out of a permuted group.
//
// The harness opens data by a path relative to the directory that it is started in, so
// that the tasks name the data by absolute paths below Dir, which may be that of another
// machine; a moved export must be written again.
func (g *Group) Files() ([]File, error) {
	if !filepath.IsAbs(g.Dir) {
		return nil, fmt.Errorf("export harness: %q is not an absolute path", g.Dir)
	}
	var files []File
	var names []string
	for k := range g.Sets {
		set := &g.Sets[k]
		if g.Omits(*set) {
			continue
		}
		task := g.task(*set)
		if slices.Contains(names, task) {
			return nil, fmt.Errorf("export harness: two benchmarks would both be called %s", task)
		}
		names = append(names, task)
		data, err := g.questions(set)
		if err != nil {
			return nil, err
		}
		file := filepath.Join("data", task+".jsonl")
		config, err := g.taskYAML(set, task, filepath.Join(g.Dir, file))
		if err != nil {
			return nil, err
		}
		files = append(files, File{task + ".yaml", config}, File{file, data})
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("export harness: there are no questions to export")
	}
	all := names
	if len(g.present) > 0 {
		all = slices.Sorted(slices.Values(slices.Concat(g.present, names)))
	}
	group, err := marshalYAML(groupConfig{Group: g.Name(), Task: all, Metadata: g.metadata()})
	if err != nil {
		return nil, err
	}
	return append(files, File{g.Name() + ".yaml", group}, File{"README.md", g.readme(names)}), nil
}

// task is the name of a set's task.
func (g *Group) task(set QuestionSet) string { return g.Name() + "_" + PlainName(set.Benchmark) }

// Omits reports whether a set is left out of the group.
func (g *Group) Omits(set QuestionSet) bool { return g.Permuted && set.Style == corpus.Generated }

var notPlain = regexp.MustCompile(`[^a-z0-9]+`)

// PlainName makes a name safe for a file and for --tasks.
func PlainName(name string) string {
	return strings.Trim(notPlain.ReplaceAllString(strings.ToLower(name), "_"), "_")
}

// row is a document of the exported data. All rows of a task have the same keys, which the
// data loader of the harness needs.
type row struct {
	Item      string   `json:"item"`
	Benchmark string   `json:"benchmark"`
	Form      Form     `json:"form"`
	Permuted  bool     `json:"permuted"`
	Hash      string   `json:"original_hash"`
	Prompt    string   `json:"prompt"`
	Choices   []string `json:"choices"`
	Gold      int      `json:"gold"`
	Target    string   `json:"target"`
}

func (g *Group) questions(set *QuestionSet) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	seen := map[string]bool{}
	for k := range set.Questions {
		q := &set.Questions[k]
		if err := q.check(set, seen); err != nil {
			return nil, err
		}
		choices, gold := q.Choices, q.Gold
		if g.Permuted {
			choices, gold = g.permute(set.Benchmark, q)
		}
		r := row{Item: q.Key, Benchmark: set.Benchmark, Form: g.Form, Permuted: g.Permuted, Hash: q.Hash,
			Prompt: q.Prompt, Choices: choices, Gold: gold, Target: q.Target}
		switch set.Style {
		case corpus.Lettered:
			r.Prompt, r.Choices = letter(q.Prompt, choices)
		case corpus.Generated:
			r.Choices, r.Gold = []string{}, 0
		case corpus.Continuation, corpus.Context:
		}
		if err := enc.Encode(r); err != nil {
			return nil, fmt.Errorf("export harness: %s, item %q: %w", set.Benchmark, q.Key, err)
		}
	}
	return b.Bytes(), nil
}

// check refuses a question that can't be asked.
func (q *Question) check(set *QuestionSet, seen map[string]bool) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("export harness: %s, item %q %s", set.Benchmark, q.Key, fmt.Sprintf(format, args...))
	}
	switch {
	case q.Key == "":
		return fail("has no key")
	case seen[q.Key]:
		return fail("occurs twice")
	case q.Prompt == "" && set.Style != corpus.Context:
		return fail("has no text: the corpus was imported without prompts")
	case set.Style == corpus.Generated:
		if !strings.Contains(q.Target, "####") {
			return fail("has no reference answer ending in #### and a number")
		}
	case len(q.Choices) < 2:
		return fail("has %d choices: the corpus holds no options for it", len(q.Choices))
	case q.Gold < 0 || q.Gold >= len(q.Choices):
		return fail("has the right choice %d of %d", q.Gold, len(q.Choices))
	case set.Style == corpus.Context && q.Target == "":
		return fail("has no continuation after its contexts")
	case slices.Contains(q.Choices, ""):
		return fail("has an empty choice")
	case set.Style == corpus.Lettered && len(q.Choices) > 26:
		return fail("has %d choices, more than there are letters", len(q.Choices))
	}
	seen[q.Key] = true
	return nil
}

// permute puts the choices into another order, never the same one. The order depends
// on seed, benchmark and key alone, not on which items are exported.
func (g *Group) permute(benchmark string, q *Question) (choices []string, gold int) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(benchmark + "\x00" + q.Key)) // never fails
	rng := rand.New(rand.NewPCG(g.Seed, h.Sum64()))
	order := rng.Perm(len(q.Choices))
	for slices.IsSorted(order) {
		order = rng.Perm(len(q.Choices))
	}
	choices = make([]string, len(order))
	for to, from := range order {
		choices[to] = q.Choices[from]
		if from == q.Gold {
			gold = to
		}
	}
	return choices, gold
}

// letter lists options below a question, as MMLU is asked, and returns the letters as
// choices.
func letter(prompt string, options []string) (string, []string) {
	var b strings.Builder
	b.WriteString(prompt)
	letters := make([]string, len(options))
	for k, option := range options {
		letters[k] = string(rune('A' + k))
		fmt.Fprintf(&b, "\n%s. %s", letters[k], option)
	}
	b.WriteString("\nAnswer:")
	return b.String(), letters
}

func marshalYAML(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("export harness: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("export harness: %w", err)
	}
	return b.Bytes(), nil
}
