package corpus

import "time"

// Status is the state of a repository or a file in the crawl.
type Status string

// The statuses. Failures are classified, because a transient one is tried again and a
// permanent one is not.
const (
	StatusPending   Status = "pending"
	StatusDone      Status = "done"
	StatusMissing   Status = "missing"   // the model was never evaluated on this task
	StatusTransient Status = "transient" // network, quota, server: worth another try
	StatusPermanent Status = "permanent" // deleted, malformed, wrong row count
	StatusPolicy    Status = "policy"    // gated, disabled, refused by us
)

// RepoState is the recorded state of one repository.
type RepoState struct {
	Repo     string
	Commit   string // commit that the status is about
	Model    string // model id, once known
	Status   Status
	Attempts int
	Error    string // last error, without secrets
	Updated  time.Time
	Gone     time.Time // since when the Hub no longer lists it; zero while it does
}

// FileState is the recorded state of one file of a repository.
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

// Delivery is what the crawler hands over at once. It is committed in one transaction, as a
// whole or not at all.
type Delivery struct {
	Repo   RepoState
	Files  []FileState
	Blocks []Block
	Items  []Item // items first seen in this delivery
	Model  *Model
	Scores []Score
}
