package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// page is text for people under construction: it is written at once.
type page struct{ bytes.Buffer }

// line adds a line.
func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// print writes a result: as JSON with --json, else as the text that is put on a page.
func (a *app) print(v any, text func(*page)) error {
	if a.json {
		return a.printJSON(v)
	}
	var p page
	text(&p)
	_, err := a.Out.Write(p.Bytes())
	return err
}

// printLine writes a result that people read in one line.
func (a *app) printLine(v any, format string, args ...any) error {
	return a.print(v, func(p *page) { p.line(format, args...) })
}

// printJSON writes a value as indented JSON, the form of every --json output.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// note writes a remark on Err.
func (a *app) note(text string) { fmt.Fprintln(a.Err, text) }

// notef is note with a format.
func (a *app) notef(format string, args ...any) { a.note(fmt.Sprintf(format, args...)) }

// warn writes warnings on Err.
func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		a.notef("warning: %s", w)
	}
}
