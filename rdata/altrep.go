package rdata

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// altrep reads an object in a compact form: its class, its state, its attributes.
func (d *decoder) altrep(depth int) (*Value, error) {
	var parts [3]*Value
	for k := range parts {
		var err error
		if parts[k], err = d.item(depth + 1); err != nil {
			return nil, err
		}
	}
	info, state := parts[0], parts[1]
	if info.Kind != Pairlist || len(info.Elements) == 0 || info.Elements[0].Kind != Symbol {
		return nil, d.fail("a compact object doesn't name its class", nil)
	}
	class := info.Elements[0].Strings[0]
	v, err := d.expand(class, state)
	if err != nil {
		return nil, err
	}
	if attributes := parts[2]; attributes.Kind == Pairlist {
		out := *v
		out.attributes = nil
		names := attributes.Names()
		for i, e := range attributes.Elements {
			if i < len(names) && names[i] != "" {
				out.attributes = append(out.attributes, attribute{names[i], e})
			}
		}
		out.expandRowNames()
		v = &out
	}
	return v, nil
}

// expand makes the vector that a compact form stands for.
func (d *decoder) expand(class string, state *Value) (*Value, error) {
	switch {
	case strings.HasPrefix(class, "wrap_"):
		if len(state.Elements) > 0 {
			return state.Elements[0], nil
		}
	case class == "compact_intseq" || class == "compact_realseq":
		if state.Kind == Double && len(state.Doubles) == 3 {
			return d.sequence(class == "compact_intseq", state.Doubles[0], state.Doubles[1], state.Doubles[2])
		}
	case class == "deferred_string":
		if len(state.Elements) > 0 {
			return d.deferred(state.Elements[0])
		}
	default:
		return nil, d.fail(fmt.Sprintf("a compact object of class %s, which isn't known", class), nil)
	}
	return nil, d.fail(fmt.Sprintf("a compact object of class %s has the state of another", class), nil)
}

// sequence is from, from + by, … of n numbers.
func (d *decoder) sequence(whole bool, n, from, by float64) (*Value, error) {
	if !(n >= 0 && n <= math.MaxInt32) || n != math.Trunc(n) {
		return nil, d.fail(fmt.Sprintf("a sequence of %g numbers", n), nil)
	}
	if err := d.count(int64(n)); err != nil {
		return nil, err
	}
	if !whole {
		v := &Value{Kind: Double, Doubles: make([]float64, int(n))}
		for i := range v.Doubles {
			v.Doubles[i] = from + float64(i)*by
		}
		return v, nil
	}
	last := from + max(0, n-1)*by
	if !(math.Abs(from) <= math.MaxInt32 && math.Abs(last) <= math.MaxInt32) {
		return nil, d.fail(fmt.Sprintf("whole numbers from %g to %g", from, last), nil)
	}
	v := &Value{Kind: Integer, Integers: make([]int32, int(n))}
	for i := range v.Integers {
		v.Integers[i] = int32(from + float64(i)*by)
	}
	return v, nil
}

// deferred writes numbers as texts, as R does.
func (d *decoder) deferred(numbers *Value) (*Value, error) {
	values, err := numbers.Numbers()
	if err != nil {
		return nil, d.fail("a deferred text", err)
	}
	if err := d.count(2 * textSize * int64(len(values))); err != nil {
		return nil, err
	}
	v := &Value{Kind: String, Strings: make([]string, len(values))}
	for i, x := range values {
		if numbers.IsNA(i) {
			if v.missing == nil {
				v.missing = map[int]bool{}
			}
			v.missing[i] = true
			continue
		}
		v.Strings[i] = numberText(x, numbers.Kind)
	}
	return v, nil
}

// numberText is a number with up to 15 significant digits, in the shorter of fixed and
// scientific notation.
func numberText(x float64, kind Kind) string {
	if kind == Integer {
		return strconv.FormatInt(int64(x), 10)
	}
	if math.IsInf(x, 0) {
		return strings.Replace(strconv.FormatFloat(x, 'g', -1, 64), "+", "", 1)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 14, 64), 64)
	if err != nil {
		short = x
	}
	fixed, scientific := strconv.FormatFloat(short, 'f', -1, 64), strconv.FormatFloat(short, 'e', -1, 64)
	if len(fixed) <= len(scientific) {
		return fixed
	}
	return scientific
}

// expandRowNames replaces the short form of numbered rows, c(NA, -n), by nothing: they
// have no names.
func (v *Value) expandRowNames() {
	rows := v.Attribute("row.names")
	if rows.Kind != Integer {
		return
	}
	for k := range v.attributes {
		if v.attributes[k].name == "row.names" {
			v.attributes = append(v.attributes[:k], v.attributes[k+1:]...)
			return
		}
	}
}
