package evallog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"metabench/corpus"
	"metabench/harness"
	"metabench/internal/parquetfile"
)

// form is what a file is, by its content.
type form int

const (
	notALog form = iota
	harnessSamples
	harnessResults
	eeeSamples
	eeeAggregate
	inspectJSON
	inspectArchive
	helmStats
	helmRunSpec
	lightevalDetails
	lightevalGeneral
	openCompass
)

// hasSamples reports whether files of a form hold answers, rather than what describes them.
func (f form) hasSamples() bool {
	switch f {
	case notALog, harnessResults, eeeAggregate, helmRunSpec, lightevalGeneral:
		return false
	}
	return true
}

// headSize is how much of a file is looked at to recognise it.
const headSize = 1 << 20

// recognise says what a file is by its first bytes.
func recognise(path string) (form, error) {
	f, err := os.Open(path)
	if err != nil {
		return notALog, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return notALog, err
	}
	head, err := readHead(f)
	if err != nil {
		return notALog, err
	}
	if bytes.HasPrefix(head, []byte(parquetfile.Magic)) {
		if isDetails(f, info.Size()) {
			return lightevalDetails, nil
		}
		return notALog, nil
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		if isInspectArchive(f, info.Size()) {
			return inspectArchive, nil
		}
		return notALog, nil
	}
	return recogniseJSON(head), nil
}

// readHead reads the beginning of a file, unpacked. A damaged one has none.
func readHead(f *os.File) ([]byte, error) {
	in := bufio.NewReader(f)
	var r io.Reader = in
	magic, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil //nolint:nilerr // whoever reads the file says what is wrong with it
		}
		r = zr
	}
	head := make([]byte, 64)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if err == nil && len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		rest, _ := io.ReadAll(io.LimitReader(r, headSize)) // what came is enough to recognise, or isn't
		head = append(head, rest...)
	}
	return head, nil
}

// recogniseJSON goes by the keys of the first object.
func recogniseJSON(head []byte) form {
	has := firstKeys(head)
	all := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { return !has[k] })
	}
	switch {
	case all("schema_version", "evaluation_id", "sample_id"):
		return eeeSamples
	case all("schema_version", "evaluation_id", "evaluation_results"):
		return eeeAggregate
	case all("doc_id") && (has["doc"] || has["truth"] || has["prompt_0"]):
		return harnessSamples
	case all("eval") && (has["status"] || has["samples"]):
		return inspectJSON
	case all("instance_id", "stats"):
		return helmStats
	case all("adapter_spec", "scenario_spec"):
		return helmRunSpec
	case all("config_general"):
		return lightevalGeneral
	case all("details") && !has["results"]:
		return openCompass
	case all("results") && !has["status"] && (has["versions"] || has["configs"] || has["config"] || len(has) == 1):
		return harnessResults
	}
	return notALog
}

// firstKeys are the keys of the first object of a text, as far as it goes.
func firstKeys(head []byte) map[string]bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if len(head) > 0 && head[0] == '[' {
		head = head[1:]
	}
	keys := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(harness.WithoutNaN(head)))
	for depth, isKey := 0, false; ; {
		token, err := dec.Token()
		if err != nil {
			return keys
		}
		switch d, _ := token.(json.Delim); d {
		case '{', '[':
			if depth == 0 && d == '[' {
				return keys
			}
			depth++
			isKey = depth == 1
			continue
		case '}', ']':
			if depth--; depth == 0 {
				return keys
			}
			isKey = depth == 1
			continue
		}
		if depth != 1 {
			if depth == 0 {
				return keys
			}
			continue
		}
		if key, ok := token.(string); ok && isKey {
			keys[key] = true
		}
		isKey = !isKey
	}
}

// input is a file under way: what passes through it is counted and hashed.
type input struct {
	path string
	f    *os.File
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	size int64
}

func open(path string) (*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &input{path: path, f: f, hash: sha256.New()}, nil
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.f.Read(p)
	in.hash.Write(p[:n]) //nolint:errcheck // a hash never fails
	in.size += int64(n)
	return n, err
}

// finish reads what is left, and says which bytes the file has.
func (in *input) finish() (size int64, sum string, err error) {
	if _, err := io.Copy(io.Discard, in); err != nil {
		return 0, "", err
	}
	return in.size, hex.EncodeToString(in.hash.Sum(nil)), nil
}

// each calls f for every object of a file and returns the file's provenance.
func (rd *reader) each(path string, f func(object []byte, line int64) error) (_ corpus.File, err error) {
	in, err := open(path)
	if err != nil {
		return corpus.File{}, err
	}
	defer func() {
		if closing := in.f.Close(); err == nil {
			err = closing
		}
	}()
	if err := harness.EachObject(rd.ctx, path, in, f); err != nil {
		var e *corpus.DataError
		if errors.As(err, &e) && e.Remedy != "" && e.Kind == corpus.KindFormat && e.Item == "" {
			e.Remedy = "Copy the file again, or log the run again"
		}
		return corpus.File{}, err
	}
	return rd.origin(in)
}

// origin is the provenance of a file that was read.
func (rd *reader) origin(in *input) (corpus.File, error) {
	size, sum, err := in.finish()
	return corpus.File{Path: in.path, Size: size, SHA256: sum, Verified: corpus.VerifiedHash, Order: corpus.OrderRealigned, ReadAt: rd.o.ReadAt}, err
}

// decodeFile reads a file that is one JSON value.
func decodeFile(ctx context.Context, path string, v any) error {
	first := true
	in, err := open(path)
	if err != nil {
		return err
	}
	err = harness.EachObject(ctx, path, in, func(object []byte, line int64) error {
		if !first {
			return io.EOF
		}
		first = false
		return decode(path, line, object, v)
	})
	if closing := in.f.Close(); err == nil {
		err = closing
	}
	return err
}

// decode reads an object in which Python may have written NaN.
func decode(path string, line int64, object []byte, v any) error {
	err := json.Unmarshal(object, v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		err = json.Unmarshal(harness.WithoutNaN(object), v)
	}
	if err != nil {
		return &corpus.DataError{Kind: corpus.KindFormat, File: path, Line: line, Reason: "the object can't be decoded", Err: err,
			Remedy: "Copy the file again, or log the run again"}
	}
	return nil
}

// text is an undecoded value as text, empty for none and for null.
func text(raw json.RawMessage) string {
	if s := harness.Scalar(raw); s != "null" {
		return s
	}
	return ""
}

// contentHash identifies a question by its undecoded JSON: neither white space nor the way
// in which letters are escaped counts.
func contentHash(raw []byte) string { return corpus.QuestionHash(string(appendFolded(nil, raw))) }

func appendFolded(dst, raw []byte) []byte {
	for at := 0; at < len(raw); {
		switch c := raw[at]; c {
		case ' ', '\n', '\t', '\r':
			at++
		case '"':
			end := at + 1
			escaped := false
			for end < len(raw) && raw[end] != '"' {
				if raw[end] == '\\' {
					escaped = true
					end++
				}
				end++
			}
			end = min(end+1, len(raw))
			if s := ""; escaped && json.Unmarshal(raw[at:end], &s) == nil {
				dst = fmt.Appendf(dst, "%q", s)
			} else {
				dst = append(dst, raw[at:end]...)
			}
			at = end
		default:
			dst = append(dst, c)
			at++
		}
	}
	return dst
}
