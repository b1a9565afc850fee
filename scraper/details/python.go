package details

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// dictValue finds the number of a key in the text form of a Python
// dictionary, {'acc': 0.0, 'acc_norm': 1.0}. ok is false when the key isn't there.
func dictValue(text, key string) (value float64, ok bool, err error) {
	rest, isDict := strings.CutPrefix(strings.TrimSpace(text), "{")
	if !isDict {
		return 0, false, errors.New("not a dictionary")
	}
	for {
		rest = strings.TrimLeft(rest, " \t\n,")
		if strings.HasPrefix(rest, "}") {
			return 0, false, nil
		}
		var name string
		if name, rest, err = pythonString(rest); err != nil {
			return 0, false, err
		}
		rest, isDict = strings.CutPrefix(strings.TrimLeft(rest, " \t\n"), ":")
		if !isDict {
			return 0, false, fmt.Errorf("no colon after key %.20q", name)
		}
		rest = strings.TrimLeft(rest, " \t\n")
		end := strings.IndexAny(rest, ",}")
		if end < 0 {
			return 0, false, errors.New("dictionary without an end")
		}
		if name == key {
			value, err := number(strings.TrimSpace(rest[:end]))
			return value, err == nil, err
		}
		if rest[0] == '[' || rest[0] == '{' || rest[0] == '(' || rest[0] == '\'' || rest[0] == '"' {
			return 0, false, fmt.Errorf("value of %.20q is not a number", name)
		}
		rest = rest[end:]
	}
}

// pythonString reads a quoted string without escapes, which keys don't have.
func pythonString(s string) (value, rest string, err error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", "", errors.New("key is not a string")
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", "", errors.New("string without an end")
	}
	return s[1 : 1+end], s[2+end:], nil
}

// element is a value of a list: a text, or a number as text.
type element struct {
	text   string
	number bool
}

// pythonElements reads the text form of a Python list of texts and numbers,
// [' yes', "it isn't", 2]. ok is false for any other text.
func pythonElements(text string) (list []element, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "[")
	if !ok {
		return nil, false
	}
	for {
		rest = strings.TrimLeft(rest, " \t\n")
		if rest == "]" {
			return list, true
		}
		if rest == "" {
			return nil, false
		}
		var e element
		if rest[0] == '\'' || rest[0] == '"' {
			if e.text, rest, ok = pythonQuoted(rest); !ok {
				return nil, false
			}
		} else {
			end := strings.IndexAny(rest, ",]")
			if end < 0 {
				return nil, false
			}
			e, rest = element{strings.TrimSpace(rest[:end]), true}, rest[end:]
			if _, err := number(e.text); err != nil {
				return nil, false
			}
		}
		list = append(list, e)
		if rest = strings.TrimLeft(rest, " \t\n"); rest == "" || rest[0] != ',' && rest[0] != ']' {
			return nil, false
		}
		rest = strings.TrimPrefix(rest, ",")
	}
}

// pythonQuoted reads a quoted text with the escapes that Python's repr writes.
func pythonQuoted(s string) (value, rest string, ok bool) {
	quote := s[0]
	var b strings.Builder
	for s = s[1:]; s != "" && s[0] != quote; {
		r, _, tail, err := strconv.UnquoteChar(s, quote)
		if err != nil {
			return "", "", false
		}
		b.WriteRune(r) // \xe9 is a character too
		s = tail
	}
	if s == "" {
		return "", "", false
	}
	return b.String(), s[1:], true
}

// number reads a number or truth value as Python prints it.
func number(s string) (float64, error) {
	switch s {
	case "True":
		return 1, nil
	case "False":
		return 0, nil
	}
	for _, prefix := range []string{"np.float64(", "np.float32(", "np.int64(", "np.bool_("} {
		if inner, ok := strings.CutPrefix(s, prefix); ok {
			return number(strings.TrimSuffix(inner, ")"))
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%.20q is not a number", s)
	}
	return f, nil
}
