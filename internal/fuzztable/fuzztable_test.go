package fuzztable

import (
	"math"
	"testing"
)

func TestCellsAreReadAsWritten(t *testing.T) {
	x := Columns(3, 200, []byte{5, 0, 0xff, 0, 5, Missing})
	if len(x[0]) != 1 || x[0][0] != 5 || x[1][0] != -1 || !math.IsNaN(x[2][0]) {
		t.Errorf("read %v", x)
	}
	x = Columns(2, 1, Cells(2, 2, func(i, j int) (int8, uint8) { return int8(10*i + j), uint8(Infinite * j) }))
	if len(x[0]) != 1 || x[0][0] != 0 || !math.IsInf(x[1][0], 1) {
		t.Errorf("read %v of two rows, want the first", x)
	}
}
