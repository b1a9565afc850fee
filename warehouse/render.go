package warehouse

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// form is how values of an answer are written.
type form int

const (
	asText form = iota // as DuckDB's shell shows them
	asJSON
)

// rendered wraps a query so that DuckDB itself writes every value: its casts know all
// of its types. Columns get names of ours, since those of a query may be equal. The
// types are entered in q.
//
// Errors: *RefusedError for a PRAGMA: DuckDB makes a query of some, but nothing can be
// selected from them.
func (w *Warehouse) rendered(ctx context.Context, q prepared, query string, f form, args []any) (string, error) {
	names := make([]string, len(q.columns))
	for k := range names {
		names[k] = fmt.Sprint("c", k)
	}
	from := "FROM (\n" + w.bare(query) + "\n) AS answer(" + strings.Join(names, ", ") + ")"
	var types []string
	var name string
	err := scanEach(ctx, w.db, "SELECT column_type FROM (DESCRIBE SELECT * "+from+")", []any{&name}, func() { types = append(types, name) }, args...)
	if e := (*duckdb.Error)(nil); errors.As(err, &e) && e.Type == duckdb.ErrorTypeParser {
		return "", errNotReading
	}
	if err != nil {
		return "", queryError(ctx, err)
	}
	values := make([]string, len(names))
	for k := range names {
		q.columns[k].typeName = types[k]
		values[k] = q.columns[k].render(names[k], f)
	}
	return "SELECT " + strings.Join(values, ", ") + " " + from, nil
}

// bare is a statement without the semicolons at its end and what comments follow them.
// DuckDB's parser tells which ones those are: what is before is a statement, and what is
// behind is none.
func (w *Warehouse) bare(query string) string {
	for end := strings.LastIndexByte(query, ';'); end >= 0; end = strings.LastIndexByte(query[:end], ';') {
		behind := strings.TrimSpace(query[end+1:])
		if behind != "" && behind[0] != ';' && !strings.HasPrefix(behind, "--") && !strings.HasPrefix(behind, "/*") {
			continue // within text or a comment; spares parsing
		}
		before, _, err := w.countStatements(query[:end])
		if err != nil {
			return query
		}
		if after, parsed, err := w.countStatements(behind); err == nil && parsed && after == 0 && before == 1 {
			return w.bare(query[:end])
		}
	}
	return query
}

// isNumeric are the types whose text is a number in JSON as well, if it is finite.
var isNumeric = func() map[duckdb.Type]bool {
	numeric := map[duckdb.Type]bool{}
	for _, t := range []duckdb.Type{
		duckdb.TYPE_TINYINT, duckdb.TYPE_SMALLINT, duckdb.TYPE_INTEGER, duckdb.TYPE_BIGINT, duckdb.TYPE_HUGEINT, duckdb.TYPE_BIGNUM,
		duckdb.TYPE_UTINYINT, duckdb.TYPE_USMALLINT, duckdb.TYPE_UINTEGER, duckdb.TYPE_UBIGINT, duckdb.TYPE_UHUGEINT,
		duckdb.TYPE_FLOAT, duckdb.TYPE_DOUBLE, duckdb.TYPE_DECIMAL,
	} {
		numeric[t] = true
	}
	return numeric
}()

// render is the expression that writes a column's values.
func (c preparedColumn) render(name string, f form) string {
	text := "CAST(" + name + " AS VARCHAR)"
	switch {
	case f == asText:
		return text
	case c.kind == duckdb.TYPE_FLOAT, c.kind == duckdb.TYPE_DOUBLE:
		return "CASE WHEN isfinite(" + name + ") THEN " + text + " END"
	case isNumeric[c.kind]:
		return text
	case c.opaque:
		return "CAST(to_json(" + text + ") AS VARCHAR)"
	}
	return "CAST(to_json(" + name + ") AS VARCHAR)"
}

// quoteJSON is text as JSON has it.
func quoteJSON(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}

// validJSON is what DuckDB writes as JSON, with null for NULL and for the numbers in it
// that are not finite, which DuckDB writes as NaN, Infinity and -Infinity.
func validJSON(v sql.NullString) string {
	if !v.Valid {
		return "null"
	}
	if json.Valid([]byte(v.String)) {
		return v.String
	}
	var b strings.Builder
	rest := v.String
	for rest != "" {
		if rest[0] == '"' {
			n := stringLength(rest)
			b.WriteString(rest[:n])
			rest = rest[n:]
			continue
		}
		k := slices.IndexFunc(notFinite, func(word string) bool { return strings.HasPrefix(rest, word) })
		if k < 0 {
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		b.WriteString("null")
		rest = rest[len(notFinite[k]):]
	}
	return b.String()
}

var notFinite = []string{"NaN", "-Infinity", "Infinity"}

// stringLength is how many bytes the string has that a JSON text begins with, its quotes
// included.
func stringLength(text string) int {
	for k := 1; k < len(text); k++ {
		switch text[k] {
		case '\\':
			k++
		case '"':
			return k + 1
		}
	}
	return len(text)
}
