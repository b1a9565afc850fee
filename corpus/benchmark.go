package corpus

// Benchmark is a set of tasks with one metric: an entry of the catalogue, or
// a user's own benchmark, which the catalogue does not have.
type Benchmark struct {
	Name    string // "arc"
	Title   string // "ARC-Challenge"
	Metric  string // what makes an answer correct: acc, acc_norm, mc1, exact_match
	Shown   string // metric of the score that the leaderboard shows; empty where there is no leaderboard
	Shots   int    // few-shot examples on the leaderboard
	Options int    // answer options a question has; 0 for free text
	Asked   Style  // how its questions are put to a model
	Tasks   []Task // at least one

	// PublishedMean is what the published score is a mean of; empty: items.
	PublishedMean Mean

	// MinPointBiserial overrides the variance filter's threshold when positive.
	MinPointBiserial float64
}

// Mean is what a benchmark's score is a mean of, where it has several tasks.
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
