package warehouse

import (
	"fmt"
	"testing"

	"metabench/corpus"
)

// Items are duplicates when every model gave both the same answer, not when
// equally many models got them right.
func TestOnlyEqualAnswersMakeDuplicates(t *testing.T) {
	w := fresh(t)
	limits := DefaultThresholds()
	limits.DuplicateMinModels = 4
	if err := w.SetThresholds(t.Context(), limits); err != nil {
		t.Fatal(err)
	}
	rows := [][]uint8{ // items: 1 and 3 agree everywhere; 2 has as many correct answers
		{1, 0, 1}, {1, 1, 1}, {0, 1, 0}, {0, 0, 0}, {1, 1, 1}, {0, 0, 0},
	}
	var in corpus.Import
	for k, row := range rows {
		in.Blocks = append(in.Blocks, blockOf("quiz.csv", fmt.Sprintf("org/model-%d", k), row...))
	}
	if _, err := w.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	answer, err := w.Query(t.Context(), "SELECT item, duplicate_of FROM duplicate_items")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := answer.Close(); err != nil {
			t.Error(err)
		}
	}()
	var got []string
	for {
		values, ok, err := answer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		got = append(got, fmt.Sprint(values...))
	}
	if len(got) != 1 || got[0] != "31" {
		t.Fatalf("duplicates (item, of) = %q, want item 3 of item 1 only", got)
	}
}
