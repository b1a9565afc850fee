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
	Name   string
	Type   string // as SQL calls it: VARCHAR, DOUBLE, MAP(VARCHAR, BIGINT)
	Number bool   // of any numeric type
}

// Value is a value of an answer, in the form that was asked for.
type Value struct {
	Text string // empty for NULL
	Null bool
}

func (v Value) String() string { return v.Text }

// Rows is the answer to a query, read row by row. It must be closed.
type Rows struct {
	Columns []Column
	Plan    bool // it is EXPLAIN's: text of several lines
	form    form
	rows    *sql.Rows
	scanned []sql.NullString
	ptrs    []any
	values  []Value
}

// Next returns the next row's values; ok is false behind the last one. The slice
// is reused.
func (r *Rows) Next() (values []Value, ok bool, err error) {
	if !r.rows.Next() {
		return nil, false, r.rows.Err()
	}
	if err := r.rows.Scan(r.ptrs...); err != nil {
		return nil, false, err
	}
	for k, v := range r.scanned {
		r.values[k] = Value{v.String, !v.Valid}
		switch {
		case r.form == asText:
		case r.Plan:
			r.values[k].Text, err = quoteJSON(v.String)
		default:
			r.values[k].Text = validJSON(v)
		}
		if err != nil {
			return nil, false, err
		}
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
// the query out of files, the network and settings as well. Values are the text that
// DuckDB's own shell shows.
//
// Errors: *RefusedError for what is not a single reading statement; DuckDB's own
// words for what is wrong with one.
func (w *Warehouse) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	return w.query(ctx, query, asText, args)
}

// QueryJSON is Query with values in JSON: numbers with all their digits, lists, structs
// and maps as what they are, null for NULL and numbers that are not finite, and text for
// everything that JSON has no form for.
func (w *Warehouse) QueryJSON(ctx context.Context, query string, args ...any) (*Rows, error) {
	return w.query(ctx, query, asJSON, args)
}

func (w *Warehouse) query(ctx context.Context, query string, f form, args []any) (*Rows, error) {
	if !w.readOnly {
		return nil, errors.New("query: the warehouse is open for writing; open it for reading")
	}
	q, err := w.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	text := query
	if q.kind != duckdb.STATEMENT_TYPE_EXPLAIN {
		if text, err = w.rendered(ctx, q, query, f, args); err != nil {
			return nil, err
		}
	}
	rows, err := w.db.QueryContext(ctx, text, args...)              //nolint:rowserrcheck // the caller's, through Rows
	if q.kind == duckdb.STATEMENT_TYPE_EXPLAIN && isReadOnly(err) { // EXPLAIN ANALYZE runs what it explains
		return nil, errNotReading
	}
	if err != nil {
		return nil, queryError(ctx, err)
	}
	r := &Rows{Plan: q.kind == duckdb.STATEMENT_TYPE_EXPLAIN, form: f, rows: rows}
	r.scanned, r.ptrs, r.values = make([]sql.NullString, len(q.columns)), make([]any, len(q.columns)), make([]Value, len(q.columns))
	for k, c := range q.columns {
		r.Columns = append(r.Columns, Column{Name: c.name, Type: c.typeName, Number: isNumeric[c.kind]})
		r.ptrs[k] = &r.scanned[k]
	}
	return r, nil
}

// prepared is what is known of a query before it is run.
type prepared struct {
	kind    duckdb.StmtType
	columns []preparedColumn
}

type preparedColumn struct {
	name     string
	kind     duckdb.Type
	typeName string
	opaque   bool // of a type that has no form in JSON, such as a struct whose fields have no names
}

// prepare looks at a query without running it, and refuses all but those that read.
func (w *Warehouse) prepare(ctx context.Context, query string) (q prepared, err error) {
	n, parsed, err := w.countStatements(query)
	switch {
	case err != nil:
		return q, err
	case !parsed: // preparing it gives a typed error
	case n == 0:
		return q, &RefusedError{Reason: "it is empty"}
	case n > 1:
		return q, &RefusedError{Reason: "it has more than one statement, or is a PIVOT whose values are not named (PIVOT … ON x IN (…)); run them one by one"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err = w.conn.Raw(func(driverConn any) error {
		statement, err := driverConn.(*duckdb.Conn).Prepare(query)
		if err != nil {
			return queryError(ctx, err)
		}
		s := statement.(*duckdb.Stmt)
		if q.kind, err = s.StatementType(); err == nil {
			q.columns, err = columnsOf(s)
		}
		return errors.Join(err, s.Close())
	})
	if err != nil {
		return q, err
	}
	switch q.kind {
	case duckdb.STATEMENT_TYPE_SELECT, duckdb.STATEMENT_TYPE_EXPLAIN, duckdb.STATEMENT_TYPE_RELATION:
		return q, nil
	}
	return q, errNotReading
}

func columnsOf(s *duckdb.Stmt) ([]preparedColumn, error) {
	n, err := s.ColumnCount()
	columns := make([]preparedColumn, n)
	for k := 0; k < n && err == nil; k++ {
		c := &columns[k]
		if c.name, err = s.ColumnName(k); err != nil {
			break
		}
		if c.kind, err = s.ColumnType(k); err != nil {
			break
		}
		c.typeName = "VARCHAR" // of EXPLAIN; of others DESCRIBE knows it
		_, unknown := s.ColumnTypeInfo(k)
		c.opaque = unknown != nil
	}
	return columns, err
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
