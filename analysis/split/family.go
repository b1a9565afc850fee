package split

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Origin is what is known of where a model comes from. Only the name is needed.
type Origin struct {
	Name         string   // "organisation/name"
	Bases        []string // models it was tuned or merged from, where the card says
	Architecture string   // "MistralForCausalLM"; empty when unknown
	Parameters   float64  // billions; 0 when unknown
}

// Families labels each model with its family. Models that answer alike (see Alike; pairs of
// rows) are of one family, and so are those tuned or merged from one another, directly or
// through others: relatives. Relatives take the pretrained base that most of them have by
// name, architecture and size, the first of equals, and all with the same base are of one
// family. Where nothing tells a base they are grouped by organisation.
//
// Names mislead, so that answers come first: a single wrong name neither parts a model from
// its copies nor joins two bases. The labels are names such as "mistral-7b" or
// "organisation: x".
func Families(models []Origin, alike [][2]int) []string {
	row := make(map[string]int, len(models))
	for i, m := range models {
		row[m.Name] = i
	}
	f := newForest(len(models))
	for _, pair := range alike {
		f.join(pair[0], pair[1])
	}
	own := make([]string, len(models)) // base by the model itself, empty when unknown
	for i, m := range models {
		own[i] = base(m)
		for _, b := range m.Bases {
			if k, ok := row[b]; ok {
				f.join(k, i)
			} else if own[i] == "" {
				own[i] = base(Origin{Name: b})
			}
		}
	}
	bases, makers := newVotes(len(models)), newVotes(len(models))
	for i, m := range models {
		bases.add(f.find(i), own[i])
		makers.add(f.find(i), "organisation: "+organisation(m.Name))
	}
	labels := make([]string, len(models))
	for i := range models {
		root := f.find(i)
		if labels[i] = bases[root].most(); labels[i] == "" {
			labels[i] = makers[root].most()
		}
	}
	return labels
}

// votes count labels, by the group that they are for.
type votes []*poll

// poll counts the labels of a group, in the order in which they came.
type poll struct {
	labels []string
	count  map[string]int
}

func newVotes(n int) votes {
	v := make(votes, n)
	for k := range v {
		v[k] = &poll{count: map[string]int{}}
	}
	return v
}

// add counts a label; the empty one is none.
func (v votes) add(group int, label string) {
	if label == "" {
		return
	}
	if p := v[group]; p.count[label] == 0 {
		p.labels = append(p.labels, label)
	}
	v[group].count[label]++
}

// most is the label with the most votes, the first of equals; empty where there are none.
func (p *poll) most() string {
	best := ""
	for _, label := range p.labels {
		if p.count[label] > p.count[best] {
			best = label
		}
	}
	return best
}

func organisation(name string) string {
	org, _, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	return strings.ToLower(org)
}

// bases are words in model names that tell the pretrained base, the more special
// before the more general; size is the base's where the word alone tells it.
var bases = []struct {
	word   *regexp.Regexp
	family string
	size   float64
}{
	{regexp.MustCompile(`mixtral|8x7b`), "mixtral", 46.7},
	{regexp.MustCompile(`tiny-?llama`), "tinyllama", 1.1},
	{regexp.MustCompile(`code-?llama`), "codellama", 0},
	{regexp.MustCompile(`open-?llama`), "openllama", 0},
	{regexp.MustCompile(`llama-?3|llama3`), "llama-3", 0},
	{regexp.MustCompile(`zephyr|mistral|open-?hermes|neural-?chat|starling|marcoro|neuralbeagle`), "mistral", 7.2},
	// Names and architecture rarely tell the first Llama from the second.
	{regexp.MustCompile(`vicuna|alpaca|guanaco|llama`), "llama", 0},
	{regexp.MustCompile(`solar`), "solar", 10.7},
	{regexp.MustCompile(`qwen-?1\.5`), "qwen-1.5", 0},
	{regexp.MustCompile(`qwen-?2`), "qwen-2", 0},
	{regexp.MustCompile(`qwen`), "qwen", 0},
	{regexp.MustCompile(`deepseek`), "deepseek", 0},
	{regexp.MustCompile(`gemma`), "gemma", 0},
	{regexp.MustCompile(`phi-?3`), "phi-3", 0},
	{regexp.MustCompile(`phi-?2|phi-?1`), "phi", 0},
	{regexp.MustCompile(`(^|[-_/ ])yi[-_ ]`), "yi", 0},
	{regexp.MustCompile(`falcon`), "falcon", 0},
	{regexp.MustCompile(`pythia`), "pythia", 0},
	{regexp.MustCompile(`redpajama`), "redpajama", 0},
	{regexp.MustCompile(`stablelm`), "stablelm", 0},
	{regexp.MustCompile(`internlm`), "internlm", 0},
	{regexp.MustCompile(`cerebras`), "cerebras-gpt", 0},
	{regexp.MustCompile(`gpt-?neox`), "gpt-neox", 0},
	{regexp.MustCompile(`gpt-?neo`), "gpt-neo", 0},
	{regexp.MustCompile(`gpt-?j`), "gpt-j", 0},
	{regexp.MustCompile(`gpt-?2`), "gpt2", 0},
	{regexp.MustCompile(`bloom`), "bloom", 0},
	{regexp.MustCompile(`(^|[-_/])mpt[-_]`), "mpt", 0},
	{regexp.MustCompile(`(^|[-_/])opt[-_]`), "opt", 0},
	{regexp.MustCompile(`rwkv`), "rwkv", 0},
	{regexp.MustCompile(`olmo`), "olmo", 0},
	{regexp.MustCompile(`xglm`), "xglm", 0},
}

var (
	billions = regexp.MustCompile(`(?:^|[^a-z0-9.])(\d+(?:\.\d+)?)b(?:[^a-z]|$)`)
	millions = regexp.MustCompile(`(?:^|[^a-z0-9.])(\d+)m(?:[^a-z]|$)`)
)

// base tells the pretrained base of a model from its name, else from its
// architecture and size: merges and tunes often have names that tell nothing, but
// 7.24 billion parameters in MistralForCausalLM are Mistral 7B's. It returns the
// empty string when nothing tells.
func base(m Origin) string {
	_, name, found := strings.Cut(strings.ToLower(m.Name), "/")
	if !found {
		name = strings.ToLower(m.Name)
	}
	size := m.Parameters
	if size <= 0 {
		size = sizeOf(name)
	}
	for _, b := range bases {
		if b.word.MatchString(name) {
			if size <= 0 {
				size = b.size
			}
			return sized(b.family, size)
		}
	}
	arch := strings.ToLower(m.Architecture)
	arch = strings.TrimSuffix(strings.TrimSuffix(arch, "forcausallm"), "lmheadmodel")
	if arch == "" || arch == "error" || size <= 0 {
		return ""
	}
	return sized(known(arch, size), size)
}

// known tells the base behind Llama's architecture, which many share, by its size.
func known(arch string, size float64) string {
	if arch != "llama" {
		return arch
	}
	for _, b := range []struct {
		family string
		size   float64
	}{{"tinyllama", 1.1}, {"llama-3", 8.03}, {"solar", 10.73}, {"yi", 34.39}, {"yi", 6.06}, {"llama-3", 70.55}} {
		if math.Abs(size-b.size) < 0.01*b.size {
			return b.family
		}
	}
	return arch
}

// sized appends the size class: whole billions, or millions below one billion.
// Llama's 32.5 and 69 billion parameters are spelt in several ways.
func sized(family string, size float64) string {
	switch {
	case strings.HasPrefix(family, "llama") && size >= 29.5 && size < 33.5:
		size = 30
	case strings.HasPrefix(family, "llama") && size >= 68.5 && size < 71.5:
		size = 70
	}
	switch {
	case size <= 0:
		return family
	case size < 0.95:
		return fmt.Sprintf("%s-%.0fm", family, size*1000)
	}
	return fmt.Sprintf("%s-%.0fb", family, size)
}

func sizeOf(name string) float64 {
	if m := billions.FindStringSubmatch(name); m != nil {
		v, _ := strconv.ParseFloat(m[1], 64) // digits and a point, by the expression
		return v
	}
	if m := millions.FindStringSubmatch(name); m != nil {
		v, _ := strconv.ParseFloat(m[1], 64)
		return v / 1000
	}
	return 0
}

// forest is a union-find structure over rows.
type forest struct{ parent []int }

func newForest(n int) *forest {
	f := &forest{make([]int, n)}
	for i := range f.parent {
		f.parent[i] = i
	}
	return f
}

func (f *forest) find(a int) int {
	for f.parent[a] != a {
		f.parent[a] = f.parent[f.parent[a]]
		a = f.parent[a]
	}
	return a
}

func (f *forest) join(a, b int) {
	if x, y := f.find(a), f.find(b); x != y {
		f.parent[y] = x
	}
}
