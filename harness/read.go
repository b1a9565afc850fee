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
const maxFiles = 100_000

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
// In a directory, files that are not of metabench's tasks are skipped with a warning. A
// broken file costs its own task only, see Output.Failed; if no file can be used, the error
// is that of the first.
func Read(ctx context.Context, paths ...string) (*Output, error) {
	return ReadRun(ctx, "", paths...)
}

// ReadRun is Read for one of several runs: the one whose identifier begins with a text, or
// whose line, Run.String, contains it.
func ReadRun(ctx context.Context, run string, paths ...string) (*Output, error) {
	r, err := readPaths(ctx, nil, paths)
	if err != nil {
		return nil, err
	}
	chosen, err := chooseRun(r.tasks, run)
	if err != nil {
		return nil, err
	}
	return r.output(chosen, func(t *Task) bool { return t.Run.ID == chosen.ID || !t.Run.Known })
}

// readPaths reads all files and says which run each task is of.
func readPaths(ctx context.Context, catalogue []corpus.Benchmark, paths []string) (*reader, error) {
	r := &reader{ctx: ctx, catalogue: catalogue}
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
	if err := r.any(paths); err != nil {
		return nil, err
	}
	r.assignResults()
	return r, nil
}

type reader struct {
	ctx       context.Context
	catalogue []corpus.Benchmark // whose original tasks are read
	tasks     []*Task
	failed    []*Task
	results   []*resultsFile
	warnings  []string
	current   *collector // of the file being read
}

// fail records that a file can't be used, so that the others are read. An error that isn't
// about the file's content, such as that of a disk, is returned.
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
		if errors.As(err, &e) && r.unrelated(path) {
			r.warnings = append(r.warnings, "not used: "+e.Error())
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

// looksLikeOutput reports whether a file's name is one that the harness may have written;
// others are not opened.
func looksLikeOutput(path string) bool {
	switch filepath.Ext(strings.TrimSuffix(path, ".gz")) {
	case ".json", ".jsonl":
		return true
	}
	return false
}

// unrelated reports whether a file that can't be read is no output of metabench's tasks,
// rather than a broken one: its name says nothing of them, and its first object failed.
func (r *reader) unrelated(path string) bool {
	return !strings.Contains(filepath.Base(path), "metabench") && r.current.samples == 0
}

func (r *reader) readFile(path string) error {
	return r.read(path, func(f recordFunc) error { return eachRecord(r.ctx, path, f) })
}

// read reads one file, of samples or of results: its first object tells.
func (r *reader) read(path string, each func(recordFunc) error) error {
	c := &collector{file: path, original: originalTask(parseFileName(path).task, r.catalogue)}
	r.current = c
	var results *resultsFile
	err := each(func(record []byte, line int64) (err error) {
		if c.samples == 0 && isResults(record) {
			if results, err = parseResults(path, record); err == nil {
				err = io.EOF
			}
			return err
		}
		s, err := parseSample(path, line, record)
		if err != nil {
			return err
		}
		return c.add(s)
	})
	if err != nil {
		return err
	}
	if results != nil {
		r.results = append(r.results, results)
		return nil
	}
	t, err := c.task(parseFileName(path))
	if err != nil {
		return err
	}
	r.tasks = append(r.tasks, t)
	return nil
}

// any says why nothing can be used.
func (r *reader) any(paths []string) error {
	if len(r.tasks) > 0 {
		return nil
	}
	if len(r.failed) > 0 {
		return r.failed[0].Failed
	}
	e := &corpus.DataError{Kind: corpus.KindEmpty, File: strings.Join(paths, ", "), Reason: "no samples of metabench's tasks",
		Remedy: "Run lm_eval with --log_samples on the metabench tasks"}
	if len(r.warnings) > 0 {
		e.Remedy += ". " + strings.Join(r.warnings, "; ")
	}
	return e
}

// output is what there is of a run; failed tells which of the files that can't be used
// are its.
func (r *reader) output(run Run, failed func(*Task) bool) (*Output, error) {
	out := &Output{Model: run.Model, Run: run, Warnings: slices.Clone(r.warnings)}
	for _, t := range r.failed {
		if failed(t) {
			out.Failed = append(out.Failed, *t)
		}
	}
	var tasks []*Task
	for _, t := range r.tasks {
		if t.Run.ID == run.ID {
			tasks = append(tasks, t)
		}
	}
	chosen, warnings, err := newest(tasks)
	if err != nil {
		return nil, err
	}
	out.Warnings = append(out.Warnings, warnings...)
	for _, t := range joined(chosen) {
		out.Tasks = append(out.Tasks, *t)
	}
	return out, nil
}

// assignResults sets the settings and the run of every task by its results file: the one
// of the same time in the same directory, else the only one there.
func (r *reader) assignResults() {
	all := slices.Concat(r.tasks, r.failed)
	tasksOf := map[*resultsFile][]*Task{}
	for _, t := range all {
		if f := r.resultsOf(t); f != nil {
			tasksOf[f] = append(tasksOf[f], t)
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
	for f, tasks := range tasksOf {
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

// resultsOf is the results file of a task; nil if there is none.
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
		t.warn("the results count %d questions, the samples hold %d", *n, len(t.Items))
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
			t.warn("the results have %s = %.6f, the samples %.6f: the file may not be whole", mean.Metric, mean.Value,
				float64(right)/float64(n))
		}
	}
}

// part is the name of a task that is one of several of its benchmark and form.
func (t *Task) part() string {
	if t.Original {
		return t.Name
	}
	return ""
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
			plainFirst(a.Permuted)-plainFirst(b.Permuted), strings.Compare(a.part(), b.part()))
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
					Reason: fmt.Sprintf("%s holds the same task, and the files' names don't tell which run is newer", runs[0].File),
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
