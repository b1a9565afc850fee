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

// Families labels each model with its family. Models that are tuned or merged from
// one another, directly or through others, are of one family; so are models with
// the same pretrained base, as far as name, architecture and size tell it. What
// can't be placed is grouped by organisation.
//
// The labels are names such as "mistral-7b" or "organisation: x"; a family joined
// by lineage has the label of its first model.
func Families(models []Origin) []string {
	row := make(map[string]bool, len(models))
	for _, m := range models {
		row[m.Name] = true
	}
	f := newForest()
	own := make([]string, len(models)) // label by the model itself, empty when unknown
	for i, m := range models {
		own[i] = base(m)
		related := false
		for _, b := range m.Bases {
			if row[b] {
				f.join("model "+b, "model "+m.Name)
				related = true
			} else if own[i] == "" {
				own[i] = base(Origin{Name: b})
			}
		}
		switch {
		case own[i] != "":
			f.join("family "+own[i], "model "+m.Name)
		case !related:
			f.join("organisation "+organisation(m.Name), "model "+m.Name)
		}
	}
	names := make(map[string]string)
	for i, m := range models {
		if root := f.find("model " + m.Name); names[root] == "" {
			names[root] = own[i]
		}
	}
	labels := make([]string, len(models))
	for i, m := range models {
		root := f.find("model " + m.Name)
		if names[root] == "" {
			names[root] = "organisation: " + organisation(m.Name)
		}
		labels[i] = names[root]
	}
	return labels
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

// forest is a union-find structure over names.
type forest struct{ parent map[string]string }

func newForest() *forest { return &forest{parent: make(map[string]string)} }

func (f *forest) find(a string) string {
	root := a
	for f.parent[root] != "" {
		root = f.parent[root]
	}
	for f.parent[a] != "" {
		a, f.parent[a] = f.parent[a], root
	}
	return root
}

func (f *forest) join(a, b string) {
	if x, y := f.find(a), f.find(b); x != y {
		f.parent[y] = x
	}
}
