package warehouse

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	schema "metabench/sql"
)

// migration is a step of the schema: sql/migrations/0001_benchmark.sql.
type migration struct {
	version  int
	name     string
	text     string
	checksum string
}

// readMigrations reads a directory's steps, which must be numbered 1, 2, 3 …
func readMigrations(files fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(files, dir) // sorted by name
	if err != nil {
		return nil, err
	}
	steps := make([]migration, 0, len(entries))
	for _, e := range entries {
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		number, name, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil {
			return nil, fmt.Errorf("%s: want a name such as 0001_benchmark.sql", e.Name())
		}
		sum := sha256.Sum256(text)
		steps = append(steps, migration{version, name, string(text), hex.EncodeToString(sum[:])})
	}
	return steps, nil
}

const createMigrationTable = `
CREATE TABLE IF NOT EXISTS schema_migration (
    version    INTEGER NOT NULL,
    name       VARCHAR NOT NULL,
    checksum   VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE schema_migration IS 'Steps of the schema that were applied to this file. One row a step.';
COMMENT ON COLUMN schema_migration.version IS 'Number of the step, counted up from 1.';
COMMENT ON COLUMN schema_migration.name IS 'Object it made or changed.';
COMMENT ON COLUMN schema_migration.checksum IS 'SHA-256 of its text: a step that was applied is never edited.';
COMMENT ON COLUMN schema_migration.applied_at IS 'When it was applied, UTC.';
CREATE TABLE IF NOT EXISTS schema_view (
    name     VARCHAR NOT NULL,
    checksum VARCHAR NOT NULL
);
COMMENT ON TABLE schema_view IS 'Views and macros that were made in this file. One row a view.';
COMMENT ON COLUMN schema_view.name IS 'The view.';
COMMENT ON COLUMN schema_view.checksum IS 'SHA-256 of its text; it is made anew when that differs.';`

// renew makes a warehouse that is not there, or brings the schema of a closed one
// with an empty write-ahead log up to date.
//
// The schema is never changed in place. DuckDB fails to replay some changes of it
// from a write-ahead log (COMMENT ON COLUMN of a table with a function in a CHECK
// is one), so a crash before the checkpoint would leave a file that cannot be
// opened any more. A copy is changed, closed and renamed instead: there is the old
// file or the new one.
func renew(ctx context.Context, o Options, isNew bool) error {
	draft, d := o.Path+".new", disk{o.fault}
	if err := errors.Join(d.remove(draft), d.remove(draft+".wal")); err != nil {
		return fmt.Errorf("make warehouse %s: %w", o.Path, err)
	}
	if !isNew {
		if err := copyFile(ctx, draft, o.Path); err != nil {
			return fmt.Errorf("migrate warehouse %s: copy it: %w", o.Path, err)
		}
	}
	err := makeDraft(ctx, draft, o, isNew)
	if err == nil && isNew { // what an earlier file of this name held is not missing from this one
		err = putLedgerAside(d, o)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(draft), os.RemoveAll(draft+".wal"))
	}
	o.crash("migrated")
	err = d.sync(draft)
	if err == nil {
		err = d.rename(draft, o.Path)
	}
	if err == nil {
		err = d.sync(filepath.Dir(o.Path))
	}
	if err != nil {
		return fmt.Errorf("migrate warehouse %s: %w", o.Path, err)
	}
	return nil
}

// emptyFile is the content of a new warehouse once one was made: a process that makes
// several, such as a first refresh with its snapshot, defines the schema only once.
var emptyFile atomic.Pointer[[]byte]

// makeDraft brings the schema of a draft up to date, which is not there yet where it is
// new, and leaves no log beside it.
func makeDraft(ctx context.Context, draft string, o Options, isNew bool) error {
	if made := emptyFile.Load(); isNew && made != nil {
		return os.WriteFile(draft, *made, 0o644)
	}
	if err := migrateFile(ctx, draft, o); err != nil {
		return err
	}
	if err := refuseLog(draft); err != nil || !isNew {
		return err
	}
	made, err := os.ReadFile(draft)
	emptyFile.Store(&made)
	return err
}

// blockSize of a new file, in bytes. Every column of every table takes a block at
// least: with DuckDB's 256 KiB those of the small tables alone are 5 MB.
const blockSize = "65536"

// migrateFile migrates a file that nobody else has open, and leaves no log beside it.
func migrateFile(ctx context.Context, path string, o Options) (err error) {
	w := &Warehouse{path: path, readOnly: true} // so that Close writes no ledger
	if err := w.connect(ctx, append(o.settings(), [2]string{"default_block_size", blockSize})); err != nil {
		return errors.Join(err, w.Close())
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := migrate(ctx, w.conn, o.Path, o.Now); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("migrate warehouse %s: checkpoint: %w", o.Path, err)
	}
	return nil
}

// isCurrent reports whether a file has all steps and the views of today.
func isCurrent(ctx context.Context, conn *sql.Conn, file string) (bool, error) {
	isOurs, err := refuseForeign(ctx, conn, file)
	if err != nil || !isOurs {
		return false, err
	}
	steps, err := readMigrations(schema.Files, "migrations")
	if err != nil {
		return false, fmt.Errorf("read migrations: %w", err)
	}
	applied, err := compareSchema(ctx, conn, file, steps)
	if err != nil {
		return false, err
	}
	stale, err := areViewsStale(ctx, conn)
	return applied == len(steps) && !stale, err
}

// migrate applies the steps a file lacks, in order, and makes the views anew, all
// or nothing.
func migrate(ctx context.Context, conn *sql.Conn, file string, now func() time.Time) error {
	steps, err := readMigrations(schema.Files, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	err = inTransaction(ctx, conn, func() error {
		isOurs, err := refuseForeign(ctx, conn, file)
		if err != nil {
			return err
		}
		if !isOurs {
			if _, err := conn.ExecContext(ctx, createMigrationTable); err != nil {
				return err
			}
		}
		applied, err := compareSchema(ctx, conn, file, steps)
		if err != nil {
			return err
		}
		if err := dropViews(ctx, conn); err != nil {
			return err
		}
		for _, step := range steps[applied:] {
			if err := applyStep(ctx, conn, step, now()); err != nil {
				return fmt.Errorf("step %d (%s): %w", step.version, step.name, err)
			}
		}
		return makeViews(ctx, conn)
	})
	if err != nil {
		return fmt.Errorf("migrate warehouse %s: %w", file, err)
	}
	return nil
}

// copyFile copies bytes; the file must not be open for writing.
func copyFile(ctx context.Context, to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return in.Read(p)
	}))
	return errors.Join(err, out.Close())
}

// refuseForeign refuses a DuckDB file that somebody keeps other things in, and
// reports whether it is a warehouse already.
func refuseForeign(ctx context.Context, conn *sql.Conn, file string) (isOurs bool, err error) {
	var tables, ours int
	err = conn.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (table_name = 'schema_migration') FROM duckdb_tables()`).Scan(&tables, &ours)
	if err != nil {
		return false, openError(file, err)
	}
	if tables > 0 && ours == 0 {
		return false, &SchemaError{Path: file, Reason: "it is a DuckDB file but no warehouse of metabench", Remedy: "choose another path"}
	}
	return ours > 0, nil
}

// checkSchema is what a reader needs: a warehouse, and not a newer one.
func checkSchema(ctx context.Context, conn *sql.Conn, file string) error {
	var ours int
	err := conn.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_migration'`).Scan(&ours)
	if err != nil {
		return openError(file, err)
	}
	if ours == 0 {
		return &SchemaError{Path: file, Reason: "it is a DuckDB file but no warehouse of metabench", Remedy: "choose another path"}
	}
	steps, err := readMigrations(schema.Files, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	_, err = compareSchema(ctx, conn, file, steps)
	return err
}

// compareSchema returns how many of the steps a file has, or why it can't be used.
func compareSchema(ctx context.Context, conn *sql.Conn, file string, steps []migration) (int, error) {
	rows, err := conn.QueryContext(ctx, `SELECT version, name, checksum FROM schema_migration ORDER BY version`)
	if err != nil {
		return 0, openError(file, err)
	}
	defer rows.Close()
	applied := 0
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.version, &m.name, &m.checksum); err != nil {
			return 0, err
		}
		if applied == len(steps) {
			return 0, &SchemaError{Path: file,
				Reason: fmt.Sprintf("its schema has version %d (%s), this program knows %d", m.version, m.name, len(steps)),
				Remedy: "use a newer metabench"}
		}
		if want := steps[applied]; m.version != want.version || m.checksum != want.checksum {
			return 0, &SchemaError{Path: file,
				Reason: fmt.Sprintf("step %d of its schema (%s) is not the one this program knows (%s)", m.version, m.name, want.name),
				Remedy: "use the metabench that made it"}
		}
		applied++
	}
	return applied, rows.Err()
}

func applyStep(ctx context.Context, conn *sql.Conn, step migration, at time.Time) error {
	if _, err := conn.ExecContext(ctx, step.text); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, `INSERT INTO schema_migration VALUES (?, ?, ?, ?)`, step.version, step.name, step.checksum, at.UTC())
	return err
}

// areViewsStale reports whether the views in a file differ from those of today.
func areViewsStale(ctx context.Context, conn *sql.Conn) (bool, error) {
	views, err := readMigrations(schema.Files, "views")
	if err != nil {
		return false, err
	}
	present, err := queryMap(ctx, conn, `SELECT name, checksum FROM schema_view`)
	if err != nil {
		return false, err
	}
	stale := len(present) != len(views)
	for _, v := range views {
		stale = stale || present[v.name] != v.checksum
	}
	return stale, nil
}

// dropViews drops all views and macros that this or another version of the program made,
// so that those it no longer has are gone. Others, which somebody made by hand, stay.
func dropViews(ctx context.Context, conn *sql.Conn) error {
	drops, err := queryMap(ctx, conn, `
		SELECT 'DROP VIEW "' || replace(view_name, '"', '""') || '"', '' FROM duckdb_views() WHERE NOT internal AND view_name IN (SELECT name FROM schema_view)
		UNION ALL
		SELECT 'DROP ' || CASE function_type WHEN 'table_macro' THEN 'MACRO TABLE' ELSE 'MACRO' END || ' "' || replace(function_name, '"', '""') || '"', ''
		FROM duckdb_functions() WHERE NOT internal AND function_type IN ('macro', 'table_macro') AND function_name IN (SELECT name FROM schema_view)`)
	if err != nil {
		return err
	}
	for _, drop := range sortedKeys(drops) {
		if _, err := conn.ExecContext(ctx, drop); err != nil {
			return fmt.Errorf("%s: %w", drop, err)
		}
	}
	_, err = conn.ExecContext(ctx, `DELETE FROM schema_view`)
	return err
}

// makeViews makes all views of today.
func makeViews(ctx context.Context, conn *sql.Conn) error {
	views, err := readMigrations(schema.Files, "views")
	if err != nil {
		return err
	}
	for _, v := range views {
		if _, err := conn.ExecContext(ctx, v.text); err != nil {
			return fmt.Errorf("view %s: %w", v.name, err)
		}
		if _, err := conn.ExecContext(ctx, `INSERT INTO schema_view VALUES (?, ?)`, v.name, v.checksum); err != nil {
			return err
		}
	}
	return nil
}

// queryMap reads two text columns as keys and values.
func queryMap(ctx context.Context, conn *sql.Conn, query string, args ...any) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	m := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		m[k] = v
	}
	return m, rows.Err()
}

// inTransaction commits what fn did, or takes all of it back. Neither is stopped
// by the context: a transaction that is neither would poison the connection.
func inTransaction(ctx context.Context, conn *sql.Conn, fn func() error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return err
	}
	end := context.WithoutCancel(ctx)
	if err := fn(); err != nil {
		_, rollbackErr := conn.ExecContext(end, "ROLLBACK")
		return errors.Join(err, rollbackErr)
	}
	if err := ctx.Err(); err != nil {
		_, rollbackErr := conn.ExecContext(end, "ROLLBACK")
		return errors.Join(err, rollbackErr)
	}
	_, err := conn.ExecContext(end, "COMMIT")
	return err
}
