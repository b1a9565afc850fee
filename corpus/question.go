package corpus

// Style is how a benchmark asks a question and scores the answer.
type Style string

// The four styles that the benchmarks of the leaderboard need.
const (
	// Continuation compares the likelihood of each choice after the prompt.
	Continuation Style = "continuation"
	// Lettered lists the options below the question as A. to D. and compares the
	// likelihood of the letters, as MMLU is asked.
	Lettered Style = "lettered"
	// Context compares the likelihood of one continuation after each of several
	// contexts: partial scoring, as WinoGrande is asked.
	Context Style = "context"
	// Generated lets the model write and looks for the number after ####, as
	// GSM8K is asked.
	Generated Style = "generated"
)

// Styles lists all of them.
func Styles() []Style { return []Style{Continuation, Lettered, Context, Generated} }

// Question is an item's text as an evaluation file has it, word for word.
type Question struct {
	Benchmark string
	Task      string
	Key       string   // the item's, unique in the benchmark
	Position  int      // the item's, in its task
	Hash      string   // the item's, as it was when the question was read; empty when unknown
	Prompt    string   // the whole input of the model, with the examples
	Choices   []string // compared answers; none where the answer is free text
	Gold      int      // index of the right choice; 0 where there are none
	Target    string   // reference answer of free text
	File      File     // where it was read
}

// UnreadTask is a task with selected items whose text was not read yet.
type UnreadTask struct {
	Benchmark string
	Task      string
	Items     []Item // all of the task's, by position: repeated questions differ in their order only
	Unread    []int  // positions of the selected ones without a text
	Files     []File // of the Hub, in the order in which to try them; none where answers were imported
}
