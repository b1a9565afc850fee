package corpus

// Standing is what can't be had of the Hub, as long as that is so: failing is a state,
// and doesn't end because nothing is tried again. Repositories that are gone from the
// Hub are counted as such and nowhere else.
type Standing struct {
	Repositories Failing             `json:"repositories"` // of which nothing can be had
	Files        Failing             `json:"files"`        // tasks that none of a repository's files gives, and files without answers
	Read         int                 `json:"read"`         // tasks that were read
	Vanished     int                 `json:"vanished"`     // repositories that are gone
	Benchmarks   []StandingBenchmark `json:"benchmarks,omitempty"`
}

// Failing counts failures by what can be done about them.
type Failing struct {
	Transient int `json:"transient"` // tried again by the next crawl
	Permanent int `json:"permanent"`
	Policy    int `json:"policy"` // gated, disabled, refused by us
}

// StandingBenchmark is what has become of the models on the Hub in one benchmark. A
// model counts as answered or failed where one of its tasks is.
type StandingBenchmark struct {
	Benchmark string `json:"benchmark"`
	Models    int    `json:"models"` // that were asked about it
	Answered  int    `json:"answered"`
	Missing   int    `json:"missing"` // never evaluated on it
	Transient int    `json:"transient"`
	Permanent int    `json:"permanent"`
	Policy    int    `json:"policy"`
	Vanished  int    `json:"vanished"` // with answers, and gone from the Hub; not among the others
}

// Failed counts what can't be had, but for what is a matter of policy.
func (s Standing) Failed() int { return s.Permanent() + s.Repositories.Transient + s.Files.Transient }

// Permanent counts what can't be had for good.
func (s Standing) Permanent() int { return s.Repositories.Permanent + s.Files.Permanent }

// FailedShare is the share of failures among all that was tried, 0 to 1.
func (s Standing) FailedShare() float64 {
	if s.Failed() == 0 {
		return 0
	}
	return float64(s.Failed()) / float64(s.Failed()+s.Read)
}

// PermanentShare is the share of models with a task that can't be had for good, 0 to 1.
func (b StandingBenchmark) PermanentShare() float64 {
	if b.Models == 0 {
		return 0
	}
	return float64(b.Permanent) / float64(b.Models)
}
