package pipeline

import (
	"cmp"
	"log/slog"
	"os"
	"time"

	"metabench/analysis"
	"metabench/config"
	"metabench/corpus"
	"metabench/scraper"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// SettingError says which setting asks for something that cannot be had. The key is
// empty where it is not a setting of the configuration.
type SettingError struct {
	Key string
	Err error
}

func (e *SettingError) Error() string {
	if e.Key == "" {
		return e.Err.Error()
	}
	return e.Key + ": " + e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *SettingError) Unwrap() error { return e.Err }

// Thresholds are those of the warehouse's filters.
func Thresholds(cfg config.Config) warehouse.Thresholds {
	t := warehouse.DefaultThresholds()
	t.MinSD = cfg.Filter.MinSD
	t.MaxShareCorrect = cfg.Filter.MaxShareCorrect
	t.MinPointBiserial = cfg.Filter.MinPointBiserial
	t.OutlierShare = cfg.Filter.OutlierShare
	t.IncludeVanished = cfg.Build.IncludeVanished
	return t
}

// Limits are those of the gates.
func Limits(cfg config.Config) warehouse.Limits {
	return warehouse.Limits{MaxLoss: cfg.Publish.MaxLoss, MaxItemLoss: cfg.Publish.MaxItemLoss, MaxFailed: cfg.Publish.MaxFailed}
}

// NewHubClient makes a client of the configured Hub with the conventional environment
// (HF_ENDPOINT, HF_TOKEN and so on). userAgent is what the client calls itself.
//
// Errors: *SettingError.
func NewHubClient(cfg config.Config, userAgent string, log *slog.Logger) (*hub.Client, error) {
	env, err := hub.LoadEnvironment(os.Getenv, os.ReadFile)
	if err != nil {
		return nil, &SettingError{Err: err}
	}
	wait := cfg.Hub.Timeout
	if wait == 0 {
		wait = 365 * 24 * time.Hour
	}
	client, err := hub.New(hub.Options{
		Endpoint: cmp.Or(cfg.Hub.Endpoint, env.Endpoint), Token: env.Token, Offline: env.Offline,
		UserAgent: userAgent, MaxWait: wait, Seed: uint64(time.Now().UnixNano()), Log: log,
	})
	if err != nil {
		return nil, &SettingError{Err: err}
	}
	return client, nil
}

// CrawlOptions is the crawl of a catalogue's benchmarks that the configuration asks for.
// Crawl fills in the store.
func CrawlOptions(cfg config.Config, catalogue []corpus.Benchmark, client *hub.Client, log *slog.Logger) scraper.Options {
	return scraper.Options{
		Hub: client, Benchmarks: catalogue, Full: cfg.Hub.VerifyFull, Selection: scraper.Selection(cfg.Hub.Selection),
		Results: scraper.ResultsRepo, Requests: scraper.RequestsRepo, Parallel: cfg.Hub.Parallel, Log: log,
	}
}

// buildOptions are those of a build.
func buildOptions(cfg config.Config) analysis.Options {
	b := cfg.Build
	return analysis.Options{
		Seed: b.Seed, Workers: b.Workers, ValidationShare: b.ValidationShare, TestShare: b.TestShare,
		Preselect: b.Preselect, Subsets: b.Subsets, Items: b.Items, Lambda: b.Lambda, Forms: b.Forms,
		MinModels: b.MinModels, MinObserved: b.MinObserved, MinPinned: b.MinGiven,
	}
}
