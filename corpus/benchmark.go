package corpus

// Benchmark is a set of questions with one metric: an entry of the catalogue, or
// a user's own benchmark that the catalogue does not know.
type Benchmark struct {
	Name    string // "arc"
	Title   string // "ARC-Challenge"
	Metric  string // what makes an answer correct: acc, acc_norm, mc1, exact_match
	Shown   string // metric of the score that the leaderboard shows; empty where there is no leaderboard
	Shots   int    // few-shot examples on the leaderboard
	Options int    // answer options a question has; 0 for free text
	Asked   Style  // how its questions are put to a model
	Tasks   []Task // at least one

	// PublishedMean says over what the published score is a mean; empty: items.
	PublishedMean Mean

	// MinPointBiserial overrides the variance filter's threshold when positive.
	MinPointBiserial float64
}

// Mean is over what a benchmark's score is a mean, where it has several tasks.
type Mean string

// The two means.
const (
	MeanOfItems Mean = "items" // the share of all questions
	MeanOfTasks Mean = "tasks" // each task's share counts the same
)

// Task is the part of a benchmark that is evaluated as one file. Most benchmarks
// are their own only task; MMLU has 57.
type Task struct {
	Name    string // "anatomy"; the benchmark's name where there is only one
	Harness string // name in the leaderboard's files: "arc:challenge", "hendrycksTest-anatomy"
	Items   int    // questions expected; 0 when unknown
}

// Items is the number of questions the catalogue expects; 0 when any task's is
// unknown.
func (b Benchmark) Items() int {
	sum := 0
	for _, t := range b.Tasks {
		if t.Items == 0 {
			return 0
		}
		sum += t.Items
	}
	return sum
}
