package corpus

import "time"

// Missing marks an answer in Block.Correct that was not observed.
const Missing uint8 = 255

// Block is one model's answers to one task, as read from one file.
type Block struct {
	Model     string  // "organisation/name", as the leaderboard spells it
	Benchmark string  // catalogue name or a user's own
	Task      string  // the benchmark's name, or a subject such as "anatomy"
	File      File    // where the answers were read
	Correct   []uint8 // 0, 1 or Missing; index k belongs to the item at position k
}

// File is the provenance of a block: which bytes, from where, and how they were
// verified.
type File struct {
	Repo     string // "owner/name" on the Hub; empty for a local file
	Commit   string // 40 hex digits; empty for a local file
	Path     string // path inside the repository, or the local path given by the user
	Size     int64  // bytes
	SHA256   string // hex; as computed when Verified is VerifiedHash, else as declared by the Hub
	Verified Verification
	Order    RowOrder
	Run      time.Time // evaluation run the file belongs to; zero when unknown
	ReadAt   time.Time
}

// Verification is how a file's bytes were checked.
type Verification string

// The three degrees of verification.
const (
	VerifiedHash      Verification = "sha256"    // every byte was read and hashed
	VerifiedStructure Verification = "structure" // ranged read: size, footer, row count, values, page checksums
	Unverified        Verification = "none"
)

// RowOrder says how a file's rows were matched with a task's items: the row alignment.
type RowOrder string

// The row alignments. Empty stands for unknown.
const (
	OrderSame      RowOrder = "same"      // the file's questions are in the task's order
	OrderRealigned RowOrder = "realigned" // they were in another order and were matched by question
	OrderAssumed   RowOrder = "assumed"   // no question could be compared
)

// Item is one question of a task.
type Item struct {
	Benchmark string
	Task      string
	Position  int    // 0-based index into Block.Correct
	Key       string // unique in the benchmark: "17", "anatomy.3"
	Hash      string // SHA-256 of the normalised question, hex; empty when the source has no text
	Prompt    string // the question; empty when unknown
}

// Model is the description of a model, without its answers. Pointers are nil where a value
// is not known.
type Model struct {
	Name         string
	Parameters   *float64 // billions
	ParamsSource string   // "safetensors", "request", "name"
	Architecture string
	Precision    string
	BaseModel    string
	License      string
	Flagged      *bool
	Merged       *bool
	MoE          *bool
	Available    *bool // still on the Hub
	Revision     string
}

// Score is a published leaderboard score.
type Score struct {
	Model     string
	Benchmark string
	Metric    string
	Value     float64 // points, 0 to 100
	File      File
}
