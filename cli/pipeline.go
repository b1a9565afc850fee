package cli

import (
	"errors"
	"log/slog"

	"metabench/config"
	"metabench/pipeline"
	"metabench/scraper/hub"
	"metabench/warehouse"
)

// pipeline is the pipeline of the configuration on a warehouse.
func (a *app) pipeline(cfg *config.Loaded, w *warehouse.Warehouse) (*pipeline.Pipeline, error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return nil, err
	}
	return pipeline.New(pipeline.Options{
		Warehouse: w, Config: cfg.Config, Catalogue: catalogue, CodeVersion: thisBuild().codeVersion(),
		Report: a.progress().Stage, Hub: func() (*hub.Client, error) { return newHubClient(cfg, a.pipelineLog()) }, Log: a.pipelineLog(),
		ExitCode: func(err error) int { return int(exitCodeOf(pipelineError(err))) },
	}), nil
}

// pipelineLog discards everything where no progress is shown: failures are counted, and
// in the warehouse.
func (a *app) pipelineLog() *slog.Logger {
	if a.noProgress {
		return slog.New(slog.DiscardHandler)
	}
	return a.crawlLog(false)
}

// pipelineError gives an error of a pipeline its exit code.
func pipelineError(err error) error {
	var (
		setting *pipeline.SettingError
		failed  *pipeline.TooManyFailedError
		late    *pipeline.DeadlineError
		coded   *codedError
	)
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &setting):
		return withCode(ExitUsage, err)
	case errors.As(err, &failed):
		return withCode(ExitPartial, err)
	case errors.As(err, &late):
		return withCode(ExitTemporary, err)
	}
	return crawlError(gateError(err))
}
