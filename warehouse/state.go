package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
)

// state is a hash of all that a snapshot shows, except for when the crawl last asked and
// when a run was repeated. Two files with the same state answer every other query the same:
// then there is nothing to publish or to export.
//
// DuckDB's hash() is an order of magnitude faster than the digests of TableHashes,
// but is only the same within one version of DuckDB.
func (w *Warehouse) state(ctx context.Context) (state string, err error) {
	err = w.View(ctx, func(v *Warehouse) error {
		state, err = v.hashState(ctx)
		return err
	})
	return state, err
}

func (w *Warehouse) hashState(ctx context.Context) (string, error) {
	tables := maps.Clone(contents)
	tables["manifest"] = `FROM manifest`
	tables["schema_migration"] = `SELECT version, checksum FROM schema_migration`
	tables["schema_view"] = `FROM schema_view`
	// A stranger who may write a snapshot can also replace a view.
	tables["duckdb_objects"] = `
		SELECT table_name, sql FROM duckdb_tables() WHERE NOT internal
		UNION ALL SELECT view_name, sql FROM duckdb_views() WHERE NOT internal AND view_name IN (SELECT name FROM schema_view)
		UNION ALL SELECT function_name, macro_definition FROM duckdb_functions() WHERE NOT internal AND function_name IN (SELECT name FROM schema_view)`
	// The answers are in their block's hash.
	tables["response_block"] = `SELECT * EXCLUDE (correct) FROM (` + contents["response_block"] + `)`
	h := sha256.New()
	for _, table := range sortedKeys(tables) {
		var hash string
		row := w.db.QueryRowContext(ctx, `SELECT concat_ws('-', count(*), sum(hash(content))) FROM (`+tables[table]+`) AS content`)
		if err := row.Scan(&hash); err != nil {
			return "", fmt.Errorf("hash table %s: %w", table, err)
		}
		fmt.Fprintf(h, "%s %s\n", table, hash)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// isUpToDate reports whether a published snapshot is whole and has the state of the
// warehouse; false if it cannot be read.
func (w *Warehouse) isUpToDate(ctx context.Context, path string) (same bool, err error) {
	ours, err := w.state(ctx)
	if err != nil {
		return false, err
	}
	r, err := OpenReadOnly(ctx, Options{Path: path, Now: w.now})
	if err != nil {
		return false, ctx.Err()
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	theirs, err := r.state(ctx)
	if err != nil {
		return false, ctx.Err()
	}
	foreign, err := r.foreignViews(ctx)
	if err != nil {
		return false, ctx.Err()
	}
	return ours == theirs && foreign == 0, nil
}

// foreignViews counts views and macros that the program did not make. They are nothing
// that is published: a snapshot that has some is not ours any more.
func (w *Warehouse) foreignViews(ctx context.Context) (n int, err error) {
	err = w.db.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM duckdb_views() WHERE NOT internal AND view_name NOT IN (SELECT name FROM schema_view))
			+ (SELECT count(*) FROM duckdb_functions() WHERE NOT internal AND function_name NOT IN (SELECT name FROM schema_view))`).Scan(&n)
	return n, err
}
