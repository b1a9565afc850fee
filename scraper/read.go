package scraper

import (
	"context"
	"log/slog"

	"metabench/corpus"
	"metabench/scraper/details"
	"metabench/scraper/hub"
)

// read reads and verifies one file. The errors are of the Hub, or a *FileError of
// package details.
func (v *visit) read(ctx context.Context, t taskOf, candidate details.Candidate, e hub.Entry) (corpus.Block, error) {
	remote, err := v.Hub.Open(ctx, v.Repo, v.SHA, e)
	if err != nil {
		return corpus.Block{}, err
	}
	defer remote.Close() //nolint:errcheck // a temporary file that was only read
	if v.Full {
		if err := remote.Whole(); err != nil {
			return corpus.Block{}, err
		}
	}
	var answers []uint8
	var aligned *alignment
	err = readAgainIfDamaged(v.Log.With("repository", v.Repo, "path", e.Path), remote, func() (err error) {
		answers, aligned, err = v.answers(ctx, t, remote)
		return err
	})
	if err != nil {
		return corpus.Block{}, err
	}
	switch aligned.kind {
	case corpus.OrderRealigned:
		v.count(&v.progress.Realigned, 1)
	case corpus.OrderAssumed:
		v.count(&v.progress.Assumed, 1)
	}
	file := corpus.File{Repo: v.Repo, Commit: v.SHA, Path: e.Path, Size: e.Size, SHA256: remote.SHA256(),
		Verified: corpus.VerifiedStructure, Order: aligned.kind, Run: candidate.Name.Run, ReadAt: v.Now()}
	if remote.Hashed() {
		file.Verified = corpus.VerifiedHash
	}
	return corpus.Block{Model: v.model, Benchmark: t.Benchmark.Name, Task: t.Task.Name, File: file, Correct: aligned.apply(answers)}, nil
}

// readAgainIfDamaged calls read, and if the file's bytes are malformed or the file has
// changed meanwhile, once more after the whole file was read and its hash verified. Damage
// that remains is the file's own.
func readAgainIfDamaged(log *slog.Logger, remote *hub.Remote, read func() error) error {
	err := read()
	if hub.KindOf(err) != hub.KindChanged && (details.FaultOf(err) != details.FaultCorrupt || remote.Hashed()) {
		return err
	}
	log.Debug("damaged, read again as a whole", "error", err)
	if err := remote.Whole(); err != nil {
		return err
	}
	return read()
}

// answers reads footer, answers and, if they are needed, questions.
func (v *visit) answers(ctx context.Context, t taskOf, remote *hub.Remote) ([]uint8, *alignment, error) {
	f, err := details.Open(remote, v.orders.tail(t))
	if err != nil {
		return nil, nil, err
	}
	v.orders.sawTail(t, f.FooterSize())
	if err := f.CheckRows(t.Task.Items); err != nil {
		return nil, nil, err
	}
	answers, err := f.Answers(t.Benchmark.Metric)
	if err != nil {
		return nil, nil, err
	}
	aligned, err := v.orders.align(ctx, t, f)
	return answers, aligned, err
}
