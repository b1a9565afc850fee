package scraper

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"metabench/corpus"
	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
	"metabench/scraper/details"
)

// itemStore stores only items.
type itemStore struct {
	Store
	items []corpus.Item
}

func (s *itemStore) Items(context.Context, string, string) ([]corpus.Item, error) {
	return s.items, nil
}

func (s *itemStore) Record(_ context.Context, d corpus.Delivery) error {
	s.items = append(s.items, d.Items...)
	return nil
}

// slowSource is a file in memory that can be read only after the gate is open.
type slowSource struct {
	data []byte
	gate chan struct{} // nil: open
}

func (s *slowSource) Size() int64 { return int64(len(s.data)) }

func (s *slowSource) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, s.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *slowSource) Prefetch(...details.Span) error {
	if s.gate != nil {
		<-s.gate
	}
	return nil
}

// fileOf reads the only arc file of a replica's first model.
func fileOf(t *testing.T, generation hubtest.Generation, benchmarks []corpus.Benchmark) []byte {
	t.Helper()
	replica := hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 1, Generation: generation, Benchmarks: benchmarks})
	server, err := hubtest.NewServer(replica, hubtest.ServerOptions{Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := truth.Of(replica).Repos()[0]
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(server.Endpoint() + "/datasets/" + r.Repo + "/resolve/" + r.Commit + "/" + r.Tasks[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	return data
}

// While one file waits for its questions, files with a known fingerprint and files of
// another kind don't.
func TestSlowQuestionsHoldUpNoOtherFileOfTheTask(t *testing.T) {
	benchmarks := hubtest.Scaled(hubtest.Leaderboard()[:1], 0.5, 1)
	task := taskOf{benchmarks[0], benchmarks[0].Tasks[0]}
	older, newer := fileOf(t, hubtest.GenerationA, benchmarks), fileOf(t, hubtest.GenerationB, benchmarks)
	open := func(s *slowSource) *details.File {
		gate := s.gate
		s.gate = nil // the footer comes at once
		f, err := details.Open(s, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.gate = gate
		return f
	}
	orders := newAligner(&serialStore{store: &itemStore{}})
	if _, err := orders.align(t.Context(), task, open(&slowSource{data: older})); err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	slow := open(&slowSource{data: newer, gate: gate})
	if slow.Fingerprint() == "" || slow.Fingerprint() == open(&slowSource{data: older}).Fingerprint() {
		t.Fatal("the files are not of two kinds")
	}
	aligned := make(chan error, 1)
	go func() {
		_, err := orders.align(t.Context(), task, slow)
		aligned <- err
	}()
	time.Sleep(20 * time.Millisecond) // the slow one waits for its questions
	done := make(chan error, 1)
	go func() {
		_, err := orders.align(t.Context(), task, open(&slowSource{data: older}))
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("a file whose order is known waits for another file's questions")
	}
	close(gate)
	if err := <-aligned; err != nil {
		t.Error(err)
	}
}
