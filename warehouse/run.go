package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
)

// Run is a computation that writes results, identified by what goes into it.
type Run struct {
	Command          string // without secrets
	ConfigHash       string
	CodeVersion      string
	Seed             uint64
	InputFingerprint string
}

// ID is the run's identity: the same computation on the same data has the same.
// It does not depend on the command that asked for it.
func (r Run) ID() string {
	h := sha256.New()
	for _, s := range []string{r.ConfigHash, r.CodeVersion, strconv.FormatUint(r.Seed, 10), r.InputFingerprint} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// RunStatus is how an execution of a run ended.
type RunStatus string

// The ways an execution can stand.
const (
	RunRunning   RunStatus = "running"
	RunDone      RunStatus = "done"
	RunFailed    RunStatus = "failed"
	RunCancelled RunStatus = "cancelled"
)

// Attempt is one execution of a run.
type Attempt struct {
	RunID string
	id    int32
}

// BeginRun writes down that a run begins.
func (w *Warehouse) BeginRun(ctx context.Context, r Run) (Attempt, error) {
	a := Attempt{RunID: r.ID()}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	err = w.change(ctx, func(c *change) error {
		row := c.conn.QueryRowContext(c.ctx, `SELECT coalesce(max(attempt_id), 0) + 1 FROM run_attempt`)
		if err := row.Scan(&a.id); err != nil {
			return err
		}
		var known bool
		if err := c.conn.QueryRowContext(c.ctx, `SELECT EXISTS (FROM run WHERE run_id = ?)`, a.RunID).Scan(&known); err != nil {
			return err
		}
		if !known {
			if err := c.append("run", a.RunID, text(r.Command), r.ConfigHash, r.CodeVersion, r.Seed, r.InputFingerprint); err != nil {
				return err
			}
		}
		return c.exec(`INSERT INTO run_attempt VALUES (?, ?, ?, ?, ?, NULL, ?, NULL)`,
			a.id, a.RunID, host, os.Getpid(), w.now().UTC(), string(RunRunning))
	})
	if err != nil {
		return a, fmt.Errorf("begin run %s: %w", a.RunID, err)
	}
	return a, nil
}

// failAbandonedRuns marks the runs that a killed process left as failed. Whoever opens the
// warehouse for writing is alone with it, so that nothing in it is running.
func (w *Warehouse) failAbandonedRuns(ctx context.Context) error {
	return w.change(ctx, func(c *change) error {
		return c.exec(`UPDATE run_attempt SET status = ? WHERE status = ?`, string(RunFailed), string(RunRunning))
	})
}

// FinishRun writes down how an execution ended and what it counted.
func (w *Warehouse) FinishRun(ctx context.Context, a Attempt, status RunStatus, counts map[string]int64) error {
	err := w.change(ctx, func(c *change) error {
		names, values := make([]string, 0, len(counts)), make([]int64, 0, len(counts))
		for _, k := range sortedKeys(counts) {
			names, values = append(names, k), append(values, counts[k])
		}
		return c.exec(`UPDATE run_attempt SET finished = ?, status = ?, counts = map(?::VARCHAR[], ?::BIGINT[]) WHERE attempt_id = ?`,
			w.now().UTC(), string(status), names, values, a.id)
	})
	if err != nil {
		return fmt.Errorf("finish run %s: %w", a.RunID, err)
	}
	return nil
}

// Built reports whether a run has come to its end and the stored results of a
// benchmark, if there are any, are its own; and whether there are any.
func (w *Warehouse) Built(ctx context.Context, benchmark, runID string) (done, results bool, err error) {
	row := w.db.QueryRowContext(ctx, `
		SELECT EXISTS (FROM run_attempt WHERE run_id = $2 AND status = 'done')
				AND NOT EXISTS (FROM reconstruction_metric WHERE benchmark = $1 AND run_id <> $2),
			EXISTS (FROM reconstruction_metric WHERE benchmark = $1)`, benchmark, runID)
	if err := row.Scan(&done, &results); err != nil {
		return false, false, fmt.Errorf("look for the results of %s: %w", benchmark, err)
	}
	return done, results, nil
}

// Fingerprint is a hash of everything the warehouse knows of a benchmark that an
// analysis reads: its answers (without those of vanished models, where these are left
// out), its items and the limits of the filters.
func (w *Warehouse) Fingerprint(ctx context.Context, benchmark string) (string, error) {
	row := w.db.QueryRowContext(ctx, `
		SELECT sha256(concat_ws('/',
			(SELECT concat_ws(' ', blocks, observed, correct, fingerprint) FROM analysed_state WHERE benchmark = b.benchmark),
			(SELECT concat_ws(' ', count(*), sum(('0x' || left(md5(concat_ws(' ', t.task, t.position, i.position, i.item, i.prompt_hash)), 15))::BIGINT))
			 FROM task AS t JOIN item AS i USING (task_id) WHERE t.benchmark_id = b.benchmark_id),
			concat_ws(' ', b.metric, b.options, coalesce(b.min_point_biserial, h.min_point_biserial),
				h.min_sd, h.max_share_correct, h.outlier_share, h.duplicate_min_models)))
		FROM benchmark AS b CROSS JOIN threshold AS h WHERE b.benchmark = ?`, benchmark)
	var hash string
	if err := row.Scan(&hash); err != nil {
		return "", fmt.Errorf("fingerprint %s: %w", benchmark, err)
	}
	return hash, nil
}
