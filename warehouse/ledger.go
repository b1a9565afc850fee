package warehouse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// The ledger is a file beside the warehouse that says which loads were committed.
// DuckDB drops the torn end of a write-ahead log without a word, and the manifest
// inside the file goes with it; the ledger does not. A line is appended, and synced
// to the disk, after each committed load, so that a crash in between leaves the
// ledger behind the warehouse, never ahead of it. Once everything is in the file
// itself, the lines are folded into one.

// Load is a load of answers as the ledger remembers it.
type Load struct {
	ID         int32       `json:"load"`
	Source     string      `json:"source"`            // repository or path; of several, as the manifest names them
	Sources    []string    `json:"sources,omitempty"` // all of them, where there are several
	At         time.Time   `json:"at"`
	Benchmarks []LoadTotal `json:"benchmarks"`
}

// restored are the lost loads without what came again since. A load of several sources
// is lost until each of them came.
func restored(lost []Load, came map[string]bool) []Load {
	var still []Load
	for _, l := range lost {
		several := len(l.Sources) > 0
		l.Sources = slices.DeleteFunc(slices.Clone(l.Sources), func(s string) bool { return came[s] })
		if several && len(l.Sources) > 0 || !several && !came[l.Source] {
			still = append(still, l)
		}
	}
	return still
}

// LoadTotal is what a benchmark held after a load.
type LoadTotal struct {
	Benchmark   string `json:"benchmark"`
	Blocks      int64  `json:"blocks"`
	Observed    int64  `json:"observed"`
	Correct     int64  `json:"correct"`
	Fingerprint uint64 `json:"fingerprint"`
}

func ledgerPath(path string) string { return path + ".ledger" }

// ledger is the open file.
type ledger struct {
	disk disk
	path string
	file *os.File
	last int32 // highest load ever written down
	torn bool  // the last line may not be whole
}

// openLedger opens the ledger of a warehouse for writing. loads are its lines, newest is
// the highest load in the warehouse.
func openLedger(d disk, path string, loads []Load, newest int32) (*ledger, error) {
	l := &ledger{disk: d, path: ledgerPath(path), last: newest}
	for _, load := range loads {
		l.last = max(l.last, load.ID)
	}
	var err error
	if l.file, err = os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if l.torn, err = endsTorn(l.file); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), l.file.Close())
	}
	return l, nil
}

// endsTorn reports whether a crash left the last line without its end.
func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

// readLedger returns the loads that the ledger of a warehouse names.
func readLedger(path string) ([]Load, error) {
	text, err := os.ReadFile(ledgerPath(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return parseLedger(text), nil
}

// missingLoads are those that are not known.
func missingLoads(loads []Load, known map[int32]bool) []Load {
	return slices.DeleteFunc(slices.Clone(loads), func(l Load) bool { return known[l.ID] })
}

// parseLedger reads the lines that are whole; a torn one was never relied on.
func parseLedger(text []byte) []Load {
	var loads []Load
	for line := range bytes.Lines(text) {
		var load Load
		if json.Unmarshal(line, &load) == nil && load.ID > 0 {
			loads = append(loads, load)
		}
	}
	return loads
}

// add writes a load down.
func (l *ledger) add(load Load) error {
	line, err := json.Marshal(load)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if l.torn { // its rest must not be taken for the beginning of this one
		line = append([]byte("\n"), line...)
	}
	if err := l.disk.add(l.file, line); err != nil {
		l.torn = true
		return fmt.Errorf("write ledger: %w", err)
	}
	l.torn = false
	l.last = load.ID
	return nil
}

// fold replaces all lines by those of the lost loads and the newest one. It must
// only be called when the warehouse's file itself holds everything.
func (l *ledger) fold(newest Load, lost []Load) error {
	var text bytes.Buffer
	for _, load := range append(slices.Clone(lost), newest) {
		if load.ID == 0 {
			continue
		}
		line, err := json.Marshal(load)
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	if err := l.disk.write(l.path, text.Bytes()); err != nil {
		return fmt.Errorf("fold ledger: %w", err)
	}
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("fold ledger: %w", err)
	}
	folded := l.file
	l.file, l.torn = file, false
	if err := folded.Close(); err != nil {
		return fmt.Errorf("fold ledger: %w", err)
	}
	return nil
}

func (l *ledger) close() error {
	if l == nil || l.file == nil {
		return nil
	}
	return l.file.Close()
}
