package hubtest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"metabench/corpus"
)

// Question is one item of a task as the benchmark's source knows it.
type Question struct {
	id      string   // the source's own identifier, the only identity early ARC files carry
	text    string   // the question proper
	Choices []string // empty for free text
	Gold    int      // index of the right choice
	Worked  string   // right answer of a free-text question with its derivation, ending in "#### number"
	answer  string   // the same without: a number
}

// Task is a task of the catalogue, with what is needed to make its questions.
type Task struct {
	corpus.Task
	Index int // position among the corpus's tasks
	Bench corpus.Benchmark

	seed   uint64
	prompt PromptSize

	rerendered bool
}

// PromptSize chooses how long the prompts in the files are.
type PromptSize string

// The sizes of prompts. Small ones make files of a few kilobytes; realistic ones make
// the 62 files of a model about 30 MB, which is what ranged reading is for.
const (
	PromptSmall     PromptSize = "small"
	PromptRealistic PromptSize = "realistic"
)

// duplicateOf returns the earlier position whose question position p repeats, or
// -1. The leaderboard's benchmarks hold such duplicates (§5.3).
func (t *Task) duplicateOf(p int) int {
	if p < 2 {
		return -1
	}
	last := p == t.Items-1 && t.Items >= 5 && key(t.seed, "duplicate", t.Name)%2 == 0
	if last || mix(key(t.seed, "duplicates", t.Bench.Name, t.Name)+uint64(p))%500 == 0 {
		if q := p / 2; t.duplicateOf(q) < 0 {
			return q
		}
	}
	return -1
}

// Question makes the question at a position. A repeated question has the same
// text; in MMLU the same choices too, elsewhere other choices.
func (t *Task) Question(p int) Question {
	origin := p
	if d := t.duplicateOf(p); d >= 0 {
		origin = d
	}
	r := stream(mix(key(t.seed, "text", t.Bench.Name, t.Name) + uint64(origin)))
	words := 9 + r.IntN(8)
	if t.prompt == PromptRealistic {
		words = 18 + r.IntN(40)
	}
	q := Question{id: fmt.Sprintf("%s_%d_%d", sources[r.IntN(len(sources))], 1990+r.IntN(30), 400000+p)}
	q.text = sentence(r, words) + "?"
	if t.Bench.Name == "winogrande" {
		q.text = sentence(r, words) + " because" // up to the blank
	}
	if origin != p && t.Bench.Name != "mmlu" {
		r = stream(mix(key(t.seed, "choices", t.Bench.Name, t.Name) + uint64(p)))
	}
	for range t.Bench.Options {
		q.Choices = append(q.Choices, " "+sentence(r, 2+r.IntN(6)))
	}
	if t.Bench.Name == "winogrande" { // each option goes on with the same rest of the sentence
		rest := " was " + sentence(r, 3+r.IntN(4)) + "."
		for k := range q.Choices {
			q.Choices[k] += rest
		}
	}
	switch {
	case t.Bench.Options == 0:
		q.answer = fmt.Sprint(r.IntN(900))
		q.Worked = sentence(r, 6) + " makes " + q.answer + ".\n#### " + q.answer
	case t.Bench.Metric == "mc1":
		q.Gold = 0 // TruthfulQA lists the best answer first
	default:
		q.Gold = r.IntN(t.Bench.Options)
	}
	if t.Bench.Name == "mmlu" {
		q.text += "\n" + lettered(q.Choices)
		q.Choices = []string{" A", " B", " C", " D"}[:t.Bench.Options]
	}
	return q
}

// listsChoices reports whether the files of 2024 list a task's choices and right answers:
// in many of them these lists are empty in every row.
func (t *Task) listsChoices() bool { return key(t.seed, "tells", t.Bench.Name, t.Name)%3 == 0 }

// right is the text of the right choice or answer, in a list as the files of 2024 have it.
func (q Question) right() []string {
	if len(q.Choices) == 0 {
		return []string{q.Worked}
	}
	return q.Choices[q.Gold : q.Gold+1]
}

// rightIndex is the index of the right choice, in a list.
func (q Question) rightIndex() []int64 {
	if len(q.Choices) == 0 {
		return nil
	}
	return []int64{int64(q.Gold)}
}

// lettered lists choices as MMLU's prompts do.
func lettered(choices []string) string {
	var b strings.Builder
	for i, c := range choices {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%c.%s", 'A'+i, c)
	}
	return b.String()
}

// Rendered is the question as the files' question column shows it.
func (t *Task) Rendered(q Question, g Generation) string {
	switch {
	case t.Bench.Name == "hellaswag":
		return q.text
	case t.Bench.Name == "winogrande" && (g == GenerationA || g == GenerationAEarly):
		return q.text
	case t.Bench.Name == "winogrande":
		return q.text + " "
	case g == GenerationA || g == GenerationAEarly:
		return "Question: " + q.text + "\nAnswer:"
	case t.rerendered && t.Bench.Name == "mmlu":
		return "The following are multiple choice questions (with answers) about " + strings.ReplaceAll(t.Name, "_", " ") +
			".\n\n" + q.text + "\nAnswer:"
	}
	return "Question:  " + q.text + "\n\nAnswer: " // another year, other white space
}

// FullPrompt is the text the model saw: worked examples, then the question.
func (t *Task) FullPrompt(p int, rendered string) string {
	r := stream(mix(key(t.seed, "shots", t.Bench.Name, t.Name) + uint64(p)))
	shots, pool, words := min(t.Bench.Shots, 1), 4, 12
	if t.prompt == PromptRealistic {
		shots, pool, words = t.Bench.Shots, 40, 24
	}
	var b strings.Builder
	for range shots {
		e := stream(mix(key(t.seed, "example", t.Bench.Name, t.Name) + r.Uint64N(uint64(pool))))
		b.WriteString(t.example(e, words) + "\n\n")
	}
	b.WriteString(rendered)
	return b.String()
}

// example is a worked example, put as the questions are.
func (t *Task) example(r *rand.Rand, words int) string {
	text := sentence(r, words)
	switch t.Bench.Asked {
	case corpus.Context:
		return text + " because " + sentence(r, 3) + "."
	case corpus.Lettered:
		options := make([]string, max(t.Bench.Options, 2))
		for k := range options {
			options[k] = " " + sentence(r, 2)
		}
		return fmt.Sprintf("Question: %s?\n%s\nAnswer: %c", text, lettered(options), 'A'+rune(r.IntN(len(options))))
	case corpus.Generated:
		return fmt.Sprintf("Question: %s?\nAnswer: %s.\n#### %d", text, sentence(r, 3), r.IntN(900))
	}
	return fmt.Sprintf("Question: %s?\nAnswer: %s", text, sentence(r, 3))
}

func sentence(r *rand.Rand, words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
	}
	return b.String()
}

var sources = []string{"Mercury", "MCAS", "NYSEDREGENTS", "TIMSS", "ACTAAP", "LEAP", "VASoL"}

var vocabulary = strings.Fields(`
the a of which most likely because water light energy plant animal cell river mountain ocean force
mass heat temperature pressure metal rock soil air cloud rain wind sun moon planet star orbit seed root leaf
stem flower fruit insect bird fish mammal bone muscle blood heart lung brain nerve student teacher scientist
experiment measure result graph table average increase decrease change remain observe conclude explain describe
compare contrast cause effect before after during between under over through across against toward first second
third last next early late warm cold dry wet hard soft heavy fast slow large small long short bright dark
north south east west city village road bridge engine wheel machine lever pulley wire battery circuit current
magnet field wave sound echo mirror lens color red green blue white black salt sugar acid base oxygen carbon
nitrogen hydrogen iron copper gold silver glass wood paper plastic market price income law court treaty nation
state king empire war peace trade tax vote party union border history century decade year month week day night
doctor patient disease vaccine bacteria virus protein vitamin diet sleep memory emotion theory proof number
prime factor sum product square root angle circle triangle line point function limit vector matrix random sample
Müller naïve café Δ 東京`)
