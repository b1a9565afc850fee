package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Most of a sample is its prompt: the few-shot examples occur in it four times or more, and
// none of them is needed. So the members of an object are found without decoding them, and
// only those that are needed are decoded. Python writes NaN and Infinity, which JSON does
// not have; they are accepted as values here.

var errSyntax = errors.New("it is not JSON")

// maxDepth bounds the nesting of a sample. Real ones have 5 levels.
const maxDepth = 200

// eachMember calls f with the key and the undecoded value of each member of an
// object, in order. The slices are parts of data.
func eachMember(data []byte, f func(key, value []byte) error) error {
	at := space(data, 0)
	if at >= len(data) || data[at] != '{' {
		return errSyntax
	}
	at = space(data, at+1)
	if at < len(data) && data[at] == '}' {
		return nil
	}
	for {
		key, next, err := skipString(data, at)
		if err != nil {
			return err
		}
		if next = space(data, next); next >= len(data) || data[next] != ':' {
			return errSyntax
		}
		from := space(data, next+1)
		to, err := skipValue(data, from)
		if err != nil {
			return err
		}
		if err := f(plainKey(key), data[from:to]); err != nil {
			return err
		}
		at = space(data, to)
		switch {
		case at >= len(data):
			return errSyntax
		case data[at] == '}':
			return nil
		case data[at] != ',':
			return errSyntax
		}
		at = space(data, at+1)
	}
}

// plainKey decodes a key that contains escapes, which no real one does.
func plainKey(quoted []byte) []byte {
	key := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(key, '\\') < 0 {
		return key
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return key
	}
	return []byte(s)
}

func space(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\n' || data[at] == '\t' || data[at] == '\r') {
		at++
	}
	return at
}

// skipString returns a string with its quotes, and where it ends.
func skipString(data []byte, at int) (quoted []byte, end int, err error) {
	if at >= len(data) || data[at] != '"' {
		return nil, 0, errSyntax
	}
	end, ok := closingQuote(data, at+1)
	if !ok {
		return nil, 0, errSyntax
	}
	return data[at : end+1], end + 1, nil
}

// closingQuote finds the quote that ends a string whose text starts at from. A quote
// after an odd number of backslashes is part of the text. Without one it returns
// where to go on when more bytes are there.
func closingQuote(data []byte, from int) (at int, found bool) {
	for at = from; ; at++ {
		k := bytes.IndexByte(data[at:], '"')
		if k < 0 {
			at = len(data)
			for at > from && data[at-1] == '\\' {
				at-- // they may escape what comes next
			}
			return at, false
		}
		at += k
		slashes := 0
		for at-slashes > from && data[at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at, true
		}
	}
}

// skipValue returns where the value at a position ends. Brackets must match.
func skipValue(data []byte, at int) (int, error) {
	var closers [maxDepth]byte
	depth := 0
	for at < len(data) {
		switch c := data[at]; c {
		case '"':
			_, end, err := skipString(data, at)
			if err != nil {
				return 0, err
			}
			at = end
		case '{', '[':
			if depth == maxDepth {
				return 0, fmt.Errorf("it is nested more than %d deep", maxDepth)
			}
			closers[depth] = c + 2 // the closing bracket follows two places later
			depth++
			at++
			continue
		case '}', ']':
			if depth == 0 || closers[depth-1] != c {
				return 0, errSyntax
			}
			depth--
			at++
		case ' ', '\n', '\t', '\r', ',', ':':
			if depth == 0 {
				return 0, errSyntax
			}
			at++
			continue
		default:
			for at < len(data) && strings.IndexByte(" \n\t\r,:{}[]\"", data[at]) < 0 {
				at++
			}
		}
		if depth == 0 {
			return at, nil
		}
	}
	return 0, errSyntax
}

// withoutNaN replaces the bare words NaN and Infinity, which Python writes and Go
// refuses, by null. Text in quotes stays.
func withoutNaN(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for at := 0; at < len(data); {
		if data[at] == '"' {
			_, end, err := skipString(data, at)
			if err != nil {
				return append(out, data[at:]...)
			}
			out = append(out, data[at:end]...)
			at = end
			continue
		}
		replaced := false
		for _, word := range []string{"NaN", "-Infinity", "Infinity"} {
			if bytes.HasPrefix(data[at:], []byte(word)) {
				out = append(out, "null"...)
				at += len(word)
				replaced = true
				break
			}
		}
		if !replaced {
			out = append(out, data[at])
			at++
		}
	}
	return out
}
