package score

import (
	"encoding/json"
	"io"

	"metabench/corpus"
)

// bundleFormat is that of a bundle's file. The bundle of six benchmarks unpacks to
// 2 MB. Version 1 has neither the items of other forms nor the means of tasks, and has
// settings that were never set; version 2 doesn't say what the bundle was made of.
var bundleFormat = format{
	name: "metabench bundle", noun: "bundle", article: "a", version: 3, most: 256 << 20, writer: "metabench export bundle",
}

// Write writes a bundle. Equal bundles give equal bytes.
func (b *Bundle) Write(w io.Writer) error {
	if err := b.check(); err != nil {
		return bundleFormat.fail(corpus.KindFormat, "it can't be written", err, "")
	}
	return bundleFormat.write(w, b)
}

// Read reads what Write wrote, and the checksum of its content. It returns a
// *corpus.DataError for anything else.
func Read(r io.Reader) (b *Bundle, checksum string, err error) {
	b = &Bundle{}
	into := func(version int) any {
		b.version = version
		switch version {
		case 1:
			return &struct {
				*Bundle
				Calibrated json.RawMessage `json:"calibrated"`
			}{Bundle: b}
		case 2, bundleFormat.version:
			return b
		}
		return nil
	}
	if checksum, err = bundleFormat.read(r, into); err != nil {
		return nil, "", err
	}
	if err := b.check(); err != nil {
		return nil, "", bundleFormat.fail(corpus.KindFormat, "its content doesn't fit together", err, "Export it again")
	}
	return b, checksum, nil
}
