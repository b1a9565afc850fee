package rdata

import (
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"metabench/internal/refdata"
)

// reduced are the objects of the method's authors that hold an item response model,
// by the tag that their CSV files have.
var reduced = map[string]string{
	"arc-A":        "arc-4PL-MAP-0.005-seed=1-v2",
	"arc-B":        "arc-2PL-MAP-0.005-seed=1",
	"gsm8k-A":      "gsm8k-2PL-EAPsum-0.005-seed=1-v2",
	"gsm8k-B":      "gsm8k-2PL-EAPsum-0.001-seed=1",
	"mmlu-B":       "mmlu-3PL-MAP-0.01-seed=1",
	"truthfulqa-B": "truthfulqa-2PL-EAPsum-0.01-seed=1",
	"winogrande-B": "winogrande-4PL-MAP-0.005-seed=1",
}

func readObject(t testing.TB, elem ...string) *Value {
	t.Helper()
	f, err := os.Open(refdata.Path(t, append([]string{"metabench-rds", "analysis"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := Read(f, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sheet is a CSV file that R wrote, by column.
type sheet struct {
	columns []string
	rows    [][]string
}

func readSheet(t testing.TB, name string) sheet {
	t.Helper()
	records := refdata.ReadCSV(t, refdata.Path(t, "metabench-r", name))
	return sheet{records[0], records[1:]}
}

// column compares a column with values, to the digits that were printed.
func (s sheet) column(t *testing.T, name string, got []float64) {
	t.Helper()
	s.columnOf(t, name, got, 15)
}

func (s sheet) columnOf(t *testing.T, name string, got []float64, digits int) {
	t.Helper()
	at := s.find(t, name)
	if len(got) != len(s.rows) {
		t.Fatalf("%s: %d values, the CSV has %d", name, len(got), len(s.rows))
	}
	for i, row := range s.rows {
		if !sameNumber(row[at], got[i], digits) {
			t.Fatalf("%s, row %d: %v, the CSV has %s", name, i+1, got[i], row[at])
		}
	}
}

func (s sheet) find(t *testing.T, name string) int {
	t.Helper()
	for k, c := range s.columns {
		if c == name {
			return k
		}
	}
	t.Fatalf("the CSV has no column %q", name)
	return 0
}

// sameNumber compares a number with its text of so many significant digits.
func sameNumber(text string, v float64, digits int) bool {
	switch text {
	case "", "NA":
		return math.IsNaN(v)
	case "TRUE":
		return v == 1
	case "FALSE":
		return v == 0
	}
	want, err := strconv.ParseFloat(text, 64)
	return err == nil && math.Abs(v-want) <= 0.6*math.Abs(want)*math.Pow(10, float64(1-digits))
}

func (s sheet) texts(t *testing.T, name string, got []string) {
	t.Helper()
	at := s.find(t, name)
	if len(got) != len(s.rows) {
		t.Fatalf("%s: %d texts, the CSV has %d", name, len(got), len(s.rows))
	}
	for i, row := range s.rows {
		if row[at] != got[i] {
			t.Fatalf("%s, row %d: %q, the CSV has %q", name, i+1, got[i], row[at])
		}
	}
}

func find(t *testing.T, v *Value, path ...string) *Value {
	t.Helper()
	v, err := v.Find(path...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func numbers(t *testing.T, v *Value, path ...string) []float64 {
	t.Helper()
	n, err := find(t, v, path...).Numbers()
	if err != nil {
		t.Fatalf("%v: %v", path, err)
	}
	return n
}

func matrix(t *testing.T, v *Value, path ...string) *Table {
	t.Helper()
	m, err := find(t, v, path...).Table()
	if err != nil {
		t.Fatalf("%v: %v", path, err)
	}
	return m
}

// Every value of every object of the authors is the one that R itself exported as CSV.
func TestEveryValueOfTheAuthorsObjectsIsThatOfR(t *testing.T) {
	for tag, file := range reduced {
		t.Run(tag, func(t *testing.T) {
			v := readObject(t, "reduced", file+".rds")
			compareResponses(t, v, readSheet(t, "responses-"+tag+".csv.gz"))
			compareParameters(t, v, readSheet(t, "params-"+tag+".csv"))
			compareAbilities(t, v, readSheet(t, "thetas-"+tag+".csv.gz"))
			compareSearch(t, v, readSheet(t, "hyperopt-"+tag+".csv"))
			compareInformation(t, v, readSheet(t, "iteminfo350-"+tag+".csv.gz"))
		})
	}
	t.Run("hellaswag-B", func(t *testing.T) {
		v := readObject(t, "lms", "lm-hellaswag-seed=1.rds")
		frame := find(t, v, "model", "model").Attribute("row.names")
		responses := readSheet(t, "responses-hellaswag-B.csv.gz")
		responses.texts(t, "model", frame.Strings)
		for _, item := range responses.columns[2:] {
			responses.column(t, item, numbers(t, v, "model", "model", item))
		}
		scores := readSheet(t, "lm-hellaswag-B.csv.gz")
		train := sheet{scores.columns, scores.rows[:len(frame.Strings)]}
		train.texts(t, "model", frame.Strings)
		train.column(t, "score", numbers(t, v, "model", "model", "grand"))
		scores.column(t, "lm_pred", append(append([]float64{}, numbers(t, v, "pred.train")...), numbers(t, v, "pred.test")...))
		scores.column(t, "subscore", append(append([]float64{}, numbers(t, v, "sub.train")...), numbers(t, v, "sub.test")...))
		readSheet(t, "lm-hellaswag-B-coef.csv").column(t, "estimate", numbers(t, v, "model", "coefficients"))
	})
}

func compareResponses(t *testing.T, v *Value, want sheet) {
	t.Helper()
	want.texts(t, "model", matrix(t, v, "theta.train").Rows)
	answers := matrix(t, v, "model", "Data", "data")
	if got := strings.Join(answers.Columns, ","); got != strings.Join(want.columns[2:], ",") {
		t.Fatalf("the items are %.60s…", got)
	}
	for k, item := range answers.Columns {
		want.column(t, item, answers.Values[k])
	}
}

// compareParameters also covers the mixed columns of a data frame.
func compareParameters(t *testing.T, v *Value, want sheet) {
	t.Helper()
	labels, err := find(t, v, "items", "item").Labels()
	if err != nil {
		t.Fatal(err)
	}
	want.texts(t, "item", labels)
	for _, c := range want.columns[1:] {
		name, ok := strings.CutSuffix(c, "_full350")
		switch {
		case ok:
			name += ".y"
		case len(c) == 1 || c == "a1":
			name = c + ".x"
		case strings.HasPrefix(c, "irt_"):
			continue // made of a and d
		}
		want.column(t, c, numbers(t, v, "items", name))
	}
}

func compareAbilities(t *testing.T, v *Value, want sheet) {
	t.Helper()
	names, byColumn := []string{}, map[string][]float64{}
	for _, set := range []string{"train", "val", "test"} {
		m := matrix(t, v, "theta."+set)
		names = append(names, m.Rows...)
		for _, c := range []string{"F1", "SE_F1"} {
			values, err := m.Column(c)
			if err != nil {
				t.Fatal(err)
			}
			byColumn[c] = append(byColumn[c], values...)
		}
	}
	want.texts(t, "model", names)
	for c, values := range byColumn {
		want.column(t, c, values)
	}
	scores := map[string]float64{}
	for _, set := range []string{"df.score.base", "df.score.sub"} {
		models := find(t, v, set).Attribute("row.names").Strings
		for i, y := range numbers(t, v, set, "score") {
			scores[models[i]] = y
		}
	}
	all := make([]float64, len(names))
	for i, name := range names {
		all[i] = scores[name]
	}
	want.column(t, "score", all)
}

func compareSearch(t *testing.T, v *Value, want sheet) {
	t.Helper()
	for _, c := range want.columns {
		want.column(t, c, numbers(t, v, "opt.results", "History", c))
	}
}

// compareInformation knows that the CSV has each ability once, in ascending order, with
// the number of its rows.
func compareInformation(t *testing.T, v *Value, want sheet) {
	t.Helper()
	grid := numbers(t, v, "info.items.orig", "theta")
	order := make([]int, len(grid))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return grid[order[a]] < grid[order[b]] })
	var first []int
	for _, row := range want.rows {
		n, err := strconv.Atoi(row[1])
		if err != nil || n > len(order) {
			t.Fatalf("%s rows of an ability, %d are left: %v", row[1], len(order), err)
		}
		first, order = append(first, order[0]), order[n:]
	}
	for _, item := range want.columns[2:] {
		values := numbers(t, v, "info.items.orig", item)
		got := make([]float64, len(first))
		for i, at := range first {
			got[i] = values[at]
		}
		want.columnOf(t, item, got, 7)
	}
}

func BenchmarkRead(b *testing.B) {
	path := refdata.Path(b, "metabench-rds", "analysis", "reduced", reduced["gsm8k-B"]+".rds")
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(strings.NewReader(string(text)), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
