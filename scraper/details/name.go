package details

import (
	"path"
	"regexp"
	"strconv"
	"time"
)

// Name is the parsed base name of an evaluation file.
type Name struct {
	Suite string    // "harness"; "original" and "lighteval" are other suites
	Task  string    // "arc:challenge", "hendrycksTest-anatomy"
	Shots int       // few-shot examples
	Run   time.Time // start of the evaluation, taken as UTC
}

var nameGrammar = regexp.MustCompile(
	`^details_([^|]+)\|([^|]+)\|(\d{1,3})_(\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d(?:\.\d{1,9})?)\.parquet$`)

// ParseName reads the base name of a path; ok is false when it isn't the name of an
// evaluation file.
//
//	details_harness|arc:challenge|25_2023-07-19T15:58:12.174583.parquet   until about 2023-08
//	details_harness|gsm8k|5_2023-09-18T03-05-58.053951.parquet            since
func ParseName(file string) (n Name, ok bool) {
	m := nameGrammar.FindStringSubmatch(path.Base(file))
	if m == nil {
		return Name{}, false
	}
	shots, err := strconv.Atoi(m[3])
	if err != nil {
		return Name{}, false
	}
	run, ok := ParseRun(m[4])
	return Name{Suite: m[1], Task: m[2], Shots: shots, Run: run}, ok
}

// ParseRun reads a run's time in any of its spellings: 2023-07-19T15:58:12.174583,
// 2023-09-18T03-05-58.053951, and as the name of a split 2023_09_18T03_05_58.053951.
// The fraction is left out where it is zero.
func ParseRun(text string) (time.Time, bool) {
	const layout = "2006-01-02T15:04:05.999999999"
	if len(text) < len("2006-01-02T15:04:05") {
		return time.Time{}, false
	}
	b := []byte(text)
	for i, c := range b[:len("2006-01-02T15:04:05")] {
		if c != '-' && c != ':' && c != '_' {
			continue
		}
		if i < len("2006-01-02") {
			b[i] = '-'
		} else {
			b[i] = ':'
		}
	}
	t, err := time.Parse(layout, string(b))
	return t, err == nil
}
