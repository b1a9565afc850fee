package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// skim walks a structure of Thrift's compact protocol and returns its length. A
// decoder reserves memory for as many elements as a list says it has; nine bytes
// from a stranger must not ask for a terabyte, so every count is held against the
// bytes that are there, and those of structures against the limits too, before a decoder
// sees them. An error of bytes that end too early is errCut.
//
// Format: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
func skim(data []byte, l Limits) (length int, err error) {
	s := skimmer{data: data, most: l.List, left: l.Structures}
	if err := s.structure(0); err != nil {
		return 0, err
	}
	return s.at, nil
}

var (
	errSkim = errors.New("malformed Thrift structure")
	errCut  = fmt.Errorf("%w: cut short", errSkim)
)

// skimDepth is how deep structures are nested; Parquet's metadata need 6.
const skimDepth = 24

// Element types of the compact protocol.
const (
	compactStop, compactTrue, compactFalse, compactByte = 0, 1, 2, 3
	compactI16, compactI32, compactI64, compactDouble   = 4, 5, 6, 7
	compactBinary, compactList, compactSet, compactMap  = 8, 9, 10, 11
	compactStruct, compactUUID                          = 12, 13
)

type skimmer struct {
	data []byte
	at   int
	most int // elements of one list of structures
	left int // elements of all lists of structures that may still come
}

func (s *skimmer) byte() (byte, error) {
	if s.at >= len(s.data) {
		return 0, errCut
	}
	s.at++
	return s.data[s.at-1], nil
}

func (s *skimmer) varint() (uint64, error) {
	v, n := binary.Uvarint(s.data[s.at:])
	if n == 0 {
		return 0, errCut
	}
	if n < 0 {
		return 0, fmt.Errorf("%w: bad number", errSkim)
	}
	s.at += n
	return v, nil
}

func (s *skimmer) skip(n uint64) error {
	if n > uint64(len(s.data)-s.at) {
		return fmt.Errorf("%w, %d bytes where %d are left", errCut, n, len(s.data)-s.at)
	}
	s.at += int(n)
	return nil
}

func (s *skimmer) structure(depth int) error {
	if depth > skimDepth {
		return fmt.Errorf("%w: nested too deep", errSkim)
	}
	for {
		head, err := s.byte()
		if err != nil {
			return err
		}
		if head == compactStop {
			return nil
		}
		if head>>4 == 0 { // the field's number follows in full
			if _, err := s.varint(); err != nil {
				return err
			}
		}
		if err := s.value(head&0x0f, depth, false); err != nil {
			return err
		}
	}
}

func (s *skimmer) value(kind byte, depth int, element bool) error {
	switch kind {
	case compactTrue, compactFalse:
		if element { // in a field the type is the value
			return s.skip(1)
		}
		return nil
	case compactByte:
		return s.skip(1)
	case compactI16, compactI32, compactI64:
		_, err := s.varint()
		return err
	case compactDouble:
		return s.skip(8)
	case compactUUID:
		return s.skip(16)
	case compactBinary:
		n, err := s.varint()
		if err != nil {
			return err
		}
		return s.skip(n)
	case compactList, compactSet:
		return s.list(depth)
	case compactMap:
		return fmt.Errorf("%w: a map, which Parquet doesn't use", errSkim)
	case compactStruct:
		return s.structure(depth + 1)
	}
	return fmt.Errorf("%w: type %d", errSkim, kind)
}

func (s *skimmer) list(depth int) error {
	if depth > skimDepth {
		return fmt.Errorf("%w: nested too deep", errSkim)
	}
	head, err := s.byte()
	if err != nil {
		return err
	}
	count := uint64(head >> 4)
	if count == 15 {
		if count, err = s.varint(); err != nil {
			return err
		}
	}
	kind := head & 0x0f
	if kind == compactStruct || kind == compactList || kind == compactSet {
		if count > uint64(min(s.most, s.left)) {
			return fmt.Errorf("%w: a list of %d structures", errSkim, count)
		}
		s.left -= int(count)
	}
	if left := len(s.data) - s.at; count > uint64(left) { // every element takes a byte at least
		return fmt.Errorf("%w, a list of %d elements where %d bytes are left", errCut, count, left)
	}
	for range count {
		if err := s.value(kind, depth+1, true); err != nil {
			return err
		}
	}
	return nil
}
