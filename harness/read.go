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
	Run      Run
	Tasks    []Task // by benchmark, form, plain before permuted
	Failed   []Task // of files that can't be used, in the order of reading
	Warnings []string
}

// Read reads the output of lm-evaluation-harness for one run: sample logs, results
// files and directories of them, in any mixture.
//
// A task that was logged several times is taken from the newest time, and a warning says
// so; where the names don't tell which is newest, Read refuses. Of several runs, which
// are other models or other arguments, none is chosen and nothing merged: the error is
// a *RunsError.
//
// In a directory, files that are not of metabench's tasks are passed over with a
// warning. A file that is broken costs its own task only, see Output.Failed; if nothing
// can be used, the error is that of the first.
func Read(ctx context.Context, paths ...string) (*Output, error) {
	return ReadRun(ctx, "", paths...)
}

// ReadRun is Read where there may be several runs: of the one whose identifier begins
// with the given text or whose line, Run.String, contains it.
func ReadRun(ctx context.Context, run string, paths ...string) (*Output, error) {
	r := &reader{ctx: ctx, run: run}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			err = r.readDir(path)
		} else {
			err = r.fail(path, r.readFile(path))
		}
		if err != nil {
			return nil, err
		}
	}
	return r.output(paths)
}

type reader struct {
	ctx      context.Context
	run      string // as ReadRun has it
	tasks    []*Task
	failed   []*Task
	results  []*resultsFile
	warnings []string
	current  *collector // of the file being read
}

// fail keeps in mind that a file can't be used, so that the others are. Errors that
// aren't the file's own, such as that of a disk, pass.
func (r *reader) fail(path string, err error) error {
	var e *corpus.DataError
	if !errors.As(err, &e) {
		return err
	}
	name := parseFileName(path)
	t := &Task{Name: name.task, Time: name.time, File: path, Model: modelOfDirectory(path), Failed: err}
	t.Benchmark, t.Form, t.Permuted, _ = exportedTask(name.task)
	if of := (&Task{Name: name.task}); t.Benchmark == "" && r.current != nil && r.current.identify(of) == nil {
		t.Benchmark, t.Form, t.Permuted = of.Benchmark, of.Form, of.Permuted
	}
	r.failed = append(r.failed, t)
	return nil
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
			return &corpus.DataError{Kind: corpus.KindLimit, File: dir, Reason: fmt.Sprintf("more than %d files", maxFiles),
				Remedy: "Give the directory of one model"}
		}
		err = r.readFile(path)
		var e *corpus.DataError
		if errors.As(err, &e) && r.foreign(path) {
			r.warnings = append(r.warnings, "passed over: "+e.Error())
			return nil
		}
		return r.fail(path, err)
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return &corpus.DataError{Kind: corpus.KindEmpty, File: dir, Reason: "the directory holds no .json or .jsonl file",
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
func (r *reader) foreign(path string) bool {
	return !strings.Contains(filepath.Base(path), "metabench") && r.current.samples == 0
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
	c := &collector{file: path}
	r.current = c
	records, err := newRecords(path, stream)
	if err != nil {
		return err
	}
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
		if len(r.failed) > 0 {
			return nil, r.failed[0].Failed
		}
		e := &corpus.DataError{Kind: corpus.KindEmpty, File: strings.Join(paths, ", "), Reason: "no samples of metabench's tasks",
			Remedy: "Run lm_eval with --log_samples on the metabench tasks"}
		if len(r.warnings) > 0 {
			e.Remedy += ". " + strings.Join(r.warnings, "; ")
		}
		return nil, e
	}
	r.settle()
	run, err := chooseRun(r.tasks, r.run)
	if err != nil {
		return nil, err
	}
	out := &Output{Model: run.Model, Run: run, Warnings: r.warnings}
	for _, t := range r.failed {
		if t.Run.ID == run.ID || !t.Run.Known {
			out.Failed = append(out.Failed, *t)
		}
	}
	chosen, warnings, err := newest(slices.DeleteFunc(r.tasks, func(t *Task) bool { return t.Run.ID != run.ID }))
	if err != nil {
		return nil, err
	}
	out.Warnings = append(out.Warnings, warnings...)
	for _, t := range chosen {
		out.Tasks = append(out.Tasks, *t)
	}
	return out, nil
}

// settle gives every task the settings and the run of its results file: the one of the
// same time in the same directory, else the only one there.
func (r *reader) settle() {
	all := slices.Concat(r.tasks, r.failed)
	told := map[*resultsFile][]*Task{}
	for _, t := range all {
		if f := r.resultsOf(t); f != nil {
			told[f] = append(told[f], t)
			t.Settings = f.settings(t.Name)
			if t.Settings.Model != "" {
				t.Model = t.Settings.Model
			}
			if t.Failed == nil {
				t.compareWithResults()
			}
		}
		t.Run = newRun(t.Model, nil, false)
	}
	for f, tasks := range told {
		var shots []string
		for _, t := range tasks {
			if t.Settings.Shots != nil {
				shots = append(shots, fmt.Sprint(*t.Settings.Shots))
			}
		}
		for _, t := range tasks {
			t.Run = newRun(t.Model, f.arguments(shots), true)
		}
	}
}

// resultsOf is the results file that speaks of a task; nil if there is none.
func (r *reader) resultsOf(t *Task) *resultsFile {
	var beside []*resultsFile
	for _, f := range r.results {
		if filepath.Dir(f.path) != filepath.Dir(t.File) {
			continue
		}
		beside = append(beside, f)
		if parseFileName(f.path).time == t.Time {
			return f
		}
	}
	if len(beside) == 1 && t.Time == "" {
		return beside[0]
	}
	return nil
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

// newest keeps the newest log of every task.
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
				return nil, nil, &corpus.DataError{Kind: corpus.KindAmbiguous, File: last.File,
					Reason: fmt.Sprintf("%s holds the same task, and the names don't say which run is newer", runs[0].File),
					Remedy: "Give the file or directory of one run"}
			}
			warning := fmt.Sprintf("%s was run %d times; the newest of %s is taken, from %s", runs[0].Name, len(runs), runs[0].Time, runs[0].File)
			if !runs[0].Run.Known {
				warning += "; without results files nothing says whether the arguments were the same"
			}
			warnings = append(warnings, warning)
		}
		chosen = append(chosen, runs[0])
		from = to
	}
	return chosen, warnings, nil
}
