package evallog

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"metabench/corpus"
)

// maxFiles bounds how many files of a directory are looked at.
const maxFiles = 1_000_000

// Is reports whether a path is for Read: a directory, or a file that is an evaluation log by
// its content. A file that can't be read is an error.
func Is(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if info.IsDir() {
		return true, nil
	}
	kind, err := recognise(path)
	return kind != notALog, err
}

// Read reads evaluation logs and directories of them. In a directory, files that are no logs
// are skipped, and a note says how many. Anything wrong in any log loads nothing.
//
// Errors: *corpus.DataError for what logs have wrong; of kind corpus.KindAmbiguous for what
// the options have to answer.
func Read(ctx context.Context, paths []string, o Options) (*corpus.Import, error) {
	rd := &reader{ctx: ctx, o: &o, kinds: map[string]form{}, dirs: map[string]bool{}}
	for _, path := range paths {
		if err := rd.find(path); err != nil {
			return nil, err
		}
	}
	if err := rd.readAll(); err != nil {
		return nil, err
	}
	rd.runs = slices.DeleteFunc(rd.runs, func(r *run) bool {
		if len(r.columns) == 0 {
			rd.notes = append(rd.notes, fmt.Sprintf("%s: no answer of %s to %s has a score; nothing is taken from it", r.file.Path, r.model, r.task))
		}
		return len(r.columns) == 0
	})
	if len(rd.runs) == 0 {
		return nil, &corpus.DataError{Kind: corpus.KindEmpty, File: list(paths), Reason: "holds no evaluation log with samples",
			Remedy: "Have the tool log the single samples, as lm_eval does with --log_samples, and give its output directory"}
	}
	if rd.skipped > 0 {
		rd.notes = append(rd.notes, fmt.Sprintf("%d files that are no evaluation logs were not read", rd.skipped))
	}
	in, err := assemble(rd.runs, &o)
	if err != nil {
		return nil, err
	}
	in.Notes = append(rd.notes, in.Notes...)
	return in, nil
}

type reader struct {
	ctx     context.Context
	o       *Options
	kinds   map[string]form // of the files given
	dirs    map[string]bool // whose files are known
	paths   []string        // of samples, in the order of reading
	skipped int
	notes   []string
	runs    []*run

	results    []*harnessResult
	aggregates map[string]*eeeRun
	specs      map[string]*helmSpec           // by directory
	lighteval  map[string][]*lightevalResults // by the time in their names
}

// find looks at a file or at all files of a directory, and at what describes them.
func (rd *reader) find(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if err := rd.look(path, true); err != nil {
			return err
		}
		if rd.kinds[path] == notALog {
			return &corpus.DataError{Kind: corpus.KindFormat, File: path, Reason: "is no evaluation log", Remedy: "Import tables and logs by calls of their own"}
		}
		return rd.beside(path)
	}
	n := 0
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if err := rd.ctx.Err(); err != nil {
			return err
		}
		if n++; n > maxFiles {
			return &corpus.DataError{Kind: corpus.KindLimit, File: path, Reason: fmt.Sprintf("more than %d files", maxFiles), Remedy: "Give its directories one by one"}
		}
		return rd.look(name, true)
	})
}

// beside looks at the files next to one that was given alone: what describes a run is one
// of them.
func (rd *reader) beside(path string) error {
	dir := filepath.Dir(path)
	if rd.dirs[dir] {
		return nil
	}
	rd.dirs[dir] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := filepath.Join(dir, e.Name()); e.Type().IsRegular() && filepath.Ext(name) == ".json" {
			if err := rd.look(name, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// look recognises a file. One with samples is read only if it was given.
func (rd *reader) look(path string, given bool) error {
	if kind, known := rd.kinds[path]; known {
		if given && kind.hasSamples() && !slices.Contains(rd.paths, path) {
			rd.paths = append(rd.paths, path)
		}
		return nil
	}
	kind, err := recognise(path)
	if err != nil {
		return err
	}
	rd.kinds[path] = kind
	switch kind {
	case notALog:
		if given {
			rd.skipped++
		}
	case harnessResults:
		return rd.readHarnessResults(path)
	case eeeAggregate:
		return rd.readAggregate(path)
	case helmRunSpec:
		return rd.readSpec(path)
	case lightevalGeneral:
		return rd.readLightevalResults(path)
	default:
		if given {
			rd.paths = append(rd.paths, path)
		}
	}
	return nil
}

func (rd *reader) readAll() error {
	for _, path := range rd.paths {
		var err error
		switch rd.kinds[path] {
		case harnessSamples:
			err = rd.readHarness(path)
		case eeeSamples:
			err = rd.readSamples(path)
		case inspectJSON:
			err = rd.readInspectJSON(path)
		case inspectArchive:
			err = rd.readInspect(path)
		case helmStats:
			err = rd.readHELM(path)
		case lightevalDetails:
			err = rd.readLighteval(path)
		case openCompass:
			err = rd.readOpenCompass(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
