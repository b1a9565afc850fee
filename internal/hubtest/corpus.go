package hubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"metabench/corpus"
)

// Namespaces and repositories of the replica (§1.4, §6).
const (
	Namespace    = "open-llm-leaderboard-old"
	OldNamespace = "open-llm-leaderboard" // former home: answers 307
	ResultsRepo  = Namespace + "/results"
	RequestsRepo = Namespace + "/requests"
)

// CorpusOptions describe a corpus. The zero value of a field means its default.
type CorpusOptions struct {
	Seed       uint64
	Models     int                // number of models; default len(Names), else 20
	Names      []string           // ids of the first models; the rest are made up
	Benchmarks []corpus.Benchmark // default Leaderboard()
	Population Population         // default: drawn from the seed
	Broken     float64            // share of models with a Case, 0 to 1; default none
	Cases      []Case             // cases in use, one after another; default Cases()
	Generation Generation         // when set, every repository is one run of this generation
	Prompts    PromptSize         // default PromptSmall
	// RowGroupRows is the number of rows of a row group; default 1000, as the library
	// that wrote the real files has it.
	RowGroupRows int
	Compression  Compression // of the evaluation files' pages; default snappy
	// Rerendered gives MMLU's questions a heading in the files of 2024, so that their
	// hashes agree with no file of 2023 although the order is the same.
	Rerendered bool
	// Checksums puts a checksum on every page of metrics and predictions. The real files
	// have none.
	Checksums bool
	// Absent reports whether a model is off the Hub at present: neither it nor its evaluation
	// repository is listed or found, while what the leaderboard published of it stays. It is
	// called by several goroutines; nil: every model is there.
	Absent func(model string) bool
}

// Corpus is what the replica holds. It is safe for use by several goroutines.
type Corpus struct {
	options    CorpusOptions
	population Population
	tasks      []*Task
	entries    []*Entry
	byRepo     map[string]*Entry // canonical id
	byFold     map[string]*Entry // id in lower case
	byModel    map[string]*Entry

	sheets  sheets
	shared  shared
	digests digests
	recent  recentFiles
	score   scoreCache
	choices choices

	mu     sync.RWMutex
	pushed map[string]int // further runs by repository
}

// Entry is a model with its evaluation repository. What the repository holds is
// computed when asked for.
type Entry struct {
	Model  string // the leaderboard's name for it
	Repo   string // canonical repository id
	Listed string // id under which the listing shows it: a former name when the repository was renamed
	Case   Case

	index   int
	id      string // "_id"
	created time.Time
}

// NewCorpus makes a corpus. It panics if the options contradict each other, which is
// an error of the caller's code.
func NewCorpus(o CorpusOptions) *Corpus {
	if o.Models == 0 {
		o.Models = max(len(o.Names), 0)
		if len(o.Names) == 0 {
			o.Models = 20
		}
	}
	if len(o.Names) > o.Models {
		panic("hubtest: more names than models")
	}
	if o.Benchmarks == nil {
		o.Benchmarks = Leaderboard()
	}
	if o.Cases == nil {
		o.Cases = Cases()
	}
	o.Benchmarks = slices.Clone(o.Benchmarks)
	for k, b := range o.Benchmarks {
		if b.Metric == "mc1" && b.Options == 0 { // their number varies; ours does not
			o.Benchmarks[k].Options = 5
		}
	}
	o.Prompts = cmp.Or(o.Prompts, PromptSmall)
	o.RowGroupRows = cmp.Or(o.RowGroupRows, 1000)
	c := &Corpus{
		options: o, population: o.Population,
		byRepo: map[string]*Entry{}, byFold: map[string]*Entry{}, byModel: map[string]*Entry{},
		pushed: map[string]int{},
	}
	if c.population == nil {
		c.population = newSeededPopulation(o.Seed, o.Benchmarks)
	}
	for _, b := range o.Benchmarks {
		for _, t := range b.Tasks {
			if t.Items < 1 {
				panic("hubtest: a task needs a number of questions")
			}
			c.tasks = append(c.tasks, &Task{Task: t, Index: len(c.tasks), Bench: b, seed: o.Seed, prompt: o.Prompts, rerendered: o.Rerendered})
		}
	}
	broken := 0
	for i := range o.Models {
		e := &Entry{index: i}
		if float64(broken) < o.Broken*float64(i+1)-1e-9 && len(o.Cases) > 0 {
			e.Case = o.Cases[broken%len(o.Cases)]
			broken++
		}
		e.Model = c.modelName(i, e.Case)
		name := strings.ReplaceAll(e.Model, "/", "__")
		if e.Case == CaseHostileName {
			name = fmt.Sprintf("hostile__%d", i) // the Hub's own names are tame
		}
		e.Repo = Namespace + "/details_" + name
		e.Listed = e.Repo
		if e.Case == CaseRenamed {
			e.Listed = Namespace + "/details_former__" + name
		}
		runs := c.schedule(e)
		first := runAt(runs, e)
		e.created = first.Add(time.Hour).Truncate(time.Second)
		e.id = fmt.Sprintf("%08x%s", e.created.Unix(), hexOf(key(o.Seed, "id", e.Repo), 16))
		c.entries = append(c.entries, e)
		c.byRepo[e.Repo] = e
		c.byFold[strings.ToLower(e.Repo)] = e
		c.byModel[e.Model] = e
		if e.Listed != e.Repo {
			c.byFold[strings.ToLower(e.Listed)] = e
		}
	}
	return c
}

// runAt is the time of the first run, or one made up where there is none.
func runAt(runs []Run, e *Entry) time.Time {
	if len(runs) == 0 {
		return time.Date(2023, 9, 1, 0, 0, e.index%60, 0, time.UTC)
	}
	return runs[0].At
}

// Entries returns the models with their repositories, in the order of Models.
func (c *Corpus) Entries() []*Entry { return slices.Clone(c.entries) }

// Entry returns the repository of a model; nil when there is no such model.
func (c *Corpus) Entry(model string) *Entry { return c.byModel[model] }

// Tasks returns the tasks of the catalogue that the corpus was made of.
func (c *Corpus) Tasks() []*Task { return c.tasks }

// Models returns the ids of all models.
func (c *Corpus) Models() []string {
	names := make([]string, len(c.entries))
	for i, e := range c.entries {
		names[i] = e.Model
	}
	return names
}

func (c *Corpus) isAbsent(e *Entry) bool { return c.options.Absent != nil && c.options.Absent(e.Model) }

// modelName makes up the id of model i.
func (c *Corpus) modelName(i int, kase Case) string {
	if kase == CaseHostileName {
		hostile := []string{
			`a'); DROP TABLE responses;--`, `org/x" AS y`, "org/\u202egnp.exe-模型", "org/nul\x00byte",
			"org/" + strings.Repeat("long-", 2000),
		}
		return fmt.Sprintf("%s#%d", hostile[i%len(hostile)], i)
	}
	if i < len(c.options.Names) {
		return c.options.Names[i]
	}
	r := stream(key(c.options.Seed, "name", fmt.Sprint(i)))
	org := organisations[r.IntN(len(organisations))]
	size := []string{"1b", "3B", "7b", "7B", "8x7B", "13b", "34B", "70b"}[r.IntN(8)]
	name := fmt.Sprintf("%s-%s-%s-v%d.%d", families[r.IntN(len(families))], size, suffixes[r.IntN(len(suffixes))],
		i/10, i%10)
	switch {
	case kase == CaseUnderscores:
		name = strings.ReplaceAll(name, "-", "__")
	case i%97 == 41:
		return name // a model without organisation, like gpt2
	}
	return org + "/" + name
}

var (
	organisations = []string{"Ostrich", "north-lab", "01-core", "Quokka-AI", "teknos", "miniLM", "deepwell", "Corvid",
		"open-forge", "h4x", "TheQuant", "stability-lab", "Wombat", "pankaj", "yhyu", "bard-o"}
	families = []string{"Lama-2", "Mistrel", "falko", "Pythium", "OPTY", "Kwen1.5", "Fi-2", "Gemmo", "Yii", "Mixtrel"}
	suffixes = []string{"hf", "chat", "instruct", "base", "dpo", "sft", "merge", "slerp", "GPTQ", "orca"}
)
