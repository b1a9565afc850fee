package warehouse

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"metabench/corpus"
	"metabench/table"
)

// Parquet that DuckDB writes is read as DuckDB shows it, or refused with the column's
// name and type. The second column is for columns that alone would leave nothing.
func TestParquetOfDuckDBIsReadAsDuckDBShowsIt(t *testing.T) {
	w := fresh(t)
	same := "" // the text is DuckDB's own
	for expression, want := range map[string]string{
		"true":                          same,
		"(-128)::TINYINT":               same,
		"255::UTINYINT":                 same,
		"(-32768)::SMALLINT":            same,
		"65535::USMALLINT":              same,
		"4294967295::UINTEGER":          same,
		"18446744073709551615::UBIGINT": same,
		"9223372036854775807::BIGINT":   same,
		"0.1::FLOAT":                    "0.10000000149011612", // as a double
		"0.1::DOUBLE":                   same,
		"'text'":                        same,
		"'red'::ENUM('red', 'green')":   same,
		"'{\"a\": 1}'::VARCHAR":         same,
		"1.25::DECIMAL(4, 2)":           same,
		"1.50::DECIMAL(4, 2)":           "1.5",
		"1::DECIMAL(9, 2)":              "1",
		"-123456789.25::DECIMAL(18, 2)": same,
		"123456789012345678901234567.89::DECIMAL(38, 2)": same,
		"'0d0e0f10-1112-1314-1516-171819202122'::UUID":   same,
		"DATE '2024-02-29'":                              same,
		"TIME '23:59:59.5'":                              same,
		"TIMESTAMP '2024-02-29 01:02:03.25'":             same,
		"'2024-02-29 01:02:03'::TIMESTAMP_S":             same,
		"'2024-02-29 01:02:03.004'::TIMESTAMP_MS":        same,
		"'2024-02-29 01:02:03.000000001'::TIMESTAMP_NS":  same,
		"'2024-02-29 01:02:03+00'::TIMESTAMPTZ":          same,
		"'abc'::BLOB":                                    same,
		"NULL":                                           same,
		"INTERVAL 1 DAY":                                 "INTERVAL",
		"[1, 2]":                                         "nested",
		"{'a': 1}":                                       "nested",
		"MAP {'a': 1}":                                   "nested",
	} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		query := "SELECT 1 AS other, " + expression + " AS x"
		if _, err := w.conn.ExecContext(t.Context(), "COPY ("+query+") TO "+quote(path)+" (FORMAT parquet)"); err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		f, err := table.ReadFrame(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		got, err := f.Strings("x")
		if want == "nested" || want == "INTERVAL" {
			var refused *corpus.DataError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Column, "x") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, error %v; want an error about %s", expression, got, err, want)
			}
			continue
		}
		if want == same {
			if v := values(t, w, "SELECT coalesce(CAST(x AS VARCHAR), '') FROM ("+query+")"); v != nil {
				want = v[0][0].(string)
			}
		}
		if err != nil || got[0] != want {
			t.Errorf("%s: %q, error %v; want %q", expression, got, err, want)
		}
	}
}
