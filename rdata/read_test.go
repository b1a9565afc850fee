package rdata

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

// script writes the serialisation by hand: version 3, whose session wrote encoding.
type script struct{ bytes.Buffer }

func begin(encoding string) *script {
	s := &script{}
	s.WriteString("X\n")
	s.int(3, 0x40102, 0x30500, int32(len(encoding)))
	s.WriteString(encoding)
	return s
}

func (s *script) int(n ...int32) *script {
	for _, v := range n {
		s.Write(binary.BigEndian.AppendUint32(nil, uint32(v)))
	}
	return s
}

func (s *script) double(v ...float64) *script {
	s.int(doubleType, int32(len(v)))
	return s.floats(v...)
}

func (s *script) floats(v ...float64) *script {
	for _, x := range v {
		s.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(x)))
	}
	return s
}

func (s *script) text(encoding flags, text string) *script {
	s.int(charType|int32(encoding), int32(len(text)))
	s.WriteString(text)
	return s
}

func (s *script) texts(of ...string) *script {
	s.int(stringType, int32(len(of)))
	for _, text := range of {
		s.text(utf8Text, text)
	}
	return s
}

func (s *script) symbol(name string) *script { return s.int(symbolType).text(utf8Text, name) }

// attribute begins a pairlist's cell with a name; end ends the list.
func (s *script) attribute(name string) *script { return s.int(pairlistType | tagged).symbol(name) }
func (s *script) end() *script                  { return s.int(nullType) }

const (
	attributed = 1 << 9
	tagged     = 1 << 10
)

func read(t *testing.T, s *script) *Value {
	t.Helper()
	v, err := Read(&s.Buffer, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectorsAndTheirMissingValues(t *testing.T) {
	s := begin("UTF-8").int(listType, 6)
	s.int(logicalType, 3, 1, 0, NA)
	s.int(integerType, 2, -7, NA)
	s.double(0.5, math.NaN(), math.Inf(-1))
	s.int(stringType, 3).text(utf8Text, "é").int(charType, -1).text(0, "NA")
	s.int(rawType, 2).WriteString("\x00\xff")
	s.int(complexType, 1).floats(1, -2)
	v := read(t, s)
	for k, want := range []*Value{
		{Kind: Logical, Integers: []int32{1, 0, NA}},
		{Kind: Integer, Integers: []int32{-7, NA}},
		nil,
		{Kind: String, Strings: []string{"é", "", "NA"}, missing: map[int]bool{1: true}},
		{Kind: Raw, Bytes: []byte{0, 255}},
		{Kind: Complex, Complex: []complex128{complex(1, -2)}},
	} {
		if want != nil && !reflect.DeepEqual(v.Elements[k], want) {
			t.Errorf("element %d: %+v, want %+v", k, v.Elements[k], want)
		}
	}
	if d := v.Elements[2].Doubles; d[0] != 0.5 || !v.Elements[2].IsNA(1) || d[2] != math.Inf(-1) {
		t.Errorf("doubles %v", d)
	}
	if n, err := v.Elements[1].Numbers(); err != nil || n[0] != -7 || !math.IsNaN(n[1]) {
		t.Errorf("integers as numbers: %v, %v", n, err)
	}
	if text := v.Elements[3]; !text.IsNA(1) || text.IsNA(2) {
		t.Error("the text NA and the missing one are taken for each other")
	}
}

func TestVersion2HasNoEncoding(t *testing.T) {
	s := &script{}
	s.WriteString("X\n")
	s.int(2, 0x30402, 0x20300).int(integerType, 1, 42)
	if v := read(t, s); v.Integers[0] != 42 {
		t.Errorf("%+v", v)
	}
}

func TestTextsOfLatin1BecomeUTF8(t *testing.T) {
	s := begin("ISO-8859-1").int(stringType, 3).text(latin1Text, "caf\xe9").text(0, "\xfc").text(utf8Text, "é")
	if got := read(t, s).Strings; !reflect.DeepEqual(got, []string{"café", "ü", "é"}) {
		t.Errorf("%q", got)
	}
	s = begin("UTF-8").int(stringType, 1).text(0, "\xfc")
	var e *FormatError
	if _, err := Read(&s.Buffer, Limits{}); !errors.As(err, &e) {
		t.Errorf("text in no encoding: %v", err)
	}
}

func TestFactorsMatricesAndFrames(t *testing.T) {
	s := begin("UTF-8").int(listType|attributed, 2)
	s.int(integerType|attributed, 3, 2, NA, 1).attribute("levels").texts("low", "high").attribute("class").texts("factor").end()
	s.int(integerType|attributed, 6, 1, 2, 3, 4, 5, 6).attribute("dim").int(integerType, 2, 2, 3)
	s.attribute("dimnames").int(listType, 2).texts("x", "y").int(nullType).end()
	s.attribute("names").texts("f", "m").end()
	v := read(t, s)
	labels, err := v.Get("f").Labels()
	if err != nil || !reflect.DeepEqual(labels, []string{"high", "", "low"}) {
		t.Errorf("factor: %q, %v", labels, err)
	}
	if _, err := v.Get("f").Numbers(); err == nil {
		t.Error("a factor passes for numbers")
	}
	m, err := v.Get("m").Table()
	if err != nil || !reflect.DeepEqual(m, &Table{Rows: []string{"x", "y"}, Values: [][]float64{{1, 2}, {3, 4}, {5, 6}}}) {
		t.Errorf("matrix: %+v, %v", m, err)
	}
	var e *PathError
	if _, err := v.Find("m", "absent"); !errors.As(err, &e) || !strings.Contains(err.Error(), `m (integer) has no element "absent"`) {
		t.Errorf("wrong path: %v", err)
	}
	s = begin("UTF-8").int(listType|attributed, 2).double(1, 2).int(logicalType, 2, 1, NA)
	s.attribute("names").texts("a", "b").attribute("row.names").int(integerType, 2, NA, -2).attribute("class").texts("data.frame").end()
	f, err := read(t, s).Table()
	if err != nil || f.Rows != nil {
		t.Fatalf("numbered rows: %+v, %v", f, err)
	}
	if b, err := f.Column("b"); err != nil || b[0] != 1 || !math.IsNaN(b[1]) {
		t.Errorf("column: %v, %v", b, err)
	}
	s = begin("UTF-8").int(listType|attributed, 2).double(1, 2).double(1).attribute("names").texts("a", "b").end()
	if _, err := read(t, s).Table(); err == nil {
		t.Error("a frame with columns of unequal length is read")
	}
}

// A reference means the n-th symbol or environment of the file, whatever kind of
// object was passed over in between.
func TestReferencesCountWhatIsPassedOver(t *testing.T) {
	s := begin("UTF-8").int(listType|attributed, 3)
	s.int(environmentType, 0).int(globalEnvType, nullType, nullType, nullType) // object 1
	s.int(closureType | tagged).int(1<<8 | referenceType).int(nullType)        // function in environment 1, without formals
	s.int(callType).symbol("f").int(pairlistType).symbol("x").end()            // body: symbols 2 and 3
	s.int(3<<8 | referenceType)                                                // x
	s.attribute("names").texts("env", "fun", "sym").end()
	v := read(t, s)
	if v.Get("env").Kind != Opaque || v.Get("fun").Kind != Opaque || v.Get("sym").Kind != Symbol || v.Get("sym").Strings[0] != "x" {
		t.Errorf("%+v", v.Elements)
	}
	s = begin("UTF-8").int(7<<8 | referenceType)
	if _, err := Read(&s.Buffer, Limits{}); err == nil {
		t.Error("a reference to an object that isn't there is followed")
	}
}

func TestByteCodeIsPassedOver(t *testing.T) {
	s := begin("UTF-8").int(listType, 2).int(bytecodeType, 1)
	s.int(integerType, 1, 12)                                 // the code
	s.int(3)                                                  // three constants: a number, a call that others share, and that call again
	s.int(doubleType).double(1)                               // type, then the item
	s.int(codeDefType, 0, callType).int(nullType)             // no tag
	s.int(symbolType).symbol("f").int(nullType).int(nullType) // head; no rest
	s.int(codeRefType, 0)                                     //
	s.int(integerType, 1, 42)                                 // the second element
	if v := read(t, s); v.Elements[0].Kind != Opaque || v.Elements[1].Integers[0] != 42 {
		t.Errorf("%+v", v.Elements)
	}
}

func TestSlotsOfS4(t *testing.T) {
	s := begin("UTF-8").int(s4Type|attributed).attribute("Data").double(1, 2).attribute("class").texts("SingleGroupClass").end()
	v := read(t, s)
	if v.Kind != S4 || v.Class()[0] != "SingleGroupClass" {
		t.Fatalf("%+v", v)
	}
	if n, err := v.Get("Data").Numbers(); err != nil || n[1] != 2 {
		t.Errorf("slot: %v, %v", n, err)
	}
}

func TestCompactForms(t *testing.T) {
	class := func(s *script, name string) *script {
		return s.int(altrepType).int(pairlistType).symbol(name).int(pairlistType).symbol("base").int(pairlistType).int(integerType, 1, 13).end()
	}
	for name, c := range map[string]struct {
		write func(s *script)
		want  *Value
	}{
		"sequence of integers": {func(s *script) { class(s, "compact_intseq").double(3, 5, -2).int(nullType) }, &Value{Kind: Integer, Integers: []int32{5, 3, 1}}},
		"sequence of numbers":  {func(s *script) { class(s, "compact_realseq").double(2, 0, 1).int(nullType) }, &Value{Kind: Double, Doubles: []float64{0, 1}}},
		"wrapped": {func(s *script) {
			class(s, "wrap_integer").int(listType, 2).int(integerType, 1, 9).int(integerType, 2, 0, 0).int(nullType)
		}, &Value{Kind: Integer, Integers: []int32{9}}},
		"texts of integers": {func(s *script) {
			class(s, "deferred_string").int(pairlistType).int(integerType, 2, 100000, NA).int(integerType, 1, 0).int(nullType)
		}, &Value{Kind: String, Strings: []string{"100000", ""}, missing: map[int]bool{1: true}}},
		"texts of numbers": {func(s *script) {
			class(s, "deferred_string").int(pairlistType).double(100000, 0.1+0.2, 123456).int(integerType, 1, 0).int(nullType)
		}, &Value{Kind: String, Strings: []string{"1e+05", "0.3", "123456"}}},
	} {
		s := begin("UTF-8")
		c.write(s)
		if v, err := Read(&s.Buffer, Limits{}); err != nil || !reflect.DeepEqual(v, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, v, err, c.want)
		}
	}
	s := class(begin("UTF-8"), "mmap_real").int(nullType, nullType)
	if _, err := Read(&s.Buffer, Limits{}); err == nil || !strings.Contains(err.Error(), "mmap_real") {
		t.Errorf("unknown compact form: %v", err)
	}
}

// What is wrong says so, and costs no more than the limits.
func TestWhatIsNoObjectOfR(t *testing.T) {
	deep := begin("UTF-8")
	for range 2000 {
		deep.int(listType, 1)
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	if _, err := zw.Write(begin("UTF-8").int(integerType, 1, 42).Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(packed.Bytes())
	broken[len(broken)-6] ^= 1
	type failure struct{ file, want string }
	for name, c := range map[string]failure{
		"empty":                   {"", "the file ends too early"},
		"a page":                  {"<!DOCTYPE html>", "it isn't an object written by R's saveRDS"},
		"a workspace":             {"RDX3\nX\n", "it is a workspace of save()"},
		"text form":               {"A\n3\n262402\n", "write it with saveRDS"},
		"another version":         {"X\n\x00\x00\x00\x04\x00\x04\x01\x02\x00\x03\x05\x00", "version 4"},
		"packed with xz":          {"\xfd7zXZ\x00\x00", "xz -dc FILE"},
		"a page behind an object": {begin("UTF-8").int(integerType, 1, 42).String() + "<html>", "6 bytes follow the object"},
		"half of a vector":        {begin("UTF-8").int(doubleType, 40_000_000).String(), "the file ends too early"},
		"a vector of 2 billion":   {begin("UTF-8").int(doubleType, math.MaxInt32).String(), "more than 50000000 elements"},
		"a long vector":           {begin("UTF-8").int(doubleType, -1, 1, 0).String(), "elements in one vector"},
		"a negative length":       {begin("UTF-8").int(doubleType, -5).String(), "a vector of length -5"},
		"a deep list":             {deep.String(), "more than 1000 levels of nesting"},
		"an unknown type":         {begin("UTF-8").int(99).String(), "an object of unknown type 99"},
		"an endless sequence":     {begin("UTF-8").int(altrepType).int(pairlistType).symbol("compact_intseq").end().double(2e9, 1, 1).int(nullType).String(), "more than 50000000 elements"},
		"half of a gzip":          {packed.String()[:packed.Len()-9], "the file ends too early"},
		"a wrong checksum":        {string(broken), "the file is damaged"},
	} {
		if v, err := Read(strings.NewReader(c.file), Limits{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want an error with %q", name, v, err, c.want)
		}
	}
	if _, err := Read(bytes.NewReader(begin("UTF-8").int(integerType, 100).Bytes()), Limits{Bytes: 30}); err == nil || !strings.Contains(err.Error(), "more than 30 bytes") {
		t.Errorf("bytes: %v", err)
	}
	failing := errors.New("the disk is gone")
	if _, err := Read(io.MultiReader(strings.NewReader("X\n"), errorReader{failing}), Limits{}); !errors.Is(err, failing) {
		t.Errorf("a reader's error: %v", err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// Whatever the bytes are, reading ends with a value or an error, and what was read can
// be looked at.
func FuzzRead(f *testing.F) {
	f.Add(begin("UTF-8").int(integerType, 1, 42).Bytes())
	f.Add(begin("UTF-8").int(s4Type|attributed).attribute("Data").double(1, 2).end().Bytes())
	f.Add(begin("latin1").int(integerType|attributed, 3, 2, NA, 1).attribute("levels").texts("low", "high").end().Bytes())
	f.Add(begin("UTF-8").int(listType|attributed, 2).double(1, 2).int(logicalType, 2, 1, NA).attribute("names").texts("a", "b").attribute("row.names").int(integerType, 2, NA, -2).end().Bytes())
	f.Add(begin("UTF-8").int(altrepType).int(pairlistType).symbol("compact_intseq").end().double(3, 5, -2).int(nullType).Bytes())
	f.Add(begin("UTF-8").int(bytecodeType, 1).int(integerType, 1, 12).int(1).int(codeDefType, 0, callType).int(nullType).int(symbolType).symbol("f").int(nullType).int(nullType).Bytes())
	f.Add(begin("UTF-8").int(environmentType, 0).int(globalEnvType, nullType, nullType, nullType).Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Bytes: 1 << 20, Depth: 100, Elements: 1 << 18}
		v, err := Read(bytes.NewReader(data), limits)
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(data), limits)
		if err != nil || again.Kind != v.Kind || again.Len() != v.Len() {
			t.Fatalf("read twice: %v and %v, %v", v, again, err)
		}
		look(v)
	})
}

// look calls everything that a value offers.
func look(v *Value) {
	for i := range v.Len() {
		v.IsNA(min(i, max(0, v.Len()-1)))
	}
	v.Class()
	v.Get("a")
	if t, err := v.Table(); err == nil && len(t.Columns) > 0 {
		if _, err := t.Column(t.Columns[0]); err != nil {
			panic("a column is not found by its name")
		}
	}
	if labels, err := v.Labels(); err == nil && len(labels) != v.Len() {
		panic("a label is lost")
	}
	for _, e := range v.Elements {
		look(e)
	}
	for _, a := range v.attributes {
		look(a.value)
	}
}
