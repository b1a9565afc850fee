package accuracy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files that the sections read, below the directory of the reference data.
const (
	sixFrame        = "metabench-r/gam-grand-B.csv.gz"
	originsFile     = "leaderboard/open-llm-leaderboard.csv"
	allFrames       = "oll1/metabench/gam_frames.parquet"
	mmluProMathFile = "oll2/mmlu_pro_math.parquet"
)

// fewFiles are the benchmarks with few models.
var fewFiles = []struct{ path, name string }{
	{"benchpred/arc_full.parquet", "ARC-Challenge"},
	{"benchpred/oll2_musr.parquet", "MuSR"},
	{"benchpred/oll2_math.parquet", "MATH"},
	{"benchpred/oll2_ifeval.parquet", "IFEval"},
}

func responsesFile(benchmark string) string {
	return "metabench-r/responses-" + benchmark + "-B.csv.gz"
}

func scoresFile(benchmark string) string {
	if benchmark == "hellaswag" {
		return "metabench-r/lm-hellaswag-B.csv.gz"
	}
	return "metabench-r/thetas-" + benchmark + "-B.csv.gz"
}

// sixNeeds are the files of the six benchmarks.
func sixNeeds() []string {
	files := []string{sixFrame, originsFile}
	for _, b := range six {
		files = append(files, responsesFile(b.name), scoresFile(b.name))
	}
	return files
}

func framesNeeds() []string {
	files := []string{allFrames}
	for _, path := range completeFrames {
		files = append(files, path)
	}
	return files
}

func singleNeeds() []string { return []string{mmluProMathFile} }

func fewNeeds() []string {
	var files []string
	for _, f := range fewFiles {
		files = append(files, f.path)
	}
	return files
}

// MissingError tells which files of the reference data a section lacks, and where they were
// sought. The data are no part of the program.
type MissingError struct {
	Section string
	Dir     string // absolute
	Files   []string
	Ready   []string // sections whose files are all there
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("accuracy, section %s: no %s in %s. Give the directory of the reference data",
		e.Section, strings.Join(e.Files, ", no "), e.Dir)
	if len(e.Ready) > 0 {
		s += ", or measure only what is there: --only " + strings.Join(e.Ready, ",")
	}
	return s
}

// missing returns the files of a section that are not in a directory.
func (s *section) missing(dir string) (files []string) {
	for _, path := range s.needs() {
		if _, err := os.Stat(filepath.Join(dir, path)); errors.Is(err, fs.ErrNotExist) {
			files = append(files, path)
		}
	}
	return files
}

// check looks for the files of all sections before the first of them takes its minutes.
func check(dir string, chosen func(*section) bool) error {
	where, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("accuracy: %w", err)
	}
	var first *MissingError
	var ready []string
	for k := range sections {
		part := &sections[k]
		if files := part.missing(dir); len(files) == 0 {
			ready = append(ready, part.name)
		} else if chosen(part) && first == nil {
			first = &MissingError{Section: part.name, Dir: where, Files: files}
		}
	}
	if first == nil {
		return nil
	}
	first.Ready = ready
	return first
}
