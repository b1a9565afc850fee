package warehouse

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publishedSite is a closed warehouse with answers and a snapshot beside it.
func publishedSite(t *testing.T) (o Options, snapshot string) {
	t.Helper()
	w := fresh(t)
	mustImport(t, w, randomImport(1, 12, 8))
	dir := filepath.Join(filepath.Dir(w.path), "published")
	s := mustPublish(t, w, PublishOptions{Dir: dir, Keep: 2})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return Options{Path: w.path, Published: dir, Now: clock}, s.Path
}

func mustRemove(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// A bad mount or a mistyped path must not end in a stub that is published over what
// there was.
func TestWarehouseThatIsGoneIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose func(t *testing.T, o *Options, snapshot string)
		says []string
	}{
		"file_alone": {func(*testing.T, *Options, string) {}, []string{"ledger tells of 1 loads", "holds 96 answers of 12 models", "install -m 600", "--new-warehouse"}},
		"file_and_snapshots": {func(t *testing.T, o *Options, _ string) {
			if err := os.RemoveAll(o.Published); err != nil {
				t.Fatal(err)
			}
		}, []string{"ledger tells of 1 loads", "is its disk mounted"}},
		"file_and_ledger": {func(t *testing.T, o *Options, _ string) { mustRemove(t, ledgerPath(o.Path)) },
			[]string{"holds 96 answers of 12 models"}},
		"mistyped": {func(_ *testing.T, o *Options, _ string) { o.Path += "x" }, []string{"holds 96 answers of 12 models"}},
		"newest_snapshot_cut_off": {func(t *testing.T, o *Options, snapshot string) {
			mustRemove(t, ledgerPath(o.Path), snapshot)
			if err := os.WriteFile(snapshot, []byte("cut off"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, []string{"holds 96 answers of 12 models"}},
	} {
		t.Run(name, func(t *testing.T) {
			o, snapshot := publishedSite(t)
			mustRemove(t, o.Path)
			c.lose(t, &o, snapshot)
			for command, open := range map[string]func() (*Warehouse, error){
				"create": func() (*Warehouse, error) { return Create(t.Context(), o) },
				"open":   func() (*Warehouse, error) { return Open(t.Context(), o) },
				"read":   func() (*Warehouse, error) { return OpenReadOnly(t.Context(), o) },
			} {
				_, err := open()
				var gone *GoneError
				if !errors.As(err, &gone) {
					t.Fatalf("%s: error %v, want a *GoneError", command, err)
				}
				for _, want := range c.says {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%s: %q is not in %q", command, want, err)
					}
				}
			}
			if _, err := os.Stat(o.Path); err == nil {
				t.Error("a warehouse was made")
			}
		})
	}
}

// Told to, a new one is made, and the ledger of the old one is kept.
func TestNewWarehouseKeepsTheLedgerOfTheOneThatIsGone(t *testing.T) {
	t.Parallel()
	o, _ := publishedSite(t)
	mustRemove(t, o.Path)
	ledger, err := os.ReadFile(ledgerPath(o.Path))
	if err != nil {
		t.Fatal(err)
	}
	o.New = true
	w, err := Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if found := mustCheck(t, w, CheckOptions{}); len(found) > 0 {
		t.Error(found)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(ledgerPath(o.Path) + ".gone-*")
	if err != nil || len(kept) != 1 {
		t.Fatalf("ledgers kept: %v, %v", kept, err)
	}
	if text, err := os.ReadFile(kept[0]); err != nil || string(text) != string(ledger) {
		t.Errorf("%v: the ledger says %s, want %s", err, text, ledger)
	}
}

func TestPathWhereNothingEverWasHasNoTraces(t *testing.T) {
	o := Options{Path: filepath.Join(t.TempDir(), "w.duckdb"), Published: t.TempDir(), Now: clock}
	var notFound *NotFoundError
	if err := MustExist(t.Context(), o); !errors.As(err, &notFound) {
		t.Errorf("error %v, want a *NotFoundError", err)
	}
	w, err := Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := MustExist(t.Context(), o); err != nil {
		t.Error(err)
	}
}
