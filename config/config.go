package config

import "time"

// Config is everything that can be configured. The key of a field is the path of
// its mapstructure tags, such as "warehouse.path"; the environment variable is
// METABENCH_WAREHOUSE_PATH.
type Config struct {
	Benchmarks string    `mapstructure:"benchmarks" help:"catalogue file that adds to or replaces the built-in benchmarks"`
	Warehouse  Warehouse `mapstructure:"warehouse"`
	Hub        Hub       `mapstructure:"hub"`
	Filter     Filter    `mapstructure:"filter"`
	Build      Build     `mapstructure:"build"`
	Publish    Publish   `mapstructure:"publish"`
	Refresh    Refresh   `mapstructure:"refresh"`

	// Bundles is a catalogue of calibrations by name.
	Bundles map[string]Bundle `mapstructure:"bundles"`
}

// Warehouse says where the data lives and what DuckDB may use.
type Warehouse struct {
	Path        string        `mapstructure:"path" help:"the private DuckDB file that only metabench writes"`
	MemoryLimit string        `mapstructure:"memory_limit" help:"DuckDB's memory limit, such as 1GB"`
	Threads     int           `mapstructure:"threads" help:"DuckDB's threads; 0 for one a core"`
	WaitLock    time.Duration `mapstructure:"wait_lock" help:"how long to wait for another process's lock"`
}

// Hub says how the crawler talks to the Hub. Conventional variables (HF_TOKEN,
// HF_ENDPOINT, HF_HUB_OFFLINE) are read by the crawler itself.
type Hub struct {
	Endpoint   string        `mapstructure:"endpoint" help:"base address; HF_ENDPOINT when empty"`
	Parallel   int           `mapstructure:"parallel" help:"repositories fetched at once"`
	Timeout    time.Duration `mapstructure:"timeout" help:"longest wait for quota in one run; 0 for none"`
	MaxFailed  float64       `mapstructure:"max_failed" help:"share of failed sources that still counts as success, 0 to 1"`
	Selection  string        `mapstructure:"selection" help:"which run of a task counts: best or faithful" oneof:"best faithful"`
	VerifyFull bool          `mapstructure:"verify_full" help:"download and hash whole files instead of reading ranges"`
}

// Filter holds the thresholds of the variance filter.
type Filter struct {
	MinSD            float64 `mapstructure:"min_sd" help:"items with a smaller or equal standard deviation are dropped"`
	MaxShareCorrect  float64 `mapstructure:"max_share_correct" help:"items that a larger share of models answers correctly are dropped"`
	MinPointBiserial float64 `mapstructure:"min_point_biserial" help:"items whose |item-total correlation| is smaller are dropped"`
	OutlierShare     float64 `mapstructure:"outlier_share" help:"share of the lowest-scoring models that is dropped"`
}

// Build holds the settings of the analysis.
type Build struct {
	Seed            uint64  `mapstructure:"seed" help:"seed of every random choice"`
	Workers         int     `mapstructure:"workers" help:"parallel workers; 0 for one a core; results do not depend on it"`
	ValidationShare float64 `mapstructure:"validation_share" help:"share of the models that hyper-parameters are chosen on"`
	TestShare       float64 `mapstructure:"test_share" help:"share of the models that only the final error is measured on"`
	Preselect       int     `mapstructure:"preselect" help:"items kept by the random-subset search before information filtering"`
	Subsets         int     `mapstructure:"subsets" help:"random subsets tried in that search"`
	Items           int     `mapstructure:"items" help:"items to select; 0 lets the search decide"`
	Lambda          float64 `mapstructure:"lambda" help:"price of one item in points of RMSE, in the search"`
	Forms           int     `mapstructure:"forms" help:"disjoint forms to select, 1 or 2"`
	FormAItems      string  `mapstructure:"form_a_items" help:"items that form A has, instead of selected ones: harness output that answers them, or a table of benchmark and item; empty: select"`
	FormBItems      string  `mapstructure:"form_b_items" help:"the same for form B"`
	MinGiven        float64 `mapstructure:"min_given" help:"share of the items pinned for a form that the corpus must have answers to; with fewer the form is refused"`
	MinModels       int     `mapstructure:"min_models" help:"fewest models that a benchmark is analysed with"`
	IncludeVanished bool    `mapstructure:"include_vanished" help:"whether models that are not on the Hub any more count in item statistics and builds"`
	MinObserved     float64 `mapstructure:"min_observed" help:"share of the kept items a model must have answered for its score to count"`
}

// Publish says where snapshots go and what keeps them from being replaced.
type Publish struct {
	Dir  string `mapstructure:"dir" help:"directory of the published snapshots"`
	Keep int    `mapstructure:"keep" help:"snapshots kept"`
	// Limits of the gates: beyond them the earlier snapshot stays.
	MaxLoss     float64 `mapstructure:"max_loss" help:"share of a benchmark's models or answers in the last snapshot that the next may lack, 0 to 1"`
	MaxItemLoss float64 `mapstructure:"max_item_loss" help:"the same of the items selected for a form"`
	MaxFailed   float64 `mapstructure:"max_failed" help:"share of the models on the Hub of which something of a benchmark may fail for good, 0 to 1"`

	Lake string `mapstructure:"lake" help:"directory of the Parquet lake; empty for none"`
	// Metrics is a textfile-collector file, written atomically.
	Metrics string `mapstructure:"metrics" help:"Prometheus text file written by refresh; empty for none"`
}

// Refresh says how long a night may be.
type Refresh struct {
	Deadline time.Duration `mapstructure:"deadline" help:"longest that a whole refresh may take, the next one goes on; 0 for no limit"`
}

// Default returns the configuration that holds when nothing is configured.
func Default() Config {
	return Config{
		Warehouse: Warehouse{Path: "metabench.duckdb", MemoryLimit: "1GB"},
		Hub:       Hub{Parallel: 8, Selection: "best", MaxFailed: 0.05},
		Filter:    Filter{MinSD: 0.01, MaxShareCorrect: 0.95, MinPointBiserial: 0.05, OutlierShare: 0.001},
		Build: Build{
			Seed: 1, ValidationShare: 0.1, TestShare: 0.1,
			Preselect: 350, Subsets: 10000, Items: 0, Lambda: 0.005, Forms: 2, MinGiven: 0.5, MinModels: 50, IncludeVanished: true, MinObserved: 0.9,
		},
		Publish: Publish{Dir: "published", Keep: 7, MaxLoss: 0.1, MaxItemLoss: 0.5, MaxFailed: 0.25},
	}
}
