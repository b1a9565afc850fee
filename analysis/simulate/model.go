package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// Model is a simulated model.
type Model struct {
	Name       string  // "organisation/name-7B"
	Parameters float64 // billions
	Parents    []int   // indices of the models it was made of: none for a base, two for a merge
}

var (
	organisations = []string{
		"alderwood-ai", "bluefjord", "calyx-labs", "deltaworks", "ember-research", "foxglove",
		"granite-peak", "harbourside", "inkstone", "juniper-nlp", "kestrel-lab", "lumenforge",
		"moss-and-stone", "northlight", "opal-systems", "pinecone-ml", "quietriver", "redoubt",
	}
	baseNames = []string{
		"Heron", "Basalt", "Quill", "Tundra", "Saffron", "Orrery", "Cobalt", "Marlin", "Sequoia", "Nimbus",
		"Wren", "Lattice", "Meridian", "Pumice", "Gannet",
	}
	tunings = []string{"instruct", "chat", "dpo", "sft", "orpo", "code", "math", "longctx", "roleplay", "multilingual"}
	merging = []string{"slerp", "ties", "dare", "breadcrumbs", "passthrough"}
	sizes   = []float64{0.5, 1.1, 1.8, 3, 7, 7, 7, 8, 13, 13, 34, 70}
)

// drawModels names models and says what they were made of. A parent comes before its
// children.
func drawModels(o Options) []Model {
	rng := stream(o.Seed, "models")
	models := make([]Model, o.Models)
	taken := make(map[string]bool)
	for i := range models {
		var m Model
		derived, merge := rng.Float64() < o.Derived, rng.Float64() < 0.25
		first, second := rng.IntN(i+1), rng.IntN(i+1)
		switch {
		case i == 0 || !derived:
			m.Parameters = sizes[rng.IntN(len(sizes))]
			m.Name = fmt.Sprintf("%s-%gB", pick(rng, baseNames), m.Parameters)
		case merge && first != second && i > 1:
			m.Parents, m.Parameters = []int{first % i, second % i}, models[first%i].Parameters
			if m.Parents[0] == m.Parents[1] {
				m.Parents = m.Parents[:1]
			}
			m.Name = fmt.Sprintf("%s-%s-%gB-%s", stem(models[first%i]), stem(models[second%i]), m.Parameters, pick(rng, merging))
		default:
			m.Parents, m.Parameters = []int{first % i}, models[first%i].Parameters
			m.Name = fmt.Sprintf("%s-%gB-%s", stem(models[first%i]), m.Parameters, pick(rng, tunings))
		}
		m.Name = pick(rng, organisations) + "/" + m.Name
		for version := 2; taken[m.Name]; version++ {
			base, _, _ := strings.Cut(m.Name, "-v")
			m.Name = fmt.Sprintf("%s-v%d", base, version)
		}
		taken[m.Name] = true
		models[i] = m
	}
	return models
}

func pick(rng *rand.Rand, names []string) string { return names[rng.IntN(len(names))] }

// stem returns the part of a model's name before its size: "Heron" of
// "northlight/Heron-7B-chat".
func stem(m Model) string {
	_, name, _ := strings.Cut(m.Name, "/")
	name, _, _ = strings.Cut(name, "-")
	return name
}

// inherit draws one ability a model, standard normal over the models that were not
// made of others. A derived model's is
//
//	θ = ρ·θ_parent + √(1-ρ²)·ε
//
// and so standard normal too; θ_parent of a merge is the parents' mean, scaled to the
// variance of one if they are unrelated.
func inherit(models []Model, likeness float64, rng *rand.Rand) []float64 {
	theta := make([]float64, len(models))
	for i, m := range models {
		theta[i] = rng.NormFloat64()
		if len(m.Parents) == 0 {
			continue
		}
		from := 0.0
		for _, p := range m.Parents {
			from += theta[p]
		}
		from /= math.Sqrt(float64(len(m.Parents)))
		theta[i] = likeness*from + math.Sqrt(1-likeness*likeness)*theta[i]
	}
	return theta
}
