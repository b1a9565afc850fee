package scraper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"metabench/corpus"
	"metabench/scraper/details"
	"metabench/scraper/hub"
)

// QuestionOptions say how questions are read.
type QuestionOptions struct {
	Hub        *hub.Client
	Benchmarks []corpus.Benchmark // the catalogue
	Parallel   int                // tasks read at once; 8 when 0
	Log        *slog.Logger       // discarded when nil

	// Keep takes the questions of one task. It is called by one goroutine at a time.
	Keep func(context.Context, []corpus.Question) error
}

// UntoldError says that no file tells what a task's selected items ask.
type UntoldError struct {
	Benchmark string
	Task      string
	Items     []string // keys
	Tried     int      // files
	Err       error    // why the first one doesn't; a failure that may pass goes before
}

func (e *UntoldError) Error() string {
	task := e.Benchmark
	if e.Task != e.Benchmark {
		task += "/" + e.Task
	}
	text := fmt.Sprintf("read questions of %s: none of %d files tells what item %s", task, e.Tried, e.Items[0])
	if n := len(e.Items) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	text += " ask"
	if len(e.Items) == 1 {
		text += "s"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns why a file doesn't tell.
func (e *UntoldError) Unwrap() error { return e.Err }

// ReadQuestions reads what selected items ask, each task from the first of its files
// that tells it, and hands the questions over task by task. A file's rows count only
// as the task's questions when their hashes say so; see match. Tasks that no file
// tells about are returned as *UntoldError and are no error. An error means that
// going on makes no sense; what was handed over before is good.
func ReadQuestions(ctx context.Context, o QuestionOptions, tasks []corpus.UnreadTask) (untold []*UntoldError, err error) {
	if o.Hub == nil || o.Keep == nil {
		panic("scraper: reading questions needs a hub and someone to keep them")
	}
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var mu sync.Mutex
	err = inParallel(ctx, o.Parallel, tasks, func(ctx context.Context, task corpus.UnreadTask) error {
		found, missing, err := o.readTask(ctx, task)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if missing != nil {
			untold = append(untold, missing)
		}
		if len(found) == 0 {
			return nil
		}
		return o.Keep(ctx, found)
	})
	slices.SortFunc(untold, func(a, b *UntoldError) int {
		return strings.Compare(a.Benchmark+"\x00"+a.Task, b.Benchmark+"\x00"+b.Task)
	})
	return untold, err
}

// readTask tries a task's files one after the other.
func (o QuestionOptions) readTask(ctx context.Context, task corpus.UnreadTask) ([]corpus.Question, *UntoldError, error) {
	at := slices.IndexFunc(o.Benchmarks, func(b corpus.Benchmark) bool { return b.Name == task.Benchmark })
	missing := &UntoldError{Benchmark: task.Benchmark, Task: task.Task}
	for _, position := range task.Unread {
		missing.Items = append(missing.Items, task.Items[position].Key)
	}
	if at < 0 {
		missing.Err = errors.New("the catalogue doesn't say how it is asked; describe it there")
		return nil, missing, nil
	}
	for _, file := range task.Files {
		found, err := o.readFile(ctx, o.Benchmarks[at], task, file)
		if err == nil {
			return found, nil, nil
		}
		if fatal(err) || hub.KindOf(err) == hub.KindNetwork {
			return nil, nil, fmt.Errorf("read questions of %s/%s: %w", task.Benchmark, task.Task, err)
		}
		o.Log.Debug("file tells no questions", "repository", file.Repo, "path", file.Path, "error", err)
		missing.Tried++
		if missing.Err == nil || mayPass(err) && !mayPass(missing.Err) {
			missing.Err = err
		}
	}
	return nil, missing, nil
}

// mayPass reports failures of the Hub that another try may cure.
func mayPass(err error) bool {
	kind := hub.KindOf(err)
	return kind != "" && kind.Status() == corpus.StatusTransient
}

// readFile reads a task's questions from one file.
func (o QuestionOptions) readFile(ctx context.Context, b corpus.Benchmark, task corpus.UnreadTask, file corpus.File) (found []corpus.Question, err error) {
	remote, err := o.Hub.Open(ctx, file.Repo, file.Commit, hub.Entry{Path: file.Path, Size: file.Size, SHA256: file.SHA256})
	if err != nil {
		return nil, err
	}
	defer remote.Close() //nolint:errcheck // a temporary file that was only read
	err = readAgainIfDamaged(o.Log.With("repository", file.Repo, "path", file.Path), remote, func() error {
		f, err := details.Open(remote, 0)
		if err != nil {
			return err
		}
		if err := f.HasQuestions(b); err != nil {
			return err
		}
		rows, err := rowsOf(f, task)
		if err != nil {
			return err
		}
		found, err = f.Questions(b, rows)
		return err
	})
	for k := range found {
		item := task.Items[task.Unread[k]]
		q := &found[k]
		q.Benchmark, q.Task, q.Key, q.Position, q.Hash, q.File = task.Benchmark, task.Task, item.Key, item.Position, item.Hash, file
	}
	return found, err
}

// rowsOf finds in which rows of a file the unread items are. Items without a hash
// are where their position says, as their answers are.
func rowsOf(f *details.File, task corpus.UnreadTask) ([]int, error) {
	if err := f.CheckRows(len(task.Items)); err != nil {
		return nil, err
	}
	known := slices.ContainsFunc(task.Unread, func(p int) bool { return task.Items[p].Hash != "" })
	if !known {
		return task.Unread, nil
	}
	id, err := f.Identity()
	if err != nil {
		return nil, err
	}
	if id == nil {
		return nil, &details.FileError{Fault: details.FaultIdentity, Detail: "the file doesn't say which question a row is"}
	}
	seq := make(sequence, len(task.Items))
	for k, item := range task.Items {
		seq[k] = item.Hash
	}
	placed, ok, err := match(seq, id.Hashes)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &details.FileError{Fault: details.FaultIdentity, Detail: "the rows are not the task's questions, or show them differently"}
	}
	row := placed.rows(len(task.Items))
	rows := make([]int, len(task.Unread))
	for k, position := range task.Unread {
		rows[k] = row[position]
		if want := task.Items[position].Hash; want != "" && id.Hashes[rows[k]] != want {
			return nil, &details.FileError{Fault: details.FaultIdentity, Detail: fmt.Sprintf("row %d is not item %s", rows[k], task.Items[position].Key)}
		}
	}
	return rows, nil
}
