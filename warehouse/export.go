package warehouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ExportOptions says where the lake goes.
type ExportOptions struct {
	Dir string // replaced as a whole
}

// Lake is an exported directory of Parquet files.
type Lake struct {
	Dir    string   `json:"dir"`
	Tables []string `json:"tables"`
	Files  int      `json:"files"`
	Bytes  int64    `json:"bytes"`
}

// lakeTable is a directory of the lake: a query, and whether its files are
// partitioned by benchmark in the way of Hive (benchmark=arc/…).
type lakeTable struct {
	name, query string
	partitioned bool
}

// lakeTables are what the lake has. The answers are a row each there: engines that
// a lake is for read them faster than lists.
var lakeTables = []lakeTable{
	{"responses", `
		SELECT b.benchmark, t.task, m.model, i.item, i.position, a.correct
		FROM (SELECT model_id, task_id, unnest(correct) AS correct, generate_subscripts(correct, 1) - 1 AS position FROM response_block) AS a
		JOIN item AS i ON i.task_id = a.task_id AND i.position = a.position
		JOIN task AS t ON t.task_id = a.task_id
		JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
		JOIN model AS m ON m.model_id = a.model_id
		WHERE a.correct IS NOT NULL`, true},
	{"benchmark", `SELECT * EXCLUDE (benchmark_id) FROM benchmark`, false},
	{"item", `SELECT b.benchmark, t.task, i.position, i.item, i.prompt_hash, i.prompt
		FROM item AS i JOIN task AS t USING (task_id) JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id`, true},
	{"model", `SELECT * EXCLUDE (model_id) FROM model`, false},
	{"scores", `SELECT * EXCLUDE (benchmark_id, model_id) FROM scores`, true},
	{"item_filter", `SELECT * EXCLUDE (benchmark_id, task_id) FROM item_filter`, true},
	{"lineage", `SELECT * EXCLUDE (file_id) FROM lineage`, true},
	{"leaderboard_score", `SELECT b.benchmark, m.model, l.metric, l.score
		FROM leaderboard_score AS l JOIN benchmark AS b USING (benchmark_id) JOIN model AS m USING (model_id)`, true},
	{"run", `FROM run`, false},
	{"split_assignment", `FROM split_assignment`, true},
	{"irt_fit", `FROM irt_fit`, true},
	{"item_parameter", `FROM item_parameter`, true},
	{"ability", `FROM ability`, true},
	{"selected_item", `FROM selected_item`, true},
	{"prediction", `FROM prediction`, true},
	{"reconstruction_metric", `FROM reconstruction_metric`, true},
	{"form_reliability", `FROM form_reliability`, true},
}

// Export writes the lake: zstd Parquet, one directory a table, partitioned by
// benchmark where rows have one, with the runs and the answers' fingerprint in
// every file's metadata. The directory appears whole, in place of an earlier one.
func (w *Warehouse) Export(ctx context.Context, o ExportOptions) (Lake, error) {
	lake := Lake{Dir: o.Dir}
	fail := func(err error) (Lake, error) { return lake, fmt.Errorf("export %s: %w", o.Dir, err) }
	if err := refuseForeignDir(o.Dir); err != nil {
		return fail(err)
	}
	if err := w.refreshIfWriter(ctx); err != nil {
		return fail(err)
	}
	draft, old := filepath.Clean(o.Dir)+draftSuffix, filepath.Clean(o.Dir)+".old"
	for _, dir := range []string{draft, old} {
		if err := os.RemoveAll(dir); err != nil {
			return fail(err)
		}
	}
	if err := os.MkdirAll(draft, 0o755); err != nil {
		return fail(err)
	}
	err := w.writeLake(ctx, draft)
	if err == nil {
		err = os.WriteFile(filepath.Join(draft, lakeMark), []byte("A Parquet lake exported by metabench; replaced as a whole by the next export.\n"), 0o644)
	}
	if err != nil {
		return fail(errors.Join(err, os.RemoveAll(draft)))
	}
	for _, t := range lakeTables {
		if _, err := os.Stat(filepath.Join(draft, t.name)); err == nil {
			lake.Tables = append(lake.Tables, t.name)
		}
	}
	if lake.Files, lake.Bytes, err = measureDir(draft); err != nil {
		return fail(err)
	}
	if err := swapDir(draft, o.Dir, old); err != nil {
		return fail(err)
	}
	return lake, nil
}

// lakeMark is the file that tells a lake from a directory with other things in it.
const lakeMark = "_METABENCH_LAKE"

// refuseForeignDir refuses to replace a directory that no export made.
func refuseForeignDir(dir string) error {
	if filepath.Clean(dir) == "." || dir == "" {
		return errors.New("a directory of its own is needed, since it is replaced as a whole")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, lakeMark)); err != nil {
		return errors.New("the directory holds something that is no exported lake; choose another one or empty it")
	}
	return nil
}

func (w *Warehouse) writeLake(ctx context.Context, dir string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readOnly || w.closed {
		return errors.New("the warehouse is not open for writing")
	}
	metadata, err := w.lakeMetadata(ctx)
	if err != nil {
		return err
	}
	for _, t := range lakeTables {
		path, options := filepath.Join(dir, t.name), ""
		if t.partitioned {
			options = ", PARTITION_BY (benchmark), FILENAME_PATTERN 'part_{i}'"
		} else {
			if err := os.Mkdir(path, 0o755); err != nil {
				return err
			}
			path = filepath.Join(path, "part_0.parquet")
		}
		copyOut := "COPY (" + t.query + ") TO " + quote(path) + " (FORMAT parquet, COMPRESSION zstd, KV_METADATA " + metadata + options + ")"
		if _, err := w.conn.ExecContext(ctx, copyOut); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("write %s: %w", t.name, err)
		}
	}
	return nil
}

// lakeMetadata is a SQL struct for the files' key-value metadata.
func (w *Warehouse) lakeMetadata(ctx context.Context) (string, error) {
	var runs, fingerprint string
	err := w.conn.QueryRowContext(ctx, `
		SELECT coalesce((SELECT string_agg(DISTINCT run_id, ' ' ORDER BY run_id) FROM
				(SELECT run_id FROM selected_item UNION SELECT run_id FROM reconstruction_metric UNION SELECT run_id FROM prediction)), ''),
			coalesce((SELECT string_agg(concat(benchmark, ':', fingerprint), ' ' ORDER BY benchmark) FROM corpus_state), '')`).
		Scan(&runs, &fingerprint)
	if err != nil {
		return "", err
	}
	version := w.now().UTC().Format("2006-01-02T15:04:05Z")
	return "{metabench_run_id: " + quote(runs) + ", metabench_fingerprint: " + quote(fingerprint) + ", metabench_exported: " + quote(version) + "}", nil
}

func measureDir(dir string) (files int, bytes int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			files++
			bytes += info.Size()
		}
		return err
	})
	return files, bytes, err
}

// swapDir puts a directory in the place of another. Between the two renames the
// name is missing for an instant; a crash there leaves both directories.
func swapDir(draft, dir, old string) error {
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(draft, dir); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(filepath.Clean(dir))); err != nil {
		return err
	}
	return os.RemoveAll(old)
}
