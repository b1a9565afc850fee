package scraper

import (
	"context"
	"errors"
	"slices"

	"metabench/corpus"
)

// Store keeps what a crawl reads, and the state of every repository and file. The
// warehouse is one; storetest.Memory is another, and storetest.Run tests that a store
// fulfils this contract.
//
// The crawl makes one call at a time, so an implementation needs no locking of its
// own. Strings are not trustworthy and are kept verbatim: a model may be called
// "a'); DROP TABLE responses;--". Neither the crawl nor the store changes slices after they
// were given to Record; slices returned belong to the caller.
type Store interface {
	// Repos returns the state of every repository ever recorded, one each, ordered
	// by name (bytewise).
	Repos(ctx context.Context) ([]corpus.RepoState, error)

	// Files returns every file state recorded for a repository, ordered by
	// (Benchmark, Task, Path), bytewise; none for an unknown repository.
	//
	// A file state is identified by (Repo, Benchmark, Task, Path). Path is empty for
	// a task that the repository has no file of (StatusMissing). Benchmark and Task
	// are empty for files that hold no answers: leaderboard results and requests. One
	// task may have several states: the file that was read, and those that were
	// rejected before it. A state whose Commit is not the repository's is history.
	Files(ctx context.Context, repo string) ([]corpus.FileState, error)

	// Items returns a task's items ordered by position 0, 1, 2 …: the sequence that
	// later files of the task are compared with and brought into. None when no
	// delivery has carried items of the task.
	Items(ctx context.Context, benchmark, task string) ([]corpus.Item, error)

	// StandingFailures counts repositories, tasks and files that failed and still do. A task
	// counts when one of its file states at the repository's commit is a failure and none is
	// done, with the status of the most retryable error: transient, else policy, else
	// permanent. A file without answers counts at any commit. A repository counts when it has
	// failed and no file state with the same status explains it. Nothing counts of a
	// repository that has vanished.
	StandingFailures(ctx context.Context) (corpus.Standing, error)

	// Record keeps a delivery, data and state in one transaction: after an error, a
	// kill or a power cut either all of it is there or nothing.
	//
	//   - Repo and Files replace the states with the same identity. A Repo with an
	//     empty name is not recorded.
	//   - A block replaces the block of the same (Model, Benchmark, Task), so that
	//     delivering twice is the same as delivering once. Its length is the task's
	//     number of items, and it is in the order of Items; a longer one is an error.
	//   - Items are added by (Benchmark, Task, Position). One that is there already
	//     stays, except that an empty Hash or Prompt is filled in.
	//   - Model replaces the description of the model with the same name, field by
	//     field: zero fields and nil pointers change nothing.
	//   - A score replaces the score of the same (Model, Benchmark, Metric).
	Record(ctx context.Context, d corpus.Delivery) error
}

// Remembered is a copy of a store's states, for a crawl that is only planned. Record fails.
// The zero value is an empty store.
type Remembered struct {
	States []corpus.RepoState            // ordered by name
	Read   map[string][]corpus.FileState // by repository, each ordered as Store.Files has it
}

// Repos implements Store.
func (r Remembered) Repos(context.Context) ([]corpus.RepoState, error) {
	return slices.Clone(r.States), nil
}

// Files implements Store.
func (r Remembered) Files(_ context.Context, repo string) ([]corpus.FileState, error) {
	return slices.Clone(r.Read[repo]), nil
}

// Items implements Store: a plan needs none.
func (r Remembered) Items(context.Context, string, string) ([]corpus.Item, error) { return nil, nil }

// StandingFailures implements Store: a plan needs none.
func (r Remembered) StandingFailures(context.Context) (corpus.Standing, error) {
	return corpus.Standing{}, nil
}

// Record implements Store.
func (r Remembered) Record(context.Context, corpus.Delivery) error {
	return errors.New("a plan records nothing")
}
