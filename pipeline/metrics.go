package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"metabench/textfile"
)

// metricSuccess is when a refresh last ended well: the one figure that outlives the next
// refresh, so that an alert on its age sees every way of failing.
const metricSuccess = "metabench_refresh_last_success_timestamp_seconds"

// writeMetrics writes the file that a Prometheus node exporter collects, however the
// refresh ended. A warehouse that can't be measured after a failed refresh has failed for
// the same reason: its figures are left out.
func (p *Pipeline) writeMetrics(ctx context.Context, did Refreshed, failed error) error {
	path := p.opts.Config.Publish.Metrics
	if path == "" {
		return nil
	}
	metrics, err := p.w.Metrics(ctx)
	if failed != nil {
		err = nil
	} else if err != nil {
		did.ExitCode = p.opts.ExitCode(err)
	}
	return errors.Join(err, writeEnding(path, did, metrics))
}

// WriteUnopened writes metrics of a refresh that could not open the warehouse. Path is
// empty for none.
func WriteUnopened(path string, exitCode int) error {
	if path == "" {
		return nil
	}
	return writeEnding(path, Refreshed{Stage: StageOpen, ExitCode: exitCode}, nil)
}

// writeEnding writes metrics with those of how a refresh ended. Only exit code 0 sets
// when the last success was; it is 0 before the first one.
func writeEnding(path string, did Refreshed, metrics []textfile.Metric) error {
	now := float64(time.Now().Unix())
	success := now
	if did.ExitCode != 0 {
		var err error
		if success, err = textfile.ReadValue(path, metricSuccess); err != nil {
			return err
		}
	}
	stage := textfile.Metric{Name: "metabench_refresh_stage", Help: "Where the last refresh ended: 1 for that stage, done when it came to its end."}
	for _, s := range Stages() {
		value := 0.0
		if s == did.Stage {
			value = 1
		}
		stage.Samples = append(stage.Samples, textfile.Sample{Labels: map[string]string{"stage": string(s)}, Value: value})
	}
	leftOut := textfile.Metric{Name: "metabench_left_out", Help: "Parts of a benchmark's results that its answers don't allow: 1, or how many items a pinned form lacks."}
	for _, l := range did.LeftOut {
		labels := map[string]string{"benchmark": l.Benchmark, "part": l.Part}
		k := slices.IndexFunc(leftOut.Samples, func(s textfile.Sample) bool { return maps.Equal(s.Labels, labels) })
		if k < 0 {
			k, leftOut.Samples = len(leftOut.Samples), append(leftOut.Samples, textfile.Sample{Labels: labels})
		}
		leftOut.Samples[k].Value++
	}
	gauge := func(name, help string, value float64) textfile.Metric {
		return textfile.Value(name, help, value)
	}
	return textfile.Write(path, append(metrics,
		gauge(metricSuccess, "When a refresh last ended with exit code 0; 0 before the first.", success),
		gauge("metabench_refresh_ended_timestamp_seconds", "When the last refresh ended, however it did.", now),
		gauge("metabench_refresh_exit_code", "Its exit code.", float64(did.ExitCode)),
		stage,
		gauge("metabench_refresh_duration_seconds", "How long it took.", did.Seconds),
		leftOut,
		gauge("metabench_refresh_failed_sources", "Sources that failed in it.", float64(did.Failed)),
		gauge("metabench_refresh_vanished_repositories", "Repositories that the Hub listed no more in it, and before it did.", float64(did.Vanished)),
	))
}
