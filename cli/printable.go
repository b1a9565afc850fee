package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"
)

// printable spells out what a terminal would obey instead of showing, or show as
// nothing: control characters other than line ends and tabs, and characters that turn
// the direction of writing around. Names come from strangers. In a string of JSON what
// comes out means the same character.
func printable(s string) string {
	odd := func(r rune) bool { return isOdd(r) || r == utf8.RuneError }
	if strings.IndexFunc(s, odd) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !isOdd(r):
			b.WriteString(s[:n])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

func isOdd(r rune) bool {
	if r == '\n' || r == '\t' || r == '\u200c' || r == '\u200d' { // the joiners belong to some scripts
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// printer is a stream that people read: everything written to it is made printable.
type printer struct {
	w    io.Writer
	mu   sync.Mutex
	rest []byte // a character of which the end has not come yet
}

func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := append(p.rest, b...)
	whole := len(text)
	for k := max(0, whole-utf8.UTFMax+1); k < whole; k++ {
		if utf8.RuneStart(text[k]) && !utf8.FullRune(text[k:]) {
			whole = k
		}
	}
	p.rest = append([]byte(nil), text[whole:]...)
	if _, err := io.WriteString(p.w, printable(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// forPeople makes the streams that people read printable: messages always, results
// where they go to a terminal. Elsewhere results are data, and stay as they are.
func forPeople(s IO) IO {
	s.Err = &printer{w: s.Err}
	if isTerminal(s.Out) {
		s.Out = &printer{w: s.Out}
	}
	return s
}

// terminalOf returns the stream behind w, and whether it is a terminal.
func terminalOf(w io.Writer) (io.Writer, bool) {
	if p, ok := w.(*printer); ok {
		w = p.w
	}
	return w, isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
