// Package rdata reads what R's saveRDS writes: one object in the binary serialisation
// of versions 2 and 3 (R Internals, section 1.8), plain, gzipped or bzipped.
//
// Vectors, lists, factors, matrices, data frames and the slots of S4 objects are
// values. Functions, environments, calls and pointers are passed over and stand as
// Opaque. Nothing is evaluated. What is wrong is an error, whatever the bytes are, and
// memory stays within the limits.
package rdata

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Limits bound what an object may be. Zero fields take the values of DefaultLimits.
type Limits struct {
	Bytes    int64 // unpacked
	Depth    int   // levels of nesting
	Elements int64 // of all vectors together, 8 bytes of memory each; an object counts as objectSize
}

// DefaultLimits are about eight times what the largest known file of the method's
// authors needs.
var DefaultLimits = Limits{Bytes: 256 << 20, Depth: 1000, Elements: 50_000_000}

// objectSize and textSize are what a Value and a text take beside their content, in
// elements.
const (
	objectSize = 28
	textSize   = 4
)

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Elements == 0 {
		l.Elements = DefaultLimits.Elements
	}
	return l
}

// Read reads the object of a file. The error is a *FormatError or a *LimitError, or
// that of the reader.
func Read(r io.Reader, limits Limits) (*Value, error) {
	limits = limits.withDefaults()
	plain, err := unpack(r)
	if err != nil {
		return nil, err
	}
	d := &decoder{in: bufio.NewReaderSize(plain, 1<<16), limits: limits}
	if err := d.header(); err != nil {
		return nil, err
	}
	v, err := d.item(0)
	if err != nil {
		return nil, err
	}
	// What follows belongs to no object; reading it lets gzip compare its checksum.
	switch n, err := io.Copy(io.Discard, io.LimitReader(d.in, limits.Bytes)); {
	case err != nil:
		return nil, d.fail("the file is damaged", err)
	case n > 0:
		return nil, d.fail(fmt.Sprintf("%d bytes follow the object", n), nil)
	}
	return v, nil
}

// unpack recognises the compression by the first bytes.
func unpack(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read R object: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		zr, err := gzip.NewReader(in)
		if err != nil {
			return nil, &FormatError{Problem: "the gzip header is damaged", Err: err}
		}
		return zr, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(in), nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ")):
		return nil, &FormatError{Problem: "it is packed with xz, which this program doesn't read. Unpack it with xz -dc FILE, or write it with saveRDS(x, file, compress = \"gzip\")"}
	}
	return in, nil
}

// decoder reads the serialisation.
type decoder struct {
	in       *bufio.Reader
	limits   Limits
	offset   int64
	elements int64
	latin1   bool // native encoding of the session that wrote it
	refs     []*Value
	buf      [8]byte
}

func (d *decoder) fail(problem string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		problem, err = "the file ends too early", io.ErrUnexpectedEOF
	}
	return &FormatError{Offset: d.offset, Problem: problem, Err: err}
}

// header reads format and version.
func (d *decoder) header() error {
	var magic [2]byte
	if err := d.bytes(magic[:]); err != nil {
		return err
	}
	switch string(magic[:]) {
	case "X\n":
	case "A\n", "B\n":
		return d.fail("it is in the text or the native binary form; write it with saveRDS, whose form is the portable one", nil)
	case "RD":
		return d.fail("it is a workspace of save(), not one object of saveRDS()", nil)
	default:
		return d.fail("it isn't an object written by R's saveRDS", nil)
	}
	var version [3]int32
	for k := range version {
		n, err := d.int()
		if err != nil {
			return err
		}
		version[k] = n
	}
	switch version[0] {
	case 2:
		return nil
	case 3:
		n, err := d.int()
		if err != nil {
			return err
		}
		if n < 0 || n > 64 {
			return d.fail(fmt.Sprintf("the name of its encoding has %d bytes", n), nil)
		}
		name := make([]byte, n)
		if err := d.bytes(name); err != nil {
			return err
		}
		d.latin1 = isLatin1(string(name))
		return nil
	}
	return d.fail(fmt.Sprintf("it has version %d of the format, this program reads 2 and 3", version[0]), nil)
}

// bytes fills p.
func (d *decoder) bytes(p []byte) error {
	if int64(len(p)) > d.limits.Bytes-d.offset {
		return &LimitError{"bytes", d.limits.Bytes}
	}
	n, err := io.ReadFull(d.in, p)
	d.offset += int64(n)
	if err != nil {
		return d.fail("the file is damaged", err)
	}
	return nil
}

func (d *decoder) int() (int32, error) {
	if err := d.bytes(d.buf[:4]); err != nil {
		return 0, err
	}
	return int32(binary.BigEndian.Uint32(d.buf[:4])), nil
}

// count takes elements off the limit.
func (d *decoder) count(n int64) error {
	if n > d.limits.Elements-d.elements {
		return &LimitError{"elements", d.limits.Elements}
	}
	d.elements += n
	return nil
}

// length reads that of a vector.
func (d *decoder) length() (int, error) {
	n, err := d.int()
	if err != nil {
		return 0, err
	}
	if n == -1 {
		return 0, &LimitError{"elements in one vector", math.MaxInt32}
	}
	if n < 0 {
		return 0, d.fail(fmt.Sprintf("a vector of length %d", n), nil)
	}
	return int(n), d.count(int64(n))
}

// chunk is how many elements of a vector are read at a time: a length that the file
// doesn't keep costs no more memory than that.
const chunk = 1 << 13

// vector reads n elements of a size, in pieces.
func (d *decoder) vector(n, size int, add func(piece []byte)) error {
	piece := make([]byte, min(n, chunk)*size)
	for n > 0 {
		m := min(n, chunk)
		if err := d.bytes(piece[:m*size]); err != nil {
			return err
		}
		add(piece[:m*size])
		n -= m
	}
	return nil
}
