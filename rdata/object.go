package rdata

import "fmt"

// remember numbers an object for references.
func (d *decoder) remember(v *Value) *Value {
	d.refs = append(d.refs, v)
	return v
}

// reference finds the object that a reference means.
func (d *decoder) reference(f flags) (*Value, error) {
	n := int32(f >> 8)
	if n == 0 {
		var err error
		if n, err = d.int(); err != nil {
			return nil, err
		}
	}
	if n < 1 || int(n) > len(d.refs) {
		return nil, d.fail(fmt.Sprintf("a reference to object %d of %d", n, len(d.refs)), nil)
	}
	return d.refs[n-1], nil
}

func (d *decoder) symbol(depth int) (*Value, error) {
	name, err := d.item(depth + 1)
	if err != nil {
		return nil, err
	}
	if name.Kind != String || len(name.Strings) != 1 {
		return nil, d.fail("the name of a symbol is "+name.describe(), nil)
	}
	return d.remember(&Value{Kind: Symbol, Strings: name.Strings}), nil
}

// named reads an environment that has a name: a namespace, a package.
func (d *decoder) named(depth int) (*Value, error) {
	if _, err := d.int(); err != nil { // always 0
		return nil, err
	}
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	for range n {
		if _, err := d.item(depth + 1); err != nil {
			return nil, err
		}
	}
	return d.remember(environment), nil
}

// environment passes one over: whether it is locked, the one around it, its frame, its
// table and attributes.
func (d *decoder) environment(depth int) error {
	d.remember(environment)
	if _, err := d.int(); err != nil {
		return err
	}
	return d.skip(4, depth)
}

// skip passes objects over.
func (d *decoder) skip(n, depth int) error {
	for range n {
		if _, err := d.item(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// pairlist reads a pairlist as a list with names. It is a chain of cells, each with
// attributes, a tag and its element; what is chained is read in a loop, so that long
// ones are not deep.
func (d *decoder) pairlist(f flags, depth int) (*Value, error) {
	v := &Value{Kind: Pairlist}
	names := &Value{Kind: String}
	named := false
	for f.kind() == pairlistType || f.kind() == attrPairlistType {
		if err := d.count(3); err != nil {
			return nil, err
		}
		if f.hasAttributes() {
			if err := d.attributes(&Value{}, f, depth); err != nil {
				return nil, err
			}
		}
		name := ""
		if f.hasTag() {
			tag, err := d.item(depth + 1)
			if err != nil {
				return nil, err
			}
			if tag.Kind == Symbol {
				name, named = tag.Strings[0], true
			}
		}
		names.Strings = append(names.Strings, name)
		e, err := d.item(depth + 1)
		if err != nil {
			return nil, err
		}
		v.Elements = append(v.Elements, e)
		n, err := d.int()
		if err != nil {
			return nil, err
		}
		f = flags(uint32(n))
	}
	if f.kind() != nullType && f.kind() != nilType { // a pair whose second part is no list
		tail, err := d.itemOf(f, depth+1)
		if err != nil {
			return nil, err
		}
		v.Elements, names.Strings = append(v.Elements, tail), append(names.Strings, "")
	}
	if named {
		v.attributes = []attribute{{"names", names}}
	}
	return v, nil
}

// cell passes over an object that is built like a pairlist's cell: a closure (its
// environment, formals and body), a promise, a call, the dots of a function.
func (d *decoder) cell(f flags, depth int) (*Value, error) {
	if f.hasAttributes() || f.kind() == attrCallType {
		if _, err := d.item(depth + 1); err != nil {
			return nil, err
		}
	}
	parts := 2
	if f.hasTag() {
		parts++
	}
	what := call
	if f.kind() == closureType {
		what = function
	}
	return what, d.skip(parts, depth)
}

// pointer passes over an external pointer (what it protects, and its tag) or a weak
// reference, which has nothing.
func (d *decoder) pointer(f flags, depth int) error {
	d.remember(pointer)
	if f.kind() == pointerType {
		if err := d.skip(2, depth); err != nil {
			return err
		}
	}
	return d.attributes(&Value{}, f, depth)
}

// bytecode passes over compiled code: how many calls it shares, then the code.
func (d *decoder) bytecode(f flags, depth int) error {
	if _, err := d.length(); err != nil {
		return err
	}
	if err := d.compiled(depth); err != nil {
		return err
	}
	return d.attributes(&Value{}, f, depth)
}

// compiled passes over one piece of code: its instructions and its constants.
func (d *decoder) compiled(depth int) error {
	if depth > d.limits.Depth {
		return &LimitError{"levels of nesting", int64(d.limits.Depth)}
	}
	if err := d.skip(1, depth); err != nil {
		return err
	}
	n, err := d.length()
	if err != nil {
		return err
	}
	for range n {
		kind, err := d.int()
		if err != nil {
			return err
		}
		switch kind {
		case bytecodeType:
			err = d.compiled(depth + 1)
		case callType, pairlistType, attrCallType, attrPairlistType, codeDefType, codeRefType:
			err = d.shared(kind, depth+1)
		default:
			err = d.skip(1, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shared passes over a call among the constants of compiled code, which may name
// itself for others to refer to.
func (d *decoder) shared(kind int32, depth int) error {
	for {
		if depth > d.limits.Depth {
			return &LimitError{"levels of nesting", int64(d.limits.Depth)}
		}
		if err := d.count(1); err != nil {
			return err
		}
		switch kind {
		case codeRefType:
			_, err := d.int()
			return err
		case codeDefType:
			if _, err := d.int(); err != nil {
				return err
			}
			of, err := d.int()
			if err != nil {
				return err
			}
			kind = of
		}
		parts := 1 // the tag
		switch kind {
		case attrCallType, attrPairlistType:
			parts = 2
		case callType, pairlistType:
		default:
			return d.skip(1, depth)
		}
		if err := d.skip(parts, depth); err != nil {
			return err
		}
		element, err := d.int()
		if err != nil {
			return err
		}
		if err := d.shared(element, depth+1); err != nil {
			return err
		}
		if kind, err = d.int(); err != nil {
			return err
		}
	}
}
