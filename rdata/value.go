package rdata

import (
	"fmt"
	"math"
)

// Kind is what a value is.
type Kind int

// The kinds of values that are read. Opaque stands for what is passed over: functions,
// environments, calls, byte code and pointers.
const (
	Null Kind = iota
	Logical
	Integer
	Double
	Complex
	Raw
	String
	List
	Pairlist
	Symbol
	S4
	Opaque
)

var kindNames = [...]string{"NULL", "logical", "integer", "double", "complex", "raw", "character", "list", "pairlist", "symbol", "S4", "opaque"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// NA is R's missing value among integers and logicals. That of doubles is a NaN.
const NA = math.MinInt32

// Value is an object of R. Only the field of its kind is set.
type Value struct {
	Kind     Kind
	Integers []int32      // Integer; Logical as 0, 1 and NA
	Doubles  []float64    // Double
	Complex  []complex128 // Complex
	Bytes    []byte       // Raw
	Strings  []string     // String; the name of a Symbol; what an Opaque is
	Elements []*Value     // List and Pairlist

	missing    map[int]bool // of Strings
	attributes []attribute
}

type attribute struct {
	name  string
	value *Value
}

// null is the only value of its kind.
var null = &Value{Kind: Null}

// Len is the number of elements; 1 for what isn't a vector.
func (v *Value) Len() int {
	switch v.Kind {
	case Null:
		return 0
	case Logical, Integer:
		return len(v.Integers)
	case Double:
		return len(v.Doubles)
	case Complex:
		return len(v.Complex)
	case Raw:
		return len(v.Bytes)
	case String:
		return len(v.Strings)
	case List, Pairlist:
		return len(v.Elements)
	}
	return 1
}

// IsNA reports whether an element is missing.
func (v *Value) IsNA(i int) bool {
	switch v.Kind {
	case Logical, Integer:
		return v.Integers[i] == NA
	case Double:
		return math.IsNaN(v.Doubles[i])
	case String:
		return v.missing[i]
	}
	return false
}

// Attribute is an attribute, or a slot of an S4 object; NULL where there is none.
func (v *Value) Attribute(name string) *Value {
	for _, a := range v.attributes {
		if a.name == name {
			return a.value
		}
	}
	return null
}

// Names are the names of the elements; nil where there are none.
func (v *Value) Names() []string {
	if names := v.Attribute("names"); names.Kind == String {
		return names.Strings
	}
	return nil
}

// Class is the class attribute; nil where there is none.
func (v *Value) Class() []string {
	if class := v.Attribute("class"); class.Kind == String {
		return class.Strings
	}
	return nil
}

// Get is the element or slot with a name; NULL where there is none.
func (v *Value) Get(name string) *Value {
	if v.Kind == S4 {
		return v.Attribute(name)
	}
	if v.Kind != List && v.Kind != Pairlist {
		return null
	}
	for i, n := range v.Names() {
		if n == name && i < len(v.Elements) {
			return v.Elements[i]
		}
	}
	return null
}

// Find follows names: element by element, slot by slot. The error says where the path
// ends.
func (v *Value) Find(path ...string) (*Value, error) {
	for k, name := range path {
		next := v.Get(name)
		if next.Kind == Null {
			return nil, &PathError{Path: path, At: k, Kind: v.Kind}
		}
		v = next
	}
	return v, nil
}

// Numbers are the elements of an integer, logical or double vector, NaN where missing.
// A factor is no number.
func (v *Value) Numbers() ([]float64, error) {
	switch {
	case v.Kind == Double:
		return v.Doubles, nil
	case v.isFactor(), v.Kind != Integer && v.Kind != Logical:
		return nil, fmt.Errorf("it is %s, numbers were expected", v.describe())
	}
	out := make([]float64, len(v.Integers))
	for i, n := range v.Integers {
		if out[i] = float64(n); n == NA {
			out[i] = math.NaN()
		}
	}
	return out, nil
}

// Labels are the elements of a character vector or a factor, "" where missing.
func (v *Value) Labels() ([]string, error) {
	if v.Kind == String {
		return v.Strings, nil
	}
	if !v.isFactor() {
		return nil, fmt.Errorf("it is %s, texts were expected", v.describe())
	}
	levels := v.Attribute("levels").Strings
	out := make([]string, len(v.Integers))
	for i, n := range v.Integers {
		switch {
		case n == NA:
		case n < 1 || int(n) > len(levels):
			return nil, fmt.Errorf("element %d of a factor is %d, and there are %d levels", i+1, n, len(levels))
		default:
			out[i] = levels[n-1]
		}
	}
	return out, nil
}

func (v *Value) isFactor() bool {
	return v.Kind == Integer && v.Attribute("levels").Kind == String
}

func (v *Value) describe() string {
	if v.isFactor() {
		return "a factor"
	}
	if v.Kind == Opaque && len(v.Strings) == 1 {
		return v.Strings[0]
	}
	return v.Kind.String()
}
