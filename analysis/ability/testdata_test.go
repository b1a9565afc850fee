package ability

import (
	"strconv"
	"testing"

	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/internal/refdata"
)

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
	for _, r := range refdata.ReadCSV(t, path)[1:] {
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
	records := refdata.ReadCSV(t, path)
	header, rows := records[0], records[1:]
	m = response.New(len(rows), len(header)-2)
	for i, r := range rows {
		models = append(models, r[0])
		for j, v := range r[2:] {
			m.Set(i, j, response.Answer(v[0]-'0'))
		}
	}
	return models, header[2:], m
}
