package warehouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// copyTo writes a copy of everything that outsiders may see, and checks that it is
// whole. now is a view of w, and mu is held: nothing has changed since.
func (w *Warehouse) copyTo(ctx context.Context, now *Warehouse, path string) (int64, error) {
	fresh, err := Create(ctx, Options{Path: path, Now: w.now, fault: w.disk.fault})
	if err != nil {
		return 0, err
	}
	if err := fresh.Close(); err != nil {
		return 0, err
	}
	for _, suffix := range []string{".lock", ".ledger"} {
		if err := w.disk.remove(path + suffix); err != nil {
			return 0, err
		}
	}
	if err := w.fill(ctx, path); err != nil {
		return 0, err
	}
	if err := refuseLog(path); err != nil {
		return 0, err
	}
	if err := w.disk.seal(path); err != nil {
		return 0, err
	}
	w.crash("draft-written")
	return now.compare(ctx, path)
}

// fill copies the tables' rows into a warehouse without any.
func (w *Warehouse) fill(ctx context.Context, path string) (err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "ATTACH "+quote(abs)+" AS snapshot"); err != nil {
		return err
	}
	defer func() {
		_, detachErr := w.conn.ExecContext(context.WithoutCancel(ctx), "DETACH snapshot")
		err = errors.Join(err, detachErr)
	}()
	var tables []string
	var name string
	if err := scanEach(ctx, w.conn, `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY table_name`,
		[]any{&name}, func() { tables = append(tables, name) }); err != nil {
		return err
	}
	err = inTransaction(ctx, w.conn, func() error {
		for _, table := range tables {
			if private[table] {
				continue
			}
			copyRows := "DELETE FROM snapshot." + table + "; INSERT INTO snapshot." + table + " FROM " + table
			if _, err := w.conn.ExecContext(ctx, copyRows); err != nil {
				return fmt.Errorf("copy %s: %w", table, err)
			}
			w.crash("table-copied")
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = w.conn.ExecContext(ctx, "CHECKPOINT snapshot")
	return err
}

// private are the tables that a snapshot leaves empty: kept intermediate output.
var private = map[string]bool{"stage": true}

// quote makes text a SQL literal, where DuckDB takes no parameters.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// compare opens a copy as a reader would and compares its content with ours.
func (w *Warehouse) compare(ctx context.Context, path string) (size int64, err error) {
	r, err := OpenReadOnly(ctx, Options{Path: path, Now: w.now})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	const content = `SELECT count(*)::BIGINT, coalesce(sum(observed_count), 0)::BIGINT, coalesce(sum(hash), 0)::VARCHAR,
		(SELECT count(*) FROM item), (SELECT count(*) FROM file), (SELECT count(*) FROM prediction) FROM response_block`
	var ours, theirs [6]string
	for side, dst := range map[*Warehouse]*[6]string{w: &ours, r: &theirs} {
		if err := side.db.QueryRowContext(ctx, content).Scan(&dst[0], &dst[1], &dst[2], &dst[3], &dst[4], &dst[5]); err != nil {
			return 0, err
		}
	}
	if ours != theirs {
		return 0, fmt.Errorf("the copy is not whole: it has %v, want %v", theirs, ours)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
