package corpus

import "time"

// Status is how far the crawl of a repository or a file has come.
type Status string

// What can have become of a repository or file. Failures are classified, because
// a transient one is tried again and a permanent one is not.
const (
	StatusPending   Status = "pending"
	StatusDone      Status = "done"
	StatusMissing   Status = "missing"   // the model was never evaluated on this task
	StatusTransient Status = "transient" // network, quota, server: worth another try
	StatusPermanent Status = "permanent" // deleted, malformed, wrong row count
	StatusPolicy    Status = "policy"    // gated, disabled, refused by us
)

// RepoState is what the warehouse remembers of one repository.
type RepoState struct {
	Repo     string
	Commit   string // commit that the status speaks of
	Model    string // model id, once known
	Status   Status
	Attempts int
	Error    string // last error, without secrets
	Updated  time.Time
	Gone     time.Time // since when the Hub doesn't list it any more; zero while it does
}

// FileState is what the warehouse remembers of one task file of a repository.
type FileState struct {
	Repo      string
	Commit    string
	Benchmark string
	Task      string
	Path      string
	Size      int64
	SHA256    string
	Status    Status
	Attempts  int
	Error     string
	Updated   time.Time
}

// Delivery is what a crawler hands over at once. All of it is committed in one
// transaction or none of it.
type Delivery struct {
	Repo   RepoState
	Files  []FileState
	Blocks []Block
	Items  []Item // items first seen in this delivery
	Model  *Model
	Scores []Score
}
