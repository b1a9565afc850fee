package response

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Answer is what is known of one model's answer to one item. Its numbers are those of the
// bytes that answers are kept as everywhere else, see corpus.Block.
type Answer uint8

// The three states of an answer.
const (
	Wrong   Answer = 0
	Correct Answer = 1
	Missing Answer = 255 // corpus.Missing
)

// Matrix is a bit-packed models × items matrix of answers.
//
// Row i is the model i, column j the item j. Bit j%64 of word j/64 of a row says
// whether the answer is correct; a second bit plane says whether it was observed.
// A missing answer has a zero in both. Unused bits of the last word are zero, so
// that whole words can be counted.
type Matrix struct {
	models, items int
	stride        int // words per row
	correct       []uint64
	observed      []uint64
}

// New returns a models × items matrix in which every answer is missing.
// It panics if a dimension is negative.
func New(models, items int) *Matrix {
	if models < 0 || items < 0 {
		panic("response: negative dimension")
	}
	stride := (items + 63) / 64
	return &Matrix{
		models: models, items: items, stride: stride,
		correct:  make([]uint64, models*stride),
		observed: make([]uint64, models*stride),
	}
}

// Dims returns the number of models (rows) and items (columns).
func (m *Matrix) Dims() (models, items int) { return m.models, m.items }

// At returns the answer of a model to an item.
func (m *Matrix) At(model, item int) Answer {
	w, b := m.at(model, item)
	switch {
	case m.observed[w]>>b&1 == 0:
		return Missing
	case m.correct[w]>>b&1 == 1:
		return Correct
	}
	return Wrong
}

// Set stores the answer of a model to an item.
func (m *Matrix) Set(model, item int, a Answer) {
	w, b := m.at(model, item)
	bit := uint64(1) << b
	m.correct[w] &^= bit
	m.observed[w] &^= bit
	switch a {
	case Correct:
		m.correct[w] |= bit
		m.observed[w] |= bit
	case Wrong:
		m.observed[w] |= bit
	case Missing:
	default:
		panic("response: answer is none of Wrong, Correct, Missing")
	}
}

func (m *Matrix) at(model, item int) (word int, bit uint) {
	if uint(model) >= uint(m.models) || uint(item) >= uint(m.items) {
		panic(fmt.Sprintf("response: index (%d, %d) out of range of %d × %d", model, item, m.models, m.items))
	}
	return model*m.stride + item/64, uint(item % 64)
}

// CorrectWords returns the correct plane of a model's row. The caller must not
// change it.
func (m *Matrix) CorrectWords(model int) []uint64 {
	return m.correct[model*m.stride : (model+1)*m.stride]
}

// ObservedWords returns the observed plane of a model's row. The caller must not
// change it.
func (m *Matrix) ObservedWords(model int) []uint64 {
	return m.observed[model*m.stride : (model+1)*m.stride]
}

// Counts returns how many items a model answered correctly and how many of its
// answers were observed.
func (m *Matrix) Counts(model int) (correct, observed int) {
	for k, w := range m.CorrectWords(model) {
		correct += bits.OnesCount64(w)
		observed += bits.OnesCount64(m.ObservedWords(model)[k])
	}
	return correct, observed
}

// Differing returns in how many items two models' answers differ, and to how many items
// both answered.
func (m *Matrix) Differing(a, b int) (differ, both int) {
	x, y, also := m.CorrectWords(a), m.CorrectWords(b), m.ObservedWords(b)
	for w, o := range m.ObservedWords(a) {
		o &= also[w]
		both += bits.OnesCount64(o)
		differ += bits.OnesCount64((x[w] ^ y[w]) & o)
	}
	return differ, both
}

// Complete reports whether no answer is missing.
func (m *Matrix) Complete() bool {
	for i := range m.models {
		if _, observed := m.Counts(i); observed != m.items {
			return false
		}
	}
	return true
}

// Transpose returns the items × models matrix.
func (m *Matrix) Transpose() *Matrix {
	t := New(m.items, m.models)
	transposePlane(t.correct, m.correct, m.models, m.stride, t.stride, m.items)
	transposePlane(t.observed, m.observed, m.models, m.stride, t.stride, m.items)
	return t
}

// transposePlane turns a rows × cols bit plane in blocks of 64 × 64.
func transposePlane(dst, src []uint64, rows, srcStride, dstStride, cols int) {
	var block [64]uint64
	for r0 := 0; r0 < rows; r0 += 64 {
		for w := range srcStride {
			n := min(64, rows-r0)
			for r := range n {
				block[r] = src[(r0+r)*srcStride+w]
			}
			clear(block[n:])
			transpose64(&block)
			for c := range min(64, cols-w*64) {
				dst[(w*64+c)*dstStride+r0/64] = block[c]
			}
		}
	}
}

// transpose64 transposes a 64 × 64 bit block in place by swapping ever smaller
// quadrants; bit c of word r goes to bit r of word c.
func transpose64(b *[64]uint64) {
	mask := uint64(0x00000000ffffffff)
	for width := 32; width != 0; width >>= 1 {
		for r := 0; r < 64; r = (r + width + 1) &^ width {
			t := (b[r]>>width ^ b[r+width]) & mask
			b[r] ^= t << width
			b[r+width] ^= t
		}
		mask ^= mask << (width >> 1)
	}
}

// SelectModels returns a matrix of the given rows, in the given order.
func (m *Matrix) SelectModels(rows []int) *Matrix {
	s := New(len(rows), m.items)
	for k, i := range rows {
		copy(s.correct[k*s.stride:(k+1)*s.stride], m.CorrectWords(i))
		copy(s.observed[k*s.stride:(k+1)*s.stride], m.ObservedWords(i))
	}
	return s
}

// SelectItems returns a matrix of the given columns, in the given order.
func (m *Matrix) SelectItems(cols []int) *Matrix {
	for _, j := range cols {
		if uint(j) >= uint(m.items) {
			panic(fmt.Sprintf("response: item %d out of range of %d", j, m.items))
		}
	}
	s := New(m.models, len(cols))
	for i := range m.models {
		correct, observed := m.CorrectWords(i), m.ObservedWords(i)
		for k, j := range cols {
			w, b := j/64, uint(j%64)
			s.correct[i*s.stride+k/64] |= correct[w] >> b & 1 << (k % 64)
			s.observed[i*s.stride+k/64] |= observed[w] >> b & 1 << (k % 64)
		}
	}
	return s
}

// SetRow stores a whole row of answers given as bytes: 0 wrong, 1 correct, anything
// else missing. It is the fast way in from the warehouse's blocks; answers[k] goes
// to item first+k.
//
// Sixty-four answers are packed at once: BenchmarkSetRow, 10,042 items, takes a
// sixth of the time of one answer after the other.
func (m *Matrix) SetRow(model, first int, answers []uint8) {
	if first < 0 || first+len(answers) > m.items {
		panic("response: row segment out of range")
	}
	correct, observed := m.CorrectWords(model), m.ObservedWords(model)
	j := first
	for ; len(answers) >= 64; answers, j = answers[64:], j+64 {
		var c, o uint64
		for k := 0; k < 64; k += 8 {
			c8, o8 := pack(binary.LittleEndian.Uint64(answers[k:]))
			c |= c8 << k
			o |= o8 << k
		}
		setBits(correct, j, ^uint64(0), c)
		setBits(observed, j, ^uint64(0), o)
	}
	for _, a := range answers {
		c, o := pack(uint64(a) | 0xffffffffffffff00)
		setBits(correct, j, 1, c)
		setBits(observed, j, 1, o)
		j++
	}
}

// pack turns eight answers, a byte each, into eight bits of each plane.
func pack(x uint64) (correct, observed uint64) {
	high := x & 0xfefefefefefefefe // any of these bits in a byte: missing
	missing := (high&0x7f7f7f7f7f7f7f7f + 0x7f7f7f7f7f7f7f7f | high) >> 7
	seen := ^missing & 0x0101010101010101
	return gather(x & seen), gather(seen)
}

// gather puts the lowest bits of the eight bytes of x side by side; the other bits
// must be zero.
func gather(x uint64) uint64 { return x * 0x0102040810204080 >> 56 }

// setBits stores the bits under a mask of lowest bits at bit j of a plane.
func setBits(plane []uint64, j int, mask, bits uint64) {
	w, shift := j/64, uint(j%64)
	plane[w] = plane[w]&^(mask<<shift) | bits<<shift
	if rest := mask >> (64 - shift); rest != 0 {
		plane[w+1] = plane[w+1]&^rest | bits>>(64-shift)
	}
}
