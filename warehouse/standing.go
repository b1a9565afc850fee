package warehouse

import (
	"context"
	"fmt"

	"metabench/corpus"
)

// StandingFailures counts what can't be had of the Hub, and what has become of the
// models in each benchmark: the views failure and crawl_status.
func (w *Warehouse) StandingFailures(ctx context.Context) (corpus.Standing, error) {
	var s corpus.Standing
	var kind, status string
	var n int
	err := scanEach(ctx, w.db, `
		SELECT kind, status, count(*)
		FROM (
			SELECT kind, max(status) AS status -- the most hopeful one is the last by name
			FROM failure GROUP BY kind, repo, benchmark, task, CASE WHEN task IS NULL THEN path END)
		GROUP BY kind, status`,
		[]any{&kind, &status, &n}, func() {
			failing := &s.Files
			if kind == "repository" {
				failing = &s.Repositories
			}
			switch corpus.Status(status) {
			case corpus.StatusTransient:
				failing.Transient = n
			case corpus.StatusPermanent:
				failing.Permanent = n
			case corpus.StatusPolicy:
				failing.Policy = n
			}
		})
	if err == nil {
		err = w.db.QueryRowContext(ctx, `
			SELECT (SELECT count(*) FROM repo_state WHERE gone_since IS NOT NULL),
				(SELECT count(DISTINCT (f.revision_id, f.task_id)) FROM file_state AS f JOIN revision AS r USING (revision_id)
				 JOIN repo_state AS s ON s.repo = r.repo AND s.commit_hash = r.commit_hash
				 WHERE f.status = 'done' AND f.task_id IS NOT NULL AND s.gone_since IS NULL)`).Scan(&s.Vanished, &s.Read)
	}
	if err == nil {
		var b corpus.StandingBenchmark
		err = scanEach(ctx, w.db, `SELECT benchmark, models, answered, missing, transient, permanent, policy, vanished FROM crawl_status ORDER BY benchmark`,
			[]any{&b.Benchmark, &b.Models, &b.Answered, &b.Missing, &b.Transient, &b.Permanent, &b.Policy, &b.Vanished}, func() {
				s.Benchmarks = append(s.Benchmarks, b)
			})
	}
	if err != nil {
		return corpus.Standing{}, fmt.Errorf("count what can't be had: %w", err)
	}
	return s, nil
}
