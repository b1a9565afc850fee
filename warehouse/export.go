package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ExportOptions says where the lake goes.
type ExportOptions struct {
	Dir       string // replaced as a whole
	IfChanged bool   // write only if the lake that is there says something else
}

// Lake is an exported directory of Parquet files.
type Lake struct {
	Dir    string   `json:"dir"`
	Tables []string `json:"tables"` // none when nothing had changed
	Files  int      `json:"files"`
	Bytes  int64    `json:"bytes"`
}

// lakeTable is a directory of the lake: a query, and whether its files are
// partitioned by benchmark in the way of Hive (benchmark=arc/…). The query of a
// partitioned table has the benchmark's key as its parameter and leaves the
// benchmark's name to the path.
type lakeTable struct {
	name, query string
	partitioned bool
}

// results is the query for a benchmark's rows of a table that names it.
func results(table string) lakeTable {
	return lakeTable{table, `SELECT * EXCLUDE (benchmark) FROM ` + table + ` WHERE benchmark = (SELECT benchmark FROM benchmark WHERE benchmark_id = $1)`, true}
}

// lakeTables are what the lake has. The answers are a row each there: engines that
// a lake is for read them faster than lists. Item names are unnested beside the
// answers; joining them afterwards takes three times as long. No column has a type
// without a sign, which not all engines read.
var lakeTables = []lakeTable{
	{"responses", `
		WITH names AS (SELECT task_id, list(item ORDER BY position) AS items FROM item WHERE benchmark_id = $1 GROUP BY task_id)
		SELECT task, model, item, position::INTEGER AS position, correct::TINYINT AS correct FROM (
			SELECT t.task, m.model, unnest(CASE WHEN len(r.correct) > len(n.items) THEN error('a block is longer than its task; metabench check lists it') ELSE n.items[:len(r.correct)] END) AS item, generate_subscripts(r.correct, 1) - 1 AS position, unnest(r.correct) AS correct
			FROM response_block AS r
			JOIN task AS t ON t.task_id = r.task_id AND t.benchmark_id = $1
			JOIN names AS n ON n.task_id = r.task_id
			JOIN model AS m ON m.model_id = r.model_id)
		WHERE correct IS NOT NULL`, true},
	{"benchmark", `SELECT * EXCLUDE (benchmark_id) FROM benchmark`, false},
	{"item", `SELECT t.task, i.position, i.item, i.prompt_hash, i.prompt FROM item AS i JOIN task AS t USING (task_id) WHERE i.benchmark_id = $1`, true},
	{"question", `SELECT item, prompt_hash, prompt, choices, gold, target FROM question WHERE benchmark_id = $1`, true},
	{"model", `SELECT * EXCLUDE (model_id) FROM model`, false},
	{"scores", `SELECT * EXCLUDE (benchmark, benchmark_id, model_id) FROM scores WHERE benchmark_id = $1`, true},
	{"item_filter", `SELECT * EXCLUDE (benchmark, benchmark_id, task_id) FROM item_filter WHERE benchmark_id = $1`, true},
	{"lineage", `SELECT * EXCLUDE (benchmark, file_id) FROM lineage WHERE benchmark = (SELECT benchmark FROM benchmark WHERE benchmark_id = $1)`, true},
	{"leaderboard_score", `SELECT m.model, l.metric, l.score FROM leaderboard_score AS l JOIN model AS m USING (model_id) WHERE l.benchmark_id = $1`, true},
	{"run", `SELECT * REPLACE (seed::DECIMAL(20, 0) AS seed) FROM run`, false},
	results("split_assignment"), results("irt_fit"), results("item_parameter"), results("ability"), results("selected_item"),
	results("prediction"), results("reconstruction_metric"), results("form_reliability"), results("learning_curve"),
	{"release", `FROM release`, false}, results("released_item"), results("released_calibration"),
	results("left_out"),
}

// Export writes the lake: zstd Parquet, one directory a table, partitioned by
// benchmark where rows have one, with the runs, the answers' fingerprint and the
// comments of table and columns in every file's metadata. The directory appears whole, in place of an earlier one.
func (w *Warehouse) Export(ctx context.Context, o ExportOptions) (Lake, error) {
	lake := Lake{Dir: o.Dir}
	if err := w.export(ctx, o, &lake); err != nil {
		return lake, fmt.Errorf("export %s: %w", o.Dir, err)
	}
	return lake, nil
}

func (w *Warehouse) export(ctx context.Context, o ExportOptions, lake *Lake) error {
	if err := refuseForeignDir(o.Dir); err != nil {
		return err
	}
	place := lakePlace(w.disk, o.Dir)
	if err := place.recover(); err != nil {
		return err
	}
	mark, err := w.lakeMark(ctx)
	if err != nil {
		return err
	}
	if o.IfChanged {
		if old, err := os.ReadFile(filepath.Join(o.Dir, lakeMarkName)); err == nil && string(old) == mark {
			return nil
		}
	}
	if err := w.refreshIfWriter(ctx); err != nil {
		return err
	}
	if err := w.writeLake(ctx, place.draft, mark); err != nil {
		return errors.Join(err, os.RemoveAll(place.draft))
	}
	for _, t := range lakeTables {
		if _, err := os.Stat(filepath.Join(place.draft, t.name)); err == nil {
			lake.Tables = append(lake.Tables, t.name)
		}
	}
	if lake.Files, lake.Bytes, err = measureDir(place.draft); err != nil {
		return err
	}
	return place.swap(w.crash)
}

// lakeMarkName is the file that tells a lake from a directory with other things in it.
const lakeMarkName = "_METABENCH_LAKE"

// lakeMark is what that file says: what the lake was written from.
func (w *Warehouse) lakeMark(ctx context.Context) (string, error) {
	state, err := w.state(ctx)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, state)
	for _, t := range lakeTables {
		fmt.Fprintln(h, t.name, t.query, t.partitioned)
	}
	return "A Parquet lake exported by metabench; replaced as a whole by the next export.\nstate: " + hex.EncodeToString(h.Sum(nil)) + "\n", nil
}

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
	if _, err := os.Stat(filepath.Join(dir, lakeMarkName)); err != nil {
		return errors.New("the directory holds something that is no exported lake; choose another one or empty it")
	}
	return nil
}

// writeLake writes the tables and, last, the mark.
func (w *Warehouse) writeLake(ctx context.Context, dir, mark string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readOnly || w.closed {
		return errors.New("the warehouse is not open for writing")
	}
	origin, err := w.lakeOrigin(ctx)
	if err != nil {
		return err
	}
	schema, err := w.LakeSchema(ctx)
	if err != nil {
		return err
	}
	for k, t := range lakeTables {
		comments, err := schema[k].metadata()
		if err != nil {
			return fmt.Errorf("write %s: %w", t.name, err)
		}
		metadata := "{" + origin + ", " + comments + "}"
		if err := w.writeTable(ctx, filepath.Join(dir, t.name), t, metadata); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("write %s: %w", t.name, err)
		}
		w.crash("lake-table-written")
	}
	return w.disk.write(filepath.Join(dir, lakeMarkName), []byte(mark))
}

// writeTable writes a table's file, or one for each benchmark that it has rows of.
func (w *Warehouse) writeTable(ctx context.Context, dir string, t lakeTable, metadata string) error {
	if !t.partitioned {
		_, err := w.writeParquet(ctx, dir, t.query, metadata)
		return err
	}
	for _, benchmark := range sortedKeys(w.known.benchmarks) {
		id := strconv.Itoa(int(w.known.benchmarks[benchmark]))
		part := filepath.Join(dir, "benchmark="+hiveName(benchmark))
		rows, err := w.writeParquet(ctx, part, strings.ReplaceAll(t.query, "$1", id), metadata)
		if err == nil && rows == 0 {
			err = w.disk.removeAll(part)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", benchmark, err)
		}
	}
	return nil
}

// writeParquet writes the rows of a query into a directory's only file. COPY takes
// no parameters, so the text holds nothing that a stranger wrote.
func (w *Warehouse) writeParquet(ctx context.Context, dir, query, metadata string) (rows int64, err error) {
	if err := w.disk.makeDir(dir); err != nil {
		return 0, err
	}
	path := filepath.Join(dir, "part_0.parquet")
	result, err := w.conn.ExecContext(ctx, "COPY ("+query+") TO "+quote(path)+" (FORMAT parquet, COMPRESSION zstd, KV_METADATA "+metadata+")")
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// maxHiveName is how long a part of a path may be, "benchmark=" before it included,
// where file systems take 255 bytes.
const maxHiveName = 240

// hiveName makes a name part of a path: bytes other than letters, digits, - and _
// are percent-encoded, and the end of a very long one is replaced by a hash of all of it.
func hiveName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if b.Len() > maxHiveName-2*8-len("~%00") {
			sum := sha256.Sum256([]byte(name))
			return b.String() + "~" + hex.EncodeToString(sum[:8])
		}
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// lakeOrigin are members of a SQL struct for the files' key-value metadata: which runs
// and answers the lake is of, and when it was written.
func (w *Warehouse) lakeOrigin(ctx context.Context) (string, error) {
	var runs, fingerprint string
	err := w.conn.QueryRowContext(ctx, `
		SELECT coalesce((SELECT string_agg(DISTINCT run_id, ' ' ORDER BY run_id) FROM
				(SELECT run_id FROM selected_item UNION SELECT run_id FROM reconstruction_metric UNION SELECT run_id FROM prediction)), ''),
			coalesce((SELECT string_agg(concat(url_encode(benchmark), ':', fingerprint), ' ' ORDER BY benchmark) FROM analysed_state), '')`).
		Scan(&runs, &fingerprint)
	if err != nil {
		return "", err
	}
	version := w.now().UTC().Format("2006-01-02T15:04:05Z")
	return "metabench_run_id: " + quote(runs) + ", metabench_fingerprint: " + quote(fingerprint) + ", metabench_exported: " + quote(version), nil
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
