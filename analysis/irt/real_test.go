package irt

import (
	"path/filepath"
	"strconv"
	"testing"

	"metabench/analysis/response"
	"metabench/internal/refdata"
)

// readReference returns the records of a file of metabench-r, the header first.
func readReference(t testing.TB, name string) [][]string {
	t.Helper()
	return refdata.ReadCSV(t, filepath.Join(refdata.Path(t, "metabench-r"), name))
}

// realResponses reads one of the real response tables.
func realResponses(t testing.TB, tag string) *response.Matrix {
	t.Helper()
	rows := readReference(t, "responses-"+tag+".csv.gz")[1:]
	m := response.New(len(rows), len(rows[0])-2)
	for i, row := range rows {
		for j, v := range row[2:] {
			m.Set(i, j, response.Answer(v[0]-'0'))
		}
	}
	return m
}

// realItems reads the published parameters.
func realItems(t testing.TB, name string) []Item {
	t.Helper()
	rows := readReference(t, name)
	col := map[string]int{}
	for k, name := range rows[0] {
		col[name] = k
	}
	items := make([]Item, len(rows)-1)
	for j, row := range rows[1:] {
		v := func(name string) float64 {
			x, err := strconv.ParseFloat(row[col[name]], 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		items[j] = Item{v("a1"), v("d"), v("g"), v("u")}
	}
	return items
}
