package irt

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"metabench/analysis/response"
)

// sharedData returns the path of the shared real data and skips the test if there
// is none.
func sharedData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", "metabench-r")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("no shared/data/metabench-r beside the repository")
	return ""
}

// realResponses reads one of the real response tables.
func realResponses(t testing.TB, tag string) *response.Matrix {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedData(t), "responses-"+tag+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
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
	f, err := os.Open(filepath.Join(sharedData(t), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
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
