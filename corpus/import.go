package corpus

// Import is everything read from one or more local files by one import command.
// It replaces, as a whole, what earlier imports of the same paths gave.
type Import struct {
	Benchmarks []Benchmark // those the blocks speak of; new ones are registered
	Items      []Item
	Blocks     []Block
	Notes      []string // decisions of the reader, in words
}
