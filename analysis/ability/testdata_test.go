package ability

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/response"
)

// sharedDir returns the directory of reference data, or skips the test.
func sharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no module root above the test")
		}
		dir = up
	}
	data := filepath.Join(dir, "..", "shared", "data", "metabench-r")
	if _, err := os.Stat(data); err != nil {
		t.Skipf("reference data is not here: %v", err)
	}
	return data
}

// readCSV reads a CSV file, gzipped or not, into its header and rows.
func readCSV(t testing.TB, path string) (header []string, rows [][]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(raw))
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		r = csv.NewReader(z)
	}
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readItems reads columns item, a1, d, g, u, ….
func readItems(t testing.TB, path string) (names []string, items []irt.Item) {
	t.Helper()
	_, rows := readCSV(t, path)
	for _, r := range rows {
		names = append(names, r[0])
		items = append(items, irt.Item{
			A: number(t, r[1]), D: number(t, r[2]), G: number(t, r[3]), U: number(t, r[4]),
		})
	}
	return names, items
}

// readResponses reads columns model, set, items….
func readResponses(t testing.TB, path string) (models, items []string, m *response.Matrix) {
	t.Helper()
	header, rows := readCSV(t, path)
	m = response.New(len(rows), len(header)-2)
	for i, r := range rows {
		models = append(models, r[0])
		for j, v := range r[2:] {
			m.Set(i, j, response.Answer(v[0]-'0'))
		}
	}
	return models, header[2:], m
}
