package warehouse

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
)

func mustPublish(t *testing.T, w *Warehouse, o PublishOptions) Snapshot {
	t.Helper()
	s, err := w.Publish(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readHashes(t *testing.T, path string) map[string]string {
	t.Helper()
	r, err := OpenReadOnly(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	h := hashesOf(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSnapshotHoldsWhatTheWarehouseHolds(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	mustImport(t, w, randomImport(1, 30, 20))
	if err := w.StoreResults(t.Context(), "r", someResults(1)); err != nil {
		t.Fatal(err)
	}
	if err := w.StoreStage(t.Context(), "quiz", "fit", "f", []byte("large")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "it's public")
	s, err := w.Publish(t.Context(), PublishOptions{Dir: dir, Keep: 2, Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hashesOf(t, w), readHashes(t, s.Path)); diff != "" {
		t.Error(diff)
	}
	r, err := OpenReadOnly(t.Context(), Options{Path: s.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if diff := cmp.Diff(values(t, w, `FROM item_filter ORDER BY ALL`), values(t, r, `FROM item_filter ORDER BY ALL`)); diff != "" {
		t.Error(diff)
	}
	for query, want := range map[string]any{
		`SELECT count(*) FROM stage`: int64(0),
		`SELECT count(*) FROM item_sum JOIN corpus_state USING (benchmark_id, fingerprint)`:       int64(20),
		`SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''`: int64(0),
	} {
		if got := values(t, r, query)[0][0]; got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("files in the directory: %v, %v", left, err)
	}
}

func TestReaderKeepsItsSnapshotWhileTheNextIsPublished(t *testing.T) {
	t.Parallel()
	now := clock()
	w := fresh(t)
	w.now = func() time.Time { now = now.Add(time.Second); return now }
	dir := t.TempDir()
	mustImport(t, w, randomImport(1, 5, 4))
	first := mustPublish(t, w, PublishOptions{Dir: dir, Keep: 2})
	r, err := OpenReadOnly(t.Context(), Options{Path: first.Version})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for models := 6; models < 8; models++ {
		mustImport(t, w, randomImport(1, models, 4))
		mustPublish(t, w, PublishOptions{Dir: dir, Keep: 2})
	}
	if n := values(t, r, `SELECT count(*) FROM model`)[0][0]; n != int64(5) {
		t.Errorf("the open snapshot has %v models, want 5", n)
	}
	newest, err := OpenReadOnly(t.Context(), Options{Path: first.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer newest.Close()
	if n := values(t, newest, `SELECT count(*) FROM model`)[0][0]; n != int64(7) {
		t.Errorf("the newest snapshot has %v models, want 7", n)
	}
	versions, err := filepath.Glob(filepath.Join(dir, "metabench-*.duckdb"))
	if err != nil || len(versions) != 2 {
		t.Errorf("versions kept: %v, %v", versions, err)
	}
}

func TestGateKeepsTheEarlierSnapshot(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	dir := t.TempDir()
	mustImport(t, w, randomImport(1, 5, 4))
	s := mustPublish(t, w, PublishOptions{Dir: dir})
	before := readHashes(t, s.Path)
	if _, err := w.conn.ExecContext(t.Context(), `DELETE FROM response_block WHERE model_id = 2`); err != nil {
		t.Fatal(err)
	}
	var gate *GateError
	if _, err := w.Publish(t.Context(), PublishOptions{Dir: dir}); !errors.As(err, &gate) || len(gate.Findings) == 0 {
		t.Fatalf("error %v, want a *GateError with findings", err)
	}
	if diff := cmp.Diff(before, readHashes(t, s.Path)); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsPublishedOverAWriteAheadLog(t *testing.T) {
	w := fresh(t)
	dir := t.TempDir()
	mustImport(t, w, corpus.Import{Blocks: []corpus.Block{blockOf("a.csv", "m", 1)}})
	if err := os.WriteFile(filepath.Join(dir, SnapshotName+".wal"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Publish(t.Context(), PublishOptions{Dir: dir}); err == nil {
		t.Error("published beside a write-ahead log")
	}
	if _, err := os.Stat(filepath.Join(dir, SnapshotName)); err == nil {
		t.Error("the public file was made")
	}
}
