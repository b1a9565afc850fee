package response

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// drawMatrix makes a matrix and the plain slice of answers it must agree with.
func drawMatrix(t *rapid.T) (*Matrix, [][]Answer) {
	models := rapid.IntRange(0, 150).Draw(t, "models")
	items := rapid.IntRange(0, 200).Draw(t, "items")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	m, plain := New(models, items), make([][]Answer, models)
	for i := range plain {
		plain[i] = make([]Answer, items)
		for j := range plain[i] {
			plain[i][j] = []Answer{Wrong, Correct, Missing}[rng.IntN(3)]
			m.Set(i, j, plain[i][j])
		}
	}
	return m, plain
}

func TestMatrixKeepsWhatWasSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, plain := drawMatrix(t)
		for i := range plain {
			correct, observed := 0, 0
			for j, want := range plain[i] {
				if got := m.At(i, j); got != want {
					t.Fatalf("At(%d, %d) = %d, want %d", i, j, got, want)
				}
				if want != Missing {
					observed++
				}
				if want == Correct {
					correct++
				}
			}
			if c, o := m.Counts(i); c != correct || o != observed {
				t.Fatalf("Counts(%d) = %d, %d, want %d, %d", i, c, o, correct, observed)
			}
		}
	})
}

func TestTransposeSwapsIndices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, plain := drawMatrix(t)
		tr := m.Transpose()
		for i := range plain {
			for j, want := range plain[i] {
				if got := tr.At(j, i); got != want {
					t.Fatalf("transposed At(%d, %d) = %d, want %d", j, i, got, want)
				}
			}
		}
	})
}

func TestSelectionsPickRowsAndColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, plain := drawMatrix(t)
		models, items := m.Dims()
		if models == 0 || items == 0 {
			t.Skip("nothing to select from")
		}
		rows := rapid.SliceOf(rapid.IntRange(0, models-1)).Draw(t, "rows")
		cols := rapid.SliceOf(rapid.IntRange(0, items-1)).Draw(t, "cols")
		s := m.SelectModels(rows).SelectItems(cols)
		for k, i := range rows {
			for l, j := range cols {
				if got, want := s.At(k, l), plain[i][j]; got != want {
					t.Fatalf("selected At(%d, %d) = %d, want %d", k, l, got, want)
				}
			}
		}
	})
}

func TestSetRowEqualsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, plain := drawMatrix(t)
		models, items := m.Dims()
		got := New(models, items)
		for i := range plain {
			row := make([]uint8, items)
			for j, a := range plain[i] {
				row[j] = uint8(a)
			}
			half := items / 2
			got.SetRow(i, half, row[half:])
			got.SetRow(i, 0, row[:half])
			for j, want := range plain[i] {
				if a := got.At(i, j); a != want {
					t.Fatalf("At(%d, %d) = %d after SetRow, want %d", i, j, a, want)
				}
			}
		}
	})
}

func TestSetOverwritesEveryState(t *testing.T) {
	m := New(1, 1)
	for _, a := range []Answer{Correct, Missing, Wrong, Correct, Wrong, Missing} {
		m.Set(0, 0, a)
		if got := m.At(0, 0); got != a {
			t.Fatalf("At = %d after Set(%d)", got, a)
		}
	}
}

func TestValidateNamesTheProblem(t *testing.T) {
	cases := map[string]struct {
		models, items []string
		ok            bool
	}{
		"distinct_names": {[]string{"a", "b"}, []string{"1"}, true},
		"repeated_model": {[]string{"a", "a"}, []string{"1"}, false},
		"too_few_models": {[]string{"a"}, []string{"1"}, false},
		"too_many_items": {[]string{"a", "b"}, []string{"1", "2"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			table := &Table{Models: c.models, Items: c.items, Answers: New(2, 1)}
			if err := table.Validate(); (err == nil) != c.ok {
				t.Fatalf("Validate() = %v", err)
			}
		})
	}
}

func TestAlignPutsModelsInTheOrderAskedFor(t *testing.T) {
	table := &Table{Models: []string{"a", "b", "c"}, Answers: New(3, 70)}
	table.Answers.Set(0, 69, Correct)
	table.Answers.Set(2, 0, Wrong)
	m := table.Align([]string{"c", "x", "a"})
	if m.At(0, 0) != Wrong || m.At(2, 69) != Correct || m.At(2, 0) != Missing {
		t.Errorf("rows %v %v %v", m.At(0, 0), m.At(2, 69), m.At(2, 0))
	}
	if _, n := m.Counts(1); n != 0 {
		t.Errorf("a model that the table does not have has %d answers", n)
	}
}

func TestDifferingCountsTheAnswersKnownOfBoth(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	m := New(12, 131)
	for i := range 12 {
		for j := range 131 {
			m.Set(i, j, []Answer{Wrong, Correct, Missing}[rng.IntN(3)])
		}
	}
	for a := range 12 {
		for b := range 12 {
			differ, both := 0, 0
			for j := range 131 {
				if x, y := m.At(a, j), m.At(b, j); x != Missing && y != Missing {
					both++
					if x != y {
						differ++
					}
				}
			}
			if d, n := m.Differing(a, b); d != differ || n != both {
				t.Errorf("models %d and %d differ in %d of %d answers, want %d of %d", a, b, d, n, differ, both)
			}
		}
	}
}
