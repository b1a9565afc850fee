package rdata

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// Types of the serialisation, as R Internals lists them.
const (
	nilType         = 0
	symbolType      = 1
	pairlistType    = 2
	closureType     = 3
	environmentType = 4
	promiseType     = 5
	callType        = 6
	specialType     = 7
	builtinType     = 8
	charType        = 9
	logicalType     = 10
	integerType     = 13
	doubleType      = 14
	complexType     = 15
	stringType      = 16
	dotsType        = 17
	listType        = 19
	expressionType  = 20
	bytecodeType    = 21
	pointerType     = 22
	weakType        = 23
	rawType         = 24
	s4Type          = 25

	altrepType        = 238
	attrPairlistType  = 239
	attrCallType      = 240
	baseEnvType       = 241
	emptyEnvType      = 242
	codeRefType       = 243
	codeDefType       = 244
	genericRefType    = 245
	classRefType      = 246
	persistentType    = 247
	packageType       = 248
	namespaceType     = 249
	baseNamespaceType = 250
	missingArgType    = 251
	unboundType       = 252
	globalEnvType     = 253
	nullType          = 254
	referenceType     = 255
)

// flags of an item.
type flags uint32

func (f flags) kind() int           { return int(f & 0xff) }
func (f flags) hasAttributes() bool { return f&(1<<9) != 0 }
func (f flags) hasTag() bool        { return f&(1<<10) != 0 }

// Encodings of a text, among its flags.
const (
	bytesText  flags = 1 << (12 + 1)
	latin1Text flags = 1 << (12 + 2)
	utf8Text   flags = 1 << (12 + 3)
)

// opaque are what stands for an object that is passed over; those without content are
// shared.
var (
	environment = opaque("an environment")
	function    = opaque("a function")
	call        = opaque("a call")
	code        = opaque("byte code")
	pointer     = opaque("a pointer")
	marker      = opaque("a marker")
)

func opaque(what string) *Value { return &Value{Kind: Opaque, Strings: []string{what}} }

// item reads one object. Depth counts the objects around it.
func (d *decoder) item(depth int) (*Value, error) {
	n, err := d.int()
	if err != nil {
		return nil, err
	}
	return d.itemOf(flags(uint32(n)), depth)
}

func (d *decoder) itemOf(f flags, depth int) (*Value, error) {
	if depth > d.limits.Depth {
		return nil, &LimitError{"levels of nesting", int64(d.limits.Depth)}
	}
	switch f.kind() {
	case nullType, nilType:
		return null, nil
	case globalEnvType, baseEnvType, emptyEnvType, baseNamespaceType:
		return environment, nil
	case missingArgType, unboundType:
		return marker, nil
	case referenceType:
		return d.reference(f)
	}
	if err := d.count(objectSize); err != nil {
		return nil, err
	}
	switch f.kind() {
	case symbolType:
		return d.symbol(depth)
	case namespaceType, packageType, persistentType:
		return d.named(depth)
	case environmentType:
		return environment, d.environment(depth)
	case pairlistType, attrPairlistType:
		return d.pairlist(f, depth)
	case closureType, promiseType, callType, attrCallType, dotsType:
		return d.cell(f, depth)
	case specialType, builtinType:
		n, err := d.length()
		if err != nil {
			return nil, err
		}
		return function, d.vector(n, 1, func([]byte) {})
	case charType:
		text, missing, err := d.text(f)
		if err != nil {
			return nil, err
		}
		v := &Value{Kind: String, Strings: []string{text}}
		if missing {
			v.missing = map[int]bool{0: true}
		}
		return v, d.attributes(v, f, depth)
	case bytecodeType:
		return code, d.bytecode(f, depth)
	case pointerType, weakType:
		return pointer, d.pointer(f, depth)
	case altrepType:
		return d.altrep(depth)
	case s4Type:
		v := &Value{Kind: S4}
		return v, d.attributes(v, f, depth)
	case classRefType, genericRefType:
		return nil, d.fail(fmt.Sprintf("type %d, which R itself doesn't write any more", f.kind()), nil)
	}
	v, err := d.plain(f, depth)
	if err != nil {
		return nil, err
	}
	return v, d.attributes(v, f, depth)
}

// plain reads a vector without its attributes.
func (d *decoder) plain(f flags, depth int) (*Value, error) {
	kind := map[int]Kind{logicalType: Logical, integerType: Integer, doubleType: Double, complexType: Complex,
		rawType: Raw, stringType: String, listType: List, expressionType: List}[f.kind()]
	if kind == Null {
		return nil, d.fail(fmt.Sprintf("an object of unknown type %d", f.kind()), nil)
	}
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	v := &Value{Kind: kind}
	double := func(b []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b)) }
	switch kind {
	case Logical, Integer:
		err = d.vector(n, 4, func(b []byte) {
			for ; len(b) > 0; b = b[4:] {
				v.Integers = append(v.Integers, int32(binary.BigEndian.Uint32(b)))
			}
		})
	case Double:
		err = d.vector(n, 8, func(b []byte) {
			for ; len(b) > 0; b = b[8:] {
				v.Doubles = append(v.Doubles, double(b))
			}
		})
	case Complex:
		err = d.vector(n, 16, func(b []byte) {
			for ; len(b) > 0; b = b[16:] {
				v.Complex = append(v.Complex, complex(double(b), double(b[8:])))
			}
		})
	case Raw:
		err = d.vector(n, 1, func(b []byte) { v.Bytes = append(v.Bytes, b...) })
	case String:
		err = d.strings(v, n)
	default:
		for range n {
			e, err := d.item(depth + 1)
			if err != nil {
				return nil, err
			}
			v.Elements = append(v.Elements, e)
		}
	}
	return v, err
}

// strings reads the elements of a character vector.
func (d *decoder) strings(v *Value, n int) error {
	for i := range n {
		word, err := d.int()
		if err != nil {
			return err
		}
		f := flags(uint32(word))
		if f.kind() != charType || f.hasAttributes() {
			return d.fail(fmt.Sprintf("an element of a character vector has type %d", f.kind()), nil)
		}
		text, missing, err := d.text(f)
		if err != nil {
			return err
		}
		if missing {
			if v.missing == nil {
				v.missing = map[int]bool{}
			}
			v.missing[i] = true
		}
		v.Strings = append(v.Strings, text)
	}
	return nil
}

// text reads a text as UTF-8. Texts of no known encoding keep their bytes.
func (d *decoder) text(f flags) (text string, missing bool, err error) {
	n, err := d.int()
	switch {
	case err != nil:
		return "", false, err
	case n == -1:
		return "", true, nil
	case n < 0:
		return "", false, d.fail(fmt.Sprintf("a text of length %d", n), nil)
	}
	if err := d.count(textSize + int64(n)/8); err != nil {
		return "", false, err
	}
	var b []byte
	if err := d.vector(int(n), 1, func(piece []byte) { b = append(b, piece...) }); err != nil {
		return "", false, err
	}
	if f&latin1Text != 0 || d.latin1 && f&(utf8Text|bytesText) == 0 {
		return fromLatin1(b), false, nil
	}
	if f&bytesText == 0 && !utf8.Valid(b) {
		return "", false, d.fail("a text isn't in the encoding that it names", nil)
	}
	return string(b), false, nil
}

func fromLatin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

func isLatin1(encoding string) bool {
	switch encoding {
	case "latin1", "ISO-8859-1", "ISO8859-1", "CP1252", "windows-1252":
		return true
	}
	return false
}

// attributes reads those of v where its flags say that there are some.
func (d *decoder) attributes(v *Value, f flags, depth int) error {
	if !f.hasAttributes() {
		return nil
	}
	list, err := d.item(depth + 1)
	if err != nil {
		return err
	}
	if list.Kind != Pairlist {
		return d.fail("attributes are "+list.describe()+", not a pairlist", nil)
	}
	names := list.Names()
	for i, e := range list.Elements {
		if i < len(names) && names[i] != "" {
			v.attributes = append(v.attributes, attribute{names[i], e})
		}
	}
	v.expandRowNames()
	return nil
}
