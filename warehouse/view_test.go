package warehouse

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"metabench/analysis/response"
	"metabench/corpus"
)

// turns are two loads of the same file that differ in models, items, answers and scores.
func turns() [2]corpus.Import {
	var both [2]corpus.Import
	for v, keys := range [][]string{{"1", "2", "3"}, {"3", "1"}} {
		both[v].Items = itemsOf(keys...)
		for i := range 20 + v {
			answers := make([]uint8, len(keys))
			for k := range answers {
				answers[k] = uint8(v)
			}
			both[v].Blocks = append(both[v].Blocks, blockOf("t.csv", fmt.Sprintf("m%02d", i), answers...))
		}
	}
	return both
}

func TestResponsesAreOfOneMoment(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	mustImport(t, w, turns()[0])
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			if _, err := w.Import(ctx, turns()[n%2]); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
				return
			}
		}
	})
	defer writing.Wait()
	defer stop()
	for range 60 {
		table, scores, err := w.Responses(t.Context(), "quiz", All)
		if err != nil {
			t.Fatal(err)
		}
		models, items, want := 20, 3, response.Wrong
		if scores[0] == 100 {
			models, items, want = 21, 2, response.Correct
		}
		if len(table.Models) != models || len(table.Items) != items {
			t.Fatalf("%d models and %d items with scores of %v", len(table.Models), len(table.Items), scores[0])
		}
		for i := range models {
			for j := range items {
				if got := table.Answers.At(i, j); got != want {
					t.Fatalf("answer %v with a score of %v", got, scores[i])
				}
			}
		}
	}
}

func TestViewShowsOneMoment(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	both := turns()
	mustImport(t, w, both[0])
	look := func(w *Warehouse) string {
		fingerprint, err := w.Fingerprint(t.Context(), "quiz")
		if err != nil {
			t.Fatal(err)
		}
		means, err := w.MeanScores(t.Context(), []string{"quiz"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		table, scores, err := w.Responses(t.Context(), "quiz", Kept)
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := w.Metrics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		metrics = metrics[:4] // without the size of the file
		return fmt.Sprint(fingerprint, means, table.Models, table.Items, scores, metrics, hashesOf(t, w))
	}
	var before string
	err := w.View(t.Context(), func(v *Warehouse) error {
		before = look(v)
		mustImport(t, w, both[1])
		if look(v) != before {
			t.Error("a view changed")
		}
		if after := look(w); after == before {
			t.Error("the warehouse did not change")
		}
		if _, err := v.Import(t.Context(), both[0]); err == nil {
			t.Error("a view was written to")
		}
		return v.Close() // closes nothing
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = w.View(ctx, func(v *Warehouse) error {
		cancel()
		_, err := v.Benchmarks(ctx)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled view: %v", err)
	}
}

// What is published was checked, whatever is loaded meanwhile: a change waits until
// the snapshot is made.
func TestPublishedIsWhatWasChecked(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	both := turns()
	mustImport(t, w, both[0])
	var writing sync.WaitGroup
	w.crash = func(point string) {
		if point == "draft-written" {
			w.crash = func(string) {}
			writing.Go(func() { mustImport(t, w, both[1]) })
		}
	}
	s, err := w.Publish(t.Context(), PublishOptions{Dir: filepath.Join(t.TempDir(), "public"), Keep: 1})
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(t.Context(), Options{Path: s.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := values(t, r, `SELECT count(*) FROM response_block`)[0][0]; n != int64(20) {
		t.Errorf("%v blocks published, want the 20 that were checked", n)
	}
}
