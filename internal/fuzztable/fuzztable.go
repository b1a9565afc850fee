// Package fuzztable decodes the bytes of a fuzzer as tables of numbers, and encodes tables as
// its seeds. A cell is two bytes: a small integer, and how it is changed.
package fuzztable

import "math"

// The second byte of a cell changes the integer: from Scale on it is multiplied by
// 2^(38·(byte-227)), and below Scale not at all. Two bytes stand for other values.
const (
	Scale    = 200
	Infinite = 254
	Missing  = 255
)

// Columns decodes cells row by row into p columns of at most rows rows. An incomplete last
// row is left out.
func Columns(p, rows int, cells []byte) [][]float64 {
	x := make([][]float64, p)
	for at := 0; at+2*p <= len(cells) && at < 2*p*rows; at += 2 * p {
		for j := range x {
			v := float64(int8(cells[at+2*j]))
			switch e := cells[at+2*j+1]; {
			case e == Missing:
				v = math.NaN()
			case e == Infinite:
				v = math.Inf(1)
			case e >= Scale:
				v = math.Ldexp(v, (int(e)-227)*38)
			}
			x[j] = append(x[j], v)
		}
	}
	return x
}

// Cells encodes a table of n rows and p columns.
func Cells(n, p int, cell func(i, j int) (int8, uint8)) []byte {
	var cells []byte
	for i := range n {
		for j := range p {
			v, e := cell(i, j)
			cells = append(cells, byte(v), e)
		}
	}
	return cells
}

// Noise is an integer from -8 to 7, nearly independent between cells.
func Noise(i, j int) int8 {
	h := uint32(i*7919+j*104729+13) * 2654435761
	return int8(h>>24) / 16
}

// Plain makes cells of integers that are not changed.
func Plain(f func(i, j int) int8) func(i, j int) (int8, uint8) {
	return func(i, j int) (int8, uint8) { return f(i, j), 0 }
}
