package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Column is a column of an answer to a query.
type Column struct {
	Name string
	Type string // as SQL calls it: VARCHAR, DOUBLE, UTINYINT[]
}

// Rows is the answer to a query, read row by row. It must be closed.
type Rows struct {
	Columns []Column
	rows    *sql.Rows
	values  []any
	ptrs    []any
}

// Next returns the next row's values; ok is false behind the last one. The slice
// is reused.
func (r *Rows) Next() (values []any, ok bool, err error) {
	if !r.rows.Next() {
		return nil, false, r.rows.Err()
	}
	if err := r.rows.Scan(r.ptrs...); err != nil {
		return nil, false, err
	}
	return r.values, true, nil
}

// Close ends the query.
func (r *Rows) Close() error { return r.rows.Close() }

// RefusedError says why a query is not run.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "query refused: " + e.Reason }

var errNotReading = &RefusedError{Reason: "only statements that read are allowed: SELECT, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN"}

// Query runs one statement that only reads: SELECT, FROM, DESCRIBE, SHOW, SUMMARIZE
// or EXPLAIN. The warehouse must have been opened by OpenReadOnly, which shuts
// the query out of files, the network and settings as well.
//
// Errors: *RefusedError for what is not a single reading statement; DuckDB's own
// words for what is wrong with one.
func (w *Warehouse) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	if !w.readOnly {
		return nil, errors.New("query: the warehouse is open for writing; open it for reading")
	}
	kind, err := w.kindOf(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := w.db.QueryContext(ctx, query, args...)           //nolint:rowserrcheck // the caller's, through Rows
	if kind == duckdb.STATEMENT_TYPE_EXPLAIN && isReadOnly(err) { // EXPLAIN ANALYZE runs what it explains
		return nil, errNotReading
	}
	if err != nil {
		return nil, queryError(ctx, err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	r := &Rows{rows: rows, values: make([]any, len(types)), ptrs: make([]any, len(types))}
	for k, t := range types {
		r.Columns = append(r.Columns, Column{Name: t.Name(), Type: t.DatabaseTypeName()})
		r.ptrs[k] = &r.values[k]
	}
	return r, nil
}

// kindOf looks at a query without running it, and refuses all but those that read.
func (w *Warehouse) kindOf(ctx context.Context, query string) (kind duckdb.StmtType, err error) {
	n, parsed, err := w.countStatements(query)
	switch {
	case err != nil:
		return kind, err
	case !parsed: // what is wrong, and of which type, is said when it is prepared
	case n == 0:
		return kind, &RefusedError{Reason: "it is empty"}
	case n > 1:
		return kind, &RefusedError{Reason: "it has more than one statement, or is a PIVOT whose values are not named (PIVOT … ON x IN (…)); run them one by one"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err = w.conn.Raw(func(driverConn any) error {
		prepared, err := driverConn.(*duckdb.Conn).Prepare(query)
		if err != nil {
			return queryError(ctx, err)
		}
		kind, err = prepared.(*duckdb.Stmt).StatementType()
		return errors.Join(err, prepared.Close())
	})
	if err != nil {
		return kind, err
	}
	switch kind {
	case duckdb.STATEMENT_TYPE_SELECT, duckdb.STATEMENT_TYPE_EXPLAIN, duckdb.STATEMENT_TYPE_RELATION:
		return kind, nil
	}
	return kind, errNotReading
}

// countStatements lets DuckDB parse a query.
func (w *Warehouse) countStatements(query string) (n int, parsed bool, err error) {
	scan, err := openBlockScan(w.file, w.settings)
	if err != nil {
		return 0, false, err
	}
	defer scan.close()
	var statements mapping.ExtractedStatements
	defer mapping.DestroyExtracted(&statements)
	n = int(mapping.ExtractStatements(scan.conn, query, &statements))
	return n, n > 0 || mapping.ExtractStatementsError(statements) == "", nil
}

// isReadOnly reports whether DuckDB refused to write to a file that is open for reading.
// It has no type of its own for that.
func isReadOnly(err error) bool {
	var e *duckdb.Error
	return errors.As(err, &e) && e.Type == duckdb.ErrorTypeInvalidInput && strings.Contains(e.Msg, "attached in read-only mode")
}

// queryError makes DuckDB's errors fit for a user: a cancelled query says so, and
// a forbidden one what forbids it.
func queryError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *duckdb.Error
	if errors.As(err, &e) && e.Type == duckdb.ErrorTypePermission {
		return &RefusedError{Reason: "queries see the warehouse's own tables and views and change nothing (" + e.Msg + ")"}
	}
	return fmt.Errorf("query: %w", err)
}
