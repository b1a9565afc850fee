package scraper

import (
	"context"
	"errors"
	"slices"

	"metabench/corpus"
)

// Store is the crawl's memory: what was read, and how far the crawl has come. The
// warehouse is one; storetest.Memory is another, and storetest.Run is the contract
// below as a test that both have to pass.
//
// The crawl makes one call at a time, so an implementation needs no locking of its
// own. Strings come from strangers and are kept verbatim: a model may be called
// "a'); DROP TABLE responses;--". Slices given to Record are not touched by the
// crawl afterwards and not by the store; slices returned belong to the caller.
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

	// StandingFailures counts what can't be had, as long as that is so. A task counts
	// as failed when one of its file states at the repository's commit is a failure and
	// none is done: as the most hopeful of them, transient before policy before
	// permanent. So do files without answers, at any commit. A repository counts when it
	// has failed and no file with the same status says why. None counts once the
	// repository is gone.
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
	//   - Model replaces what is known of the model with the same name, field by
	//     field: zero fields and nil pointers leave what is there.
	//   - A score replaces the score of the same (Model, Benchmark, Metric).
	Record(ctx context.Context, d corpus.Delivery) error
}

// Remembered is what a store remembers, without the store: for a crawl that is only
// planned. It keeps nothing. The zero value remembers nothing.
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

// Items implements Store: a plan has no use for them.
func (r Remembered) Items(context.Context, string, string) ([]corpus.Item, error) { return nil, nil }

// StandingFailures implements Store: a plan has no use for them.
func (r Remembered) StandingFailures(context.Context) (corpus.Standing, error) {
	return corpus.Standing{}, nil
}

// Record implements Store.
func (r Remembered) Record(context.Context, corpus.Delivery) error {
	return errors.New("a plan keeps nothing")
}
