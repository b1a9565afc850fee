package corpus

// Standing has the standing failures: repositories, tasks and files that failed and still do,
// whether the last crawl tried them or not. Repositories that have vanished from the Hub count
// as vanished only.
type Standing struct {
	Repositories Failing             `json:"repositories"` // inaccessible as a whole
	Files        Failing             `json:"files"`        // tasks that no file of their repository has, and files without answers
	Read         int                 `json:"read"`         // tasks that were read
	Vanished     int                 `json:"vanished"`     // repositories that the Hub no longer lists
	Benchmarks   []StandingBenchmark `json:"benchmarks,omitempty"`
}

// Failing counts failures by what can be done about them.
type Failing struct {
	Transient int `json:"transient"` // tried again by the next crawl
	Permanent int `json:"permanent"`
	Policy    int `json:"policy"` // gated, disabled, refused by us
}

// StandingBenchmark counts the models on the Hub by the status of one benchmark. A model
// counts as answered, or failed, if one of its tasks is.
type StandingBenchmark struct {
	Benchmark string `json:"benchmark"`
	Models    int    `json:"models"` // whose repository was read for it
	Answered  int    `json:"answered"`
	Missing   int    `json:"missing"` // never evaluated on it
	Transient int    `json:"transient"`
	Permanent int    `json:"permanent"`
	Policy    int    `json:"policy"`
	Vanished  int    `json:"vanished"` // with answers, and no longer on the Hub; not among the others
}

// Failed counts the standing failures, policy excepted.
func (s Standing) Failed() int { return s.Permanent() + s.Repositories.Transient + s.Files.Transient }

// Permanent counts the permanent failures.
func (s Standing) Permanent() int { return s.Repositories.Permanent + s.Files.Permanent }

// FailedShare is the share of failures among all that was tried, 0 to 1.
func (s Standing) FailedShare() float64 {
	if s.Failed() == 0 {
		return 0
	}
	return float64(s.Failed()) / float64(s.Failed()+s.Read)
}

// PermanentShare is the share of models with a task that failed permanently, 0 to 1.
func (b StandingBenchmark) PermanentShare() float64 {
	if b.Models == 0 {
		return 0
	}
	return float64(b.Permanent) / float64(b.Models)
}
