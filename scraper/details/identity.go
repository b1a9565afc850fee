package details

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

// Identity is which question each row of a file is.
type Identity struct {
	Hashes  []string // corpus.QuestionHash of each row's question
	Prompts []string // the question as the file has it
}

// questionColumns may hold the question; the first one counts that a file has. The earliest
// ARC files have the question in "query" and the source's own id in "example".
var questionColumns = []string{"query", "question", "example"}

// question is the column that holds the questions.
func (f *File) question() (int, bool) {
	for _, name := range questionColumns {
		if column, ok := f.leaf(name); ok {
			return column, true
		}
	}
	return 0, false
}

// Identity reads the questions. It is nil when the file has none, or only ids.
//
// This is the expensive part of a file: a task's questions take ten to a hundred
// times the bytes of its answers. Files with the same Fingerprint have the same Identity.
func (f *File) Identity() (*Identity, error) {
	column, ok := f.question()
	if !ok {
		return nil, nil
	}
	values, err := f.values(column)
	if err != nil {
		return nil, err
	}
	id := &Identity{Hashes: make([]string, len(values)), Prompts: make([]string, len(values))}
	spaced := 0
	for row, v := range values {
		if v.IsNull() || v.Kind() != parquet.ByteArray {
			return nil, nil
		}
		text := string(v.ByteArray())
		if strings.ContainsAny(text, " \n\t") {
			spaced++
		}
		id.Prompts[row], id.Hashes[row] = strings.ToValidUTF8(text, "\uFFFD"), corpus.QuestionHash(text)
	}
	if spaced == 0 { // "Mercury_7221148": ids, not questions
		return nil, nil
	}
	return id, nil
}

// minFingerprint is the least compressed size of the questions for a fingerprint. With fewer
// bytes, two orders of the same questions may compress to the same size, and reading them
// takes little.
const minFingerprint = 4 << 10

// Fingerprint has the sizes, compressed and not, of the columns that are the same in every
// model's file of a task: questions, choices and solutions. They are known from the footer
// and take no request. The same questions in another order have the same uncompressed size
// and another compressed one. Two files with one fingerprint therefore have the same
// questions in the same order, unless two or three sizes agree by chance. It is empty where
// columns are not compressed, too small, or missing.
func (f *File) Fingerprint() string {
	column, ok := f.question()
	if !ok {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d", f.Rows())
	columns := f.pf.Schema().Columns()
	for i, path := range columns {
		switch path[0] {
		case "query", "question", "example", "choices", "gold":
		default:
			continue
		}
		for _, group := range f.pf.Metadata().RowGroups {
			if i >= len(group.Columns) {
				return ""
			}
			m := group.Columns[i].MetaData
			if i == column && (m.TotalCompressedSize < minFingerprint || m.Codec == 0) {
				return ""
			}
			fmt.Fprintf(&b, " %s:%d:%d:%d:%d", strings.Join(path, "."), m.Codec, m.NumValues, m.TotalUncompressedSize, m.TotalCompressedSize)
		}
	}
	return b.String()
}
