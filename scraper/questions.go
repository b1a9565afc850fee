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

// QuestionOptions are the options of ReadQuestions.
type QuestionOptions struct {
	Hub        *hub.Client
	Benchmarks []corpus.Benchmark // the catalogue
	Parallel   int                // tasks read at once; 8 when 0
	Log        *slog.Logger       // discarded when nil

	// Keep stores the questions of one task. It is called by one goroutine at a time.
	Keep func(context.Context, []corpus.Question) error
}

// TextUnavailableError is a task with selected items whose text is in none of its files.
type TextUnavailableError struct {
	Benchmark string
	Task      string
	Items     []string // keys
	Tried     int      // files
	Err       error    // of the first file; of the first that can be retried, if there is one
}

func (e *TextUnavailableError) Error() string {
	task := e.Benchmark
	if e.Task != e.Benchmark {
		task += "/" + e.Task
	}
	text := fmt.Sprintf("read questions of %s: none of %d files has the text of item %s", task, e.Tried, e.Items[0])
	if n := len(e.Items) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the error of a file.
func (e *TextUnavailableError) Unwrap() error { return e.Err }

// ReadQuestions reads the texts of selected items, each task's from the first of its files
// that has them, and calls o.Keep once a task. Rows are matched with items by the hashes of
// the questions; see match. Tasks whose texts are in no file are returned in unavailable and
// are no error. An error ends the reading; what Keep got before it is valid.
func ReadQuestions(ctx context.Context, o QuestionOptions, tasks []corpus.UnreadTask) (unavailable []*TextUnavailableError, err error) {
	if o.Hub == nil || o.Keep == nil {
		panic("scraper: reading questions needs a Hub and a function Keep")
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
			unavailable = append(unavailable, missing)
		}
		if len(found) == 0 {
			return nil
		}
		return o.Keep(ctx, found)
	})
	slices.SortFunc(unavailable, func(a, b *TextUnavailableError) int {
		return strings.Compare(a.Benchmark+"\x00"+a.Task, b.Benchmark+"\x00"+b.Task)
	})
	return unavailable, err
}

// readTask tries a task's files one after the other.
func (o QuestionOptions) readTask(ctx context.Context, task corpus.UnreadTask) ([]corpus.Question, *TextUnavailableError, error) {
	at := slices.IndexFunc(o.Benchmarks, func(b corpus.Benchmark) bool { return b.Name == task.Benchmark })
	missing := &TextUnavailableError{Benchmark: task.Benchmark, Task: task.Task}
	for _, position := range task.Unread {
		missing.Items = append(missing.Items, task.Items[position].Key)
	}
	if at < 0 {
		missing.Err = errors.New("the benchmark is not in the catalogue; add it there")
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
		o.Log.Debug("file has no texts", "repository", file.Repo, "path", file.Path, "error", err)
		missing.Tried++
		if missing.Err == nil || retryable(err) && !retryable(missing.Err) {
			missing.Err = err
		}
	}
	return nil, missing, nil
}

// retryable reports errors of the Hub that may pass.
func retryable(err error) bool {
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

// rowsOf finds the rows of the unread items in a file. The row of an item without a hash is
// its position, as for its answer.
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
		return nil, &details.FileError{Fault: details.FaultIdentity, Detail: "the file has no questions"}
	}
	seq := make(sequence, len(task.Items))
	for k, item := range task.Items {
		seq[k] = item.Hash
	}
	aligned, ok, err := match(seq, id.Hashes)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &details.FileError{Fault: details.FaultIdentity, Detail: "the rows are not the task's questions, or another rendering of them"}
	}
	row := aligned.rows(len(task.Items))
	rows := make([]int, len(task.Unread))
	for k, position := range task.Unread {
		rows[k] = row[position]
		if want := task.Items[position].Hash; want != "" && id.Hashes[rows[k]] != want {
			return nil, &details.FileError{Fault: details.FaultIdentity, Detail: fmt.Sprintf("row %d is not item %s", rows[k], task.Items[position].Key)}
		}
	}
	return rows, nil
}
