package warehouse

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// answers runs a query and returns its values.
func answers(t *testing.T, rows *Rows, err error) [][]Value {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all [][]Value
	for {
		values, ok, err := rows.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, append([]Value(nil), values...))
	}
}

// everyType has a value of every type, what DuckDB's shell shows for it, and its JSON.
var everyType = []struct{ expression, text, json string }{
	{"true", "true", "true"},
	{"(-128)::TINYINT", "-128", "-128"},
	{"255::UTINYINT", "255", "255"},
	{"32767::SMALLINT", "32767", "32767"},
	{"65535::USMALLINT", "65535", "65535"},
	{"-5", "-5", "-5"},
	{"4294967295::UINTEGER", "4294967295", "4294967295"},
	{"9223372036854775807::BIGINT", "9223372036854775807", "9223372036854775807"},
	{"18446744073709551615::UBIGINT", "18446744073709551615", "18446744073709551615"},
	{"sum(3::BIGINT)", "3", "3"}, // a HUGEINT
	{"170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"},
	{"340282366920938463463374607431768211455::UHUGEINT", "340282366920938463463374607431768211455", "340282366920938463463374607431768211455"},
	{"'99999999999999999999999999999999999999999999'::BIGNUM", "99999999999999999999999999999999999999999999", "99999999999999999999999999999999999999999999"},
	{"0.1::FLOAT", "0.1", "0.1"},
	{"0.1::DOUBLE + 0.2::DOUBLE", "0.30000000000000004", "0.30000000000000004"},
	{"1e300", "1e+300", "1e+300"},
	{"'nan'::DOUBLE", "nan", "null"},
	{"'-inf'::DOUBLE", "-inf", "null"},
	{"1.50::DECIMAL(4, 2)", "1.50", "1.50"},
	{"-0.05::DECIMAL(9, 2)", "-0.05", "-0.05"},
	{"123456789012345678901234567890123456.70::DECIMAL(38, 2)", "123456789012345678901234567890123456.70", "123456789012345678901234567890123456.70"},
	{"''", "", `""`},
	{"'it''s \"x\" \\ é'", `it's "x" \ é`, `"it's \"x\" \\ é"`},
	{"chr(27) || '[31m' || chr(10)", "\x1b[31m\n", `"\u001B[31m\n"`},
	{"'\\xAA\\x00abc'::BLOB", `\xAA\x00abc`, `"\\xAA\\x00abc"`},
	{"'0010101'::BIT", "0010101", `"0010101"`},
	{"DATE '2024-02-29'", "2024-02-29", `"2024-02-29"`},
	{"'infinity'::DATE", "infinity", `"infinity"`},
	{"TIME '01:02:03.5'", "01:02:03.5", `"01:02:03.5"`},
	{"'01:02:03+02'::TIMETZ", "01:02:03+02", `"01:02:03+02"`},
	{"TIMESTAMP '2024-02-29 01:02:03.25'", "2024-02-29 01:02:03.25", `"2024-02-29 01:02:03.25"`},
	{"'2024-02-29 01:02:03'::TIMESTAMP_S", "2024-02-29 01:02:03", `"2024-02-29 01:02:03"`},
	{"'2024-02-29 01:02:03.004'::TIMESTAMP_MS", "2024-02-29 01:02:03.004", `"2024-02-29 01:02:03.004"`},
	{"'2024-02-29 01:02:03.000000001'::TIMESTAMP_NS", "2024-02-29 01:02:03.000000001", `"2024-02-29 01:02:03.000000001"`},
	{"'-infinity'::TIMESTAMP", "-infinity", `"-infinity"`},
	{"INTERVAL '1 year 2 days 3.5 seconds'", "1 year 2 days 00:00:03.5", `"1 year 2 days 00:00:03.5"`},
	{"'0d0e0f10-1112-1314-1516-171819202122'::UUID", "0d0e0f10-1112-1314-1516-171819202122", `"0d0e0f10-1112-1314-1516-171819202122"`},
	{"'red'::ENUM('red', 'green')", "red", `"red"`},
	{"[1, NULL, 3]", "[1, NULL, 3]", "[1,null,3]"},
	{"[]::INTEGER[]", "[]", "[]"},
	{"[1, 2]::INTEGER[2]", "[1, 2]", "[1,2]"},
	{"['a, b', 'it''s', '']", `['a, b', 'it\'s', '']`, `["a, b","it's",""]`},
	{"[[1], [2, NULL], NULL]", "[[1], [2, NULL], NULL]", "[[1],[2,null],null]"},
	{"['nan'::DOUBLE, '-inf'::DOUBLE, 'inf'::DOUBLE, 1]", "[nan, -inf, inf, 1.0]", "[null,null,null,1.0]"},
	{"{'NaN': 'nan'::DOUBLE, 'b': '\"Infinity'}", `{'NaN': nan, 'b': '"Infinity'}`, `{"NaN":null,"b":"\"Infinity"}`},
	{"{'a': 1, 'b': NULL, 'c': {'d': DATE '2024-02-29'}}", "{'a': 1, 'b': NULL, 'c': {'d': 2024-02-29}}", `{"a":1,"b":null,"c":{"d":"2024-02-29"}}`},
	{"row(1, 'x')", "(1, x)", `"(1, x)"`},
	{"[row(1, 'x')]", "[(1, x)]", `"[(1, x)]"`},
	{"MAP {'models': 5, 'items': 7}", "{models=5, items=7}", `{"models":5,"items":7}`},
	{"MAP {1: 'x'}", "{1=x}", `{"1":"x"}`},
	{"MAP {'a': [170141183460469231731687303715884105727::HUGEINT]}", "{a=[170141183460469231731687303715884105727]}", `{"a":[170141183460469231731687303715884105727]}`},
	{"union_value(k := 1)", "1", `{"k":1}`},
	{"'{\"a\": [1, null]}'::JSON", `{"a": [1, null]}`, `{"a":[1,null]}`},
	{"NULL", "NULL", "null"},
	{"NULL::INTEGER[]", "NULL", "null"},
	{"NULL::DECIMAL(4, 2)", "NULL", "null"},
}

func TestEveryTypeIsShownAsDuckDBShowsIt(t *testing.T) {
	r := reader(t)
	for _, c := range everyType {
		query := "SELECT " + c.expression + " AS x"
		rows, err := r.Query(t.Context(), query)
		got := answers(t, rows, err)[0][0]
		if got.Text != c.text && (!got.Null || c.text != "NULL") {
			t.Errorf("%s: %q (NULL: %v), want %q", c.expression, got.Text, got.Null, c.text)
		}
		// That is what a cast says, which is what the shell shows.
		if cast := values(t, r, "SELECT CAST(x AS VARCHAR) FROM ("+query+")")[0][0]; cast != nil && cast != got.Text || cast == nil != got.Null {
			t.Errorf("%s: %q, a cast gives %v", c.expression, got.Text, cast)
		}
		typed := values(t, r, "SELECT typeof(x) FROM ("+query+")")[0][0].(string)
		typed = strings.ReplaceAll(typed, `"NULL"`, "INTEGER") // which a table would have
		if rows.Columns[0].Name != "x" || rows.Columns[0].Type != typed {
			t.Errorf("%s: column %+v", c.expression, rows.Columns[0])
		}
		rows, err = r.QueryJSON(t.Context(), query)
		if got := answers(t, rows, err)[0][0].Text; got != c.json || !json.Valid([]byte(got)) {
			t.Errorf("%s: JSON %s, want %s", c.expression, got, c.json)
		}
	}
}

func TestTimesWithAZoneAreShownAsACastShowsThem(t *testing.T) {
	r := reader(t)
	const query = "SELECT '2024-02-29 01:02:03.5+00'::TIMESTAMPTZ AS x"
	rows, err := r.Query(t.Context(), query)
	got := answers(t, rows, err)[0][0].Text
	if want := values(t, r, "SELECT CAST(x AS VARCHAR) FROM ("+query+")")[0][0]; got != want || !strings.Contains(got, "03.5") {
		t.Errorf("%q, want %q", got, want)
	}
}

// A query keeps its meaning when DuckDB writes its values: order, names, comments and
// semicolons at its end.
func TestQueryIsRunAsItIsWritten(t *testing.T) {
	t.Parallel()
	r := reader(t)
	for query, want := range map[string]string{
		"SELECT 1 AS x, 2 AS x, 3 AS \"a b\"":                      "x x a b: 1 2 3",
		"SELECT ';' AS a -- a;comment;":                            "a: ;",
		"SELECT 1 AS a;; -- done; really;\n;":                      "a: 1",
		"SELECT 'a;--' AS b /* ; */ ; /* x */":                     "b: a;--",
		"SELECT $$;$$ AS c;":                                       "c: ;",
		"VALUES (1, 2); -- x":                                      "col0 col1: 1 2",
		"SELECT c0 FROM (SELECT 7 AS c0) AS answer":                "c0: 7",
		"WITH x AS (SELECT 5 AS y) FROM x;":                        "y: 5",
		"SELECT $1::INTEGER + 1 AS z":                              "z: 42",
		"SHOW TABLES":                                              "",
		"SUMMARIZE item":                                           "",
		"DESCRIBE SELECT 1 AS q":                                   "",
		"SELECT (SELECT count(*) FROM item) AS n, 'x' AS \"\"\"\"": "n \": 3 x",
	} {
		var args []any
		if strings.Contains(query, "$1") {
			args = append(args, 41)
		}
		rows, err := r.Query(t.Context(), query, args...)
		all := answers(t, rows, err)
		if want == "" {
			if len(all) == 0 {
				t.Errorf("%s: nothing", query)
			}
			continue
		}
		var names []string
		for _, c := range rows.Columns {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " ") + ": " + strings.Trim(fmt.Sprint(all[0]), "[]"); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	rows, err := r.Query(t.Context(), "SELECT i FROM range(300000) AS r(i) ORDER BY (i * 7919) % 300007")
	before := -1
	for _, row := range answers(t, rows, err) {
		var i int
		if _, err := fmt.Sscan(row[0].Text, &i); err != nil {
			t.Fatal(err)
		}
		if at := (i * 7919) % 300007; at < before {
			t.Fatal("the order is lost")
		} else {
			before = at
		}
	}
	rows, err = r.QueryJSON(t.Context(), "EXPLAIN FROM item")
	if all := answers(t, rows, err); !rows.Plan || !json.Valid([]byte(all[0][1].Text)) {
		t.Errorf("EXPLAIN as JSON: %v", all)
	}
}
