package warehouse

import (
	"context"
	"fmt"
)

// Failing counts the sources on the Hub that fail now, whenever they began to: tasks of
// which no file can be read, and repositories that can't be read themselves. Tried is
// what they are a part of: all but those that were never evaluated or are refused by us.
func (w *Warehouse) Failing(ctx context.Context) (failing, tried int, err error) {
	row := w.db.QueryRowContext(ctx, `
		SELECT coalesce(sum(failing), 0)::BIGINT, coalesce(sum(tried), 0)::BIGINT FROM (
			SELECT count(*) FILTER (failed AND NOT hope) AS failing, count(*) FILTER (failed OR done) AS tried
			FROM (
				SELECT bool_or(s.status IN ('permanent', 'transient')) AS failed, bool_or(s.status = 'done') AS done,
					bool_or(s.status IN ('done', 'missing', 'policy')) AS hope
				FROM file_states AS s JOIN repo_state AS r ON r.repo = s.repo AND r.commit_hash = s.commit_hash
				GROUP BY s.repo, s.benchmark, s.task)
			UNION ALL
			SELECT count(*), count(*)
			FROM repo_state AS r
			WHERE r.status IN ('permanent', 'transient')
				AND NOT EXISTS (FROM file_states AS s WHERE s.repo = r.repo AND s.commit_hash = r.commit_hash AND s.status IN ('permanent', 'transient')))`)
	if err := row.Scan(&failing, &tried); err != nil {
		return 0, 0, fmt.Errorf("count failing sources: %w", err)
	}
	return failing, tried, nil
}
