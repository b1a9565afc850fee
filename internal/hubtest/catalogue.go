package hubtest

import (
	"math"

	"metabench/corpus"
)

// Leaderboard returns the six benchmarks of the Open LLM Leaderboard with their
// true numbers of questions (§5.2, §5.4): 28,659 in 62 tasks.
func Leaderboard() []corpus.Benchmark {
	single := func(name, title, metric string, asked corpus.Style, harness string, shots, options, items int) corpus.Benchmark {
		return corpus.Benchmark{Name: name, Title: title, Metric: metric, Shots: shots, Options: options, Asked: asked,
			Tasks: []corpus.Task{{Name: name, Harness: harness, Items: items}}}
	}
	mmlu := corpus.Benchmark{Name: "mmlu", Title: "MMLU", Metric: "acc", Shots: 5, Options: 4, Asked: corpus.Lettered}
	for _, s := range subjects {
		mmlu.Tasks = append(mmlu.Tasks, corpus.Task{Name: s.name, Harness: "hendrycksTest-" + s.name, Items: s.items})
	}
	return []corpus.Benchmark{
		single("arc", "ARC-Challenge", "acc_norm", corpus.Continuation, "arc:challenge", 25, 4, 1172),
		single("hellaswag", "HellaSwag", "acc_norm", corpus.Continuation, "hellaswag", 10, 4, 10042),
		mmlu,
		single("truthfulqa", "TruthfulQA", "mc1", corpus.Continuation, "truthfulqa:mc", 0, 5, 817),
		single("winogrande", "WinoGrande", "acc", corpus.Context, "winogrande", 5, 2, 1267),
		single("gsm8k", "GSM8K", "acc", corpus.Generated, "gsm8k", 5, 0, 1319),
	}
}

// Scaled returns a copy of a catalogue in which every task has the given share of
// its questions, at least minItems and never more than it had.
func Scaled(benchmarks []corpus.Benchmark, share float64, minItems int) []corpus.Benchmark {
	out := make([]corpus.Benchmark, len(benchmarks))
	for i, b := range benchmarks {
		b.Tasks = append([]corpus.Task(nil), b.Tasks...)
		for k, t := range b.Tasks {
			n := max(int(math.Round(float64(t.Items)*share)), minItems)
			b.Tasks[k].Items = min(n, t.Items)
		}
		out[i] = b
	}
	return out
}

var subjects = []struct {
	name  string
	items int
}{
	{"abstract_algebra", 100}, {"anatomy", 135}, {"astronomy", 152}, {"business_ethics", 100},
	{"clinical_knowledge", 265}, {"college_biology", 144}, {"college_chemistry", 100},
	{"college_computer_science", 100}, {"college_mathematics", 100}, {"college_medicine", 173},
	{"college_physics", 102}, {"computer_security", 100}, {"conceptual_physics", 235},
	{"econometrics", 114}, {"electrical_engineering", 145}, {"elementary_mathematics", 378},
	{"formal_logic", 126}, {"global_facts", 100}, {"high_school_biology", 310},
	{"high_school_chemistry", 203}, {"high_school_computer_science", 100},
	{"high_school_european_history", 165}, {"high_school_geography", 198},
	{"high_school_government_and_politics", 193}, {"high_school_macroeconomics", 390},
	{"high_school_mathematics", 270}, {"high_school_microeconomics", 238},
	{"high_school_physics", 151}, {"high_school_psychology", 545}, {"high_school_statistics", 216},
	{"high_school_us_history", 204}, {"high_school_world_history", 237}, {"human_aging", 223},
	{"human_sexuality", 131}, {"international_law", 121}, {"jurisprudence", 108},
	{"logical_fallacies", 163}, {"machine_learning", 112}, {"management", 103}, {"marketing", 234},
	{"medical_genetics", 100}, {"miscellaneous", 783}, {"moral_disputes", 346},
	{"moral_scenarios", 895}, {"nutrition", 306}, {"philosophy", 311}, {"prehistory", 324},
	{"professional_accounting", 282}, {"professional_law", 1534}, {"professional_medicine", 272},
	{"professional_psychology", 612}, {"public_relations", 110}, {"security_studies", 245},
	{"sociology", 201}, {"us_foreign_policy", 100}, {"virology", 166}, {"world_religions", 171},
}
