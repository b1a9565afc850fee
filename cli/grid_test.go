package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGridAlignsNumbersToTheRight(t *testing.T) {
	g := newGrid("name", "models", "rmse")
	g.row("arc", "5", "1.25")
	g.row("größer", "1,000", "–")
	var out page
	out.table(g)
	want := "name    models  rmse\n──────  ──────  ────\narc          5  1.25\ngrößer   1,000     –\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Fatalf("grid differs (-want +got):\n%s", diff)
	}
}
