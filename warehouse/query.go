package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
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

var (
	errNotReading = &RefusedError{Reason: "only statements that read are allowed: SELECT, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN"}
	pragma        = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|/\*.*?\*/)*pragma\b`)
)

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
	if err := w.refuse(ctx, query); err != nil {
		return nil, err
	}
	rows, err := w.db.QueryContext(ctx, query, args...) //nolint:rowserrcheck // the caller's, through Rows
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

// refuse looks at a query without running it.
func (w *Warehouse) refuse(ctx context.Context, query string) error {
	if strings.TrimSpace(query) == "" {
		return &RefusedError{Reason: "it is empty"}
	}
	// DuckDB turns some pragmas into queries; what they show, DESCRIBE shows too.
	if pragma.MatchString(query) {
		return errNotReading
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn.Raw(func(driverConn any) error {
		prepared, err := driverConn.(*duckdb.Conn).Prepare(query)
		if err != nil {
			if strings.Contains(err.Error(), "prepare") && strings.Contains(err.Error(), "context") {
				return &RefusedError{Reason: "it has more than one statement; run them one by one"}
			}
			return queryError(ctx, err)
		}
		kind, err := prepared.(*duckdb.Stmt).StatementType()
		if err := errors.Join(err, prepared.Close()); err != nil {
			return err
		}
		switch kind {
		case duckdb.STATEMENT_TYPE_SELECT, duckdb.STATEMENT_TYPE_EXPLAIN, duckdb.STATEMENT_TYPE_RELATION:
			return nil
		}
		return errNotReading
	})
}

// queryError makes DuckDB's errors fit for a user: a cancelled query says so, and
// a forbidden one what forbids it.
func queryError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := err.Error()
	if strings.Contains(text, "disabled by configuration") || strings.Contains(text, "disabled through configuration") ||
		strings.Contains(text, "external access") || strings.Contains(text, "read-only mode") {
		return &RefusedError{Reason: "queries see the warehouse's own tables and views and change nothing (" + text + ")"}
	}
	return fmt.Errorf("query: %w", err)
}
