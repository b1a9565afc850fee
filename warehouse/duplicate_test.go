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
	var got string
	row := w.db.QueryRowContext(t.Context(), "SELECT string_agg(item || ' of ' || duplicate_of, ', ' ORDER BY item) FROM duplicate_items")
	if err := row.Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "3 of 1"; got != want {
		t.Fatalf("duplicates are %q, want %q", got, want)
	}
}
