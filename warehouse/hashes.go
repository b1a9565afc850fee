package warehouse

import (
	"context"
	"fmt"
)

// TableHashes returns a hash of every table's content that does not depend on the
// order of rows, on internal keys, on clocks or on how often something was tried:
// two warehouses that know the same have the same hashes.
func (w *Warehouse) TableHashes(ctx context.Context) (hashes map[string]string, err error) {
	err = w.View(ctx, func(v *Warehouse) error {
		hashes, err = v.tableHashes(ctx)
		return err
	})
	return hashes, err
}

func (w *Warehouse) tableHashes(ctx context.Context) (map[string]string, error) {
	hashes := map[string]string{}
	for table, content := range contents {
		var hash string
		row := w.db.QueryRowContext(ctx, `
			SELECT concat_ws('-', count(*), coalesce(sum(('0x' || left(md5(content::VARCHAR), 15))::BIGINT), 0))
			FROM (`+content+`) AS content`)
		if err := row.Scan(&hash); err != nil {
			return nil, fmt.Errorf("hash table %s: %w", table, err)
		}
		hashes[table] = hash
	}
	return hashes, nil
}

// contents are queries for what a table says, by names in place of keys.
var contents = func() map[string]string {
	all := map[string]string{
		"benchmark": `SELECT * EXCLUDE (benchmark_id) FROM benchmark`,
		"task":      `SELECT b.benchmark, t.* EXCLUDE (task_id, benchmark_id) FROM task AS t JOIN benchmark AS b USING (benchmark_id)`,
		"item": `SELECT b.benchmark, t.task, i.* EXCLUDE (task_id, benchmark_id)
			FROM item AS i JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id`,
		"model":      `SELECT * EXCLUDE (model_id) FROM model`,
		"repo_state": `SELECT * EXCLUDE (attempts, updated) FROM repo_state`,
		"file":       `SELECT * EXCLUDE (file_id, read_at) FROM file WHERE file_id IN (SELECT file_id FROM response_block UNION SELECT file_id FROM response_part UNION SELECT file_id FROM leaderboard_score)`,
		"file_state": `SELECT * EXCLUDE (attempts, updated) FROM file_states`,
		"response_block": `SELECT m.model, b.benchmark, t.task, f.repo, f.commit_hash, f.path, r.* EXCLUDE (model_id, task_id, file_id)
			FROM response_block AS r JOIN model AS m USING (model_id) JOIN task AS t USING (task_id)
			JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id LEFT JOIN file AS f USING (file_id)`,
		"response_part": `SELECT m.model, b.benchmark, t.task, f.repo, f.commit_hash, f.path, p.* EXCLUDE (model_id, task_id, file_id)
			FROM response_part AS p JOIN model AS m USING (model_id) JOIN task AS t USING (task_id)
			JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id JOIN file AS f USING (file_id)`,
		"leaderboard_score": `SELECT m.model, b.benchmark, l.metric, l.score, f.repo, f.commit_hash, f.path
			FROM leaderboard_score AS l JOIN model AS m USING (model_id) JOIN benchmark AS b USING (benchmark_id) JOIN file AS f USING (file_id)`,
		"question":             `SELECT b.benchmark, q.* EXCLUDE (benchmark_id, file_id, read_at) FROM question AS q JOIN benchmark AS b USING (benchmark_id)`,
		"threshold":            `FROM threshold`,
		"run":                  `SELECT * EXCLUDE (command) FROM run`,
		"release":              `SELECT * EXCLUDE (created_at, retired_at), retired_at IS NOT NULL AS retired FROM release`,
		"released_item":        `FROM released_item`,
		"released_calibration": `FROM released_calibration`,
	}
	for _, table := range resultTables {
		all[table] = `FROM ` + table
	}
	return all
}()
