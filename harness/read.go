package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"metabench/corpus"
)

// maxFiles bounds how many files of a directory are looked at.
const maxFiles = 10_000

// Output is what was read of one model's evaluation.
type Output struct {
	Model    string // as the results say, else by the directory's name
	Tasks    []Task // by benchmark, form, plain before permuted
	Warnings []string
}

// Read reads the output of lm-evaluation-harness for one model: sample logs, results
// files and directories of them, in any mixture.
//
// A task that was run several times is taken from its newest run, and a warning says
// so; where the names don't tell which run is newest, or where there are several
// models, Read refuses. In a directory, files that are not of metabench's tasks are
// passed over with a warning; named one by one they are an error.
func Read(ctx context.Context, paths ...string) (*Output, error) {
	r := &reader{ctx: ctx}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			err = r.readDir(path)
		} else {
			err = r.readFile(path)
		}
		if err != nil {
			return nil, err
		}
	}
	return r.output(paths)
}

type reader struct {
	ctx      context.Context
	tasks    []*Task
	results  []*resultsFile
	warnings []string
	accepted int // samples accepted of the file being read
}

func (r *reader) readDir(dir string) error {
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || !looksLikeOutput(path) {
			return nil
		}
		if n++; n > maxFiles {
			return &Error{Kind: KindLimit, File: dir, Problem: fmt.Sprintf("more than %d files", maxFiles),
				Remedy: "Give the directory of one model"}
		}
		err = r.readFile(path)
		var e *Error
		if errors.As(err, &e) && r.foreign(path, e.Kind) {
			r.warnings = append(r.warnings, "passed over: "+e.Error())
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return &Error{Kind: KindEmpty, File: dir, Problem: "the directory holds no .json or .jsonl file",
			Remedy: "Run lm_eval with --log_samples and --output_path, and give that directory"}
	}
	return nil
}

// looksLikeOutput passes over what lies beside an evaluation without opening it.
func looksLikeOutput(path string) bool {
	switch filepath.Ext(strings.TrimSuffix(path, ".gz")) {
	case ".json", ".jsonl":
		return true
	}
	return false
}

// foreign reports whether a file is something else rather than something broken: it
// isn't named like one of metabench's, and its very first object already failed.
func (r *reader) foreign(path string, k Kind) bool {
	if strings.Contains(filepath.Base(path), "metabench") || r.accepted > 0 {
		return false
	}
	return k == KindTask || k == KindIdentity || k == KindFormat || k == KindEmpty
}

func (r *reader) readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = r.readStream(path, f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// readStream reads one file, of samples or of results: its first object tells.
func (r *reader) readStream(path string, stream io.Reader) error {
	records, err := newRecords(path, stream)
	if err != nil {
		return err
	}
	c := &collector{file: path}
	defer func() { r.accepted = c.samples }()
	for {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		record, line, err := records.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if c.samples == 0 && isResults(record) {
			results, err := parseResults(path, record)
			if err != nil {
				return err
			}
			r.results = append(r.results, results)
			return nil
		}
		s, err := parseSample(path, line, record)
		if err != nil {
			return err
		}
		if err := c.add(s); err != nil {
			return err
		}
	}
	t, err := c.task(parseFileName(path))
	if err != nil {
		return err
	}
	r.tasks = append(r.tasks, t)
	return nil
}

func (r *reader) output(paths []string) (*Output, error) {
	if len(r.tasks) == 0 {
		e := &Error{Kind: KindEmpty, File: strings.Join(paths, ", "), Problem: "no samples of metabench's tasks",
			Remedy: "Run lm_eval with --log_samples on the metabench tasks"}
		if len(r.warnings) > 0 {
			e.Remedy += ". " + strings.Join(r.warnings, "; ")
		}
		return nil, e
	}
	for _, t := range r.tasks {
		r.settle(t)
	}
	model, err := oneModel(r.tasks)
	if err != nil {
		return nil, err
	}
	out := &Output{Model: model, Warnings: r.warnings}
	chosen, warnings, err := newest(r.tasks)
	if err != nil {
		return nil, err
	}
	out.Warnings = append(out.Warnings, warnings...)
	for _, t := range chosen {
		out.Tasks = append(out.Tasks, *t)
	}
	return out, nil
}

// settle gives a task the settings of its run: those of the results file of the same
// time in the same directory, else of the only one there.
func (r *reader) settle(t *Task) {
	var same, beside []*resultsFile
	for _, f := range r.results {
		if filepath.Dir(f.path) != filepath.Dir(t.File) {
			continue
		}
		beside = append(beside, f)
		if parseFileName(f.path).time == t.Time {
			same = append(same, f)
		}
	}
	if len(same) == 0 && len(beside) == 1 && t.Time == "" {
		same = beside
	}
	if len(same) == 0 {
		return
	}
	t.Settings = same[0].settings(t.Name)
	if t.Settings.Model != "" {
		t.Model = t.Settings.Model
	}
	t.compareWithResults()
}

// compareWithResults checks the samples against what the harness counted itself.
func (t *Task) compareWithResults() {
	if n := t.Settings.Samples; n != nil && *n != len(t.Items) {
		t.warn("the results speak of %d questions, the samples hold %d", *n, len(t.Items))
	}
	for _, mean := range t.Settings.Means {
		answers, ok := t.Answers[mean.Metric]
		if !ok {
			continue
		}
		right, n := 0, 0
		for _, a := range answers {
			if a != corpus.Missing {
				right += int(a)
				n++
			}
		}
		if n > 0 && math.Abs(float64(right)/float64(n)-mean.Value) > 1e-6 {
			t.warn("the results say %s = %.6f, the samples give %.6f: the file may not be whole", mean.Metric, mean.Value,
				float64(right)/float64(n))
		}
	}
}

func oneModel(tasks []*Task) (string, error) {
	first := tasks[0]
	for _, t := range tasks[1:] {
		if t.Model != first.Model {
			return "", &Error{Kind: KindAmbiguous, File: t.File,
				Problem: fmt.Sprintf("the samples are of %s, and %s are of %s", t.Model, first.File, first.Model),
				Remedy:  "Give the output of one model at a time"}
		}
	}
	return first.Model, nil
}

// newest keeps the newest run of every task.
func newest(tasks []*Task) (chosen []*Task, warnings []string, err error) {
	tasks = slices.Clone(tasks)
	plainFirst := func(permuted bool) int {
		if permuted {
			return 1
		}
		return 0
	}
	kind := func(a, b *Task) int {
		return cmp.Or(strings.Compare(a.Benchmark, b.Benchmark), cmp.Compare(a.Form, b.Form),
			plainFirst(a.Permuted)-plainFirst(b.Permuted))
	}
	slices.SortStableFunc(tasks, func(a, b *Task) int { return cmp.Or(kind(a, b), strings.Compare(b.Time, a.Time)) })
	for from := 0; from < len(tasks); {
		to := from + 1
		for to < len(tasks) && kind(tasks[from], tasks[to]) == 0 {
			to++
		}
		runs := tasks[from:to]
		if len(runs) > 1 {
			if last := runs[len(runs)-1]; runs[0].Time == runs[1].Time || last.Time == "" {
				return nil, nil, &Error{Kind: KindAmbiguous, File: last.File,
					Problem: fmt.Sprintf("%s holds the same task, and the names don't say which run is newer", runs[0].File),
					Remedy:  "Give the file or directory of one run"}
			}
			warnings = append(warnings, fmt.Sprintf("%s was run %d times; the newest of %s is taken, from %s",
				runs[0].Name, len(runs), runs[0].Time, runs[0].File))
		}
		chosen = append(chosen, runs[0])
		from = to
	}
	return chosen, warnings, nil
}
