package warehouse

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSecondWriterIsToldWhoHoldsTheWarehouse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	openAt(t, path)
	_, err := Open(t.Context(), Options{Path: path})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder == nil || locked.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), "(test)") {
		t.Errorf("error %v, want a *LockedError with this process", err)
	}
}

func TestWaitingForTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	w := openAt(t, path)
	done := make(chan error, 1)
	go func() {
		second, err := Open(context.WithoutCancel(t.Context()), Options{Path: path, WaitLock: time.Minute})
		if err == nil {
			err = second.Close()
		}
		done <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	openAt(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Options{Path: path, WaitLock: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestTextOfADeadHolderIsNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	if err := os.WriteFile(lockPath(path), []byte(`{"pid":1,"host":"gone"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}

func TestPathsTheDriverWouldMisreadAreRefused(t *testing.T) {
	for _, name := range []string{"a?b.duckdb", "a#b.duckdb", "a%zz.duckdb"} {
		if _, err := Create(t.Context(), Options{Path: filepath.Join(t.TempDir(), name)}); err == nil || !strings.Contains(err.Error(), "choose another") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
