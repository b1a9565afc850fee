package hub

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errTooLarge = errors.New("body is larger than its bound")
	errEncoding = errors.New("body has an unknown encoding")
	errSpool    = errors.New("temporary file")
	errStalled  = errors.New("transfer stalled")
)

// readBody reads and decompresses a response's body. A body longer than the call's limit is
// an error; it is never cut. The body of a 200 goes to the spool where there is one.
func readBody(resp *http.Response, wire io.Reader, c *call) ([]byte, error) {
	body := wire
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(wire)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		body = z
	default:
		return nil, fmt.Errorf("%w %q", errEncoding, shorten(encoding))
	}
	if c.spool != nil && resp.StatusCode == http.StatusOK {
		return nil, c.spool.fill(body)
	}
	data, err := io.ReadAll(io.LimitReader(body, c.limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > c.limit:
		return nil, fmt.Errorf("%w of %d bytes", errTooLarge, c.limit)
	}
	return data, nil
}

// spool is a temporary file of a limited size. Its name is random: names from the Hub are
// never used on disk.
type spool struct {
	dir    string
	limit  int64
	file   *os.File
	filled bool
	size   int64
	fills  int // how often replacing the content began
}

// fill replaces the content. An error leaves the spool without content.
func (s *spool) fill(r io.Reader) error {
	if err := s.open(); err != nil {
		return err
	}
	s.filled = false
	s.fills++
	if err := s.file.Truncate(0); err != nil {
		return fmt.Errorf("%w: %w", errSpool, err)
	}
	w := &spoolWriter{file: s.file}
	n, err := io.Copy(w, io.LimitReader(r, s.limit+1))
	switch {
	case w.err != nil:
		return fmt.Errorf("%w: %w", errSpool, w.err)
	case err != nil:
		return err
	case n > s.limit:
		return fmt.Errorf("%w of %d bytes", errTooLarge, s.limit)
	}
	s.filled, s.size = true, n
	return nil
}

func (s *spool) open() error {
	if s.file != nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, "metabench-spool-*")
	if err != nil {
		return fmt.Errorf("%w: %w", errSpool, err)
	}
	s.file = f
	return nil
}

// Close removes the file.
func (s *spool) Close() error {
	if s == nil || s.file == nil {
		return nil
	}
	name := s.file.Name()
	return errors.Join(s.file.Close(), os.Remove(name))
}

// spoolWriter writes from the file's start. It keeps its own error, which distinguishes a full
// disk from a broken transfer.
type spoolWriter struct {
	file *os.File
	at   int64
	err  error
}

func (w *spoolWriter) Write(p []byte) (int, error) {
	n, err := w.file.WriteAt(p, w.at)
	w.at += int64(n)
	if err != nil {
		w.err = err
	}
	return n, err
}

// countingReader counts the bytes read, for the watchdog and for the statistics.
type countingReader struct {
	r     io.Reader
	n     atomic.Int64
	total *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	c.total.Add(int64(n))
	return n, err
}

// watchdog ends a transfer that brings fewer than minBytes in any window. With an idle
// timeout, a server could occupy a worker for ever by sending a byte now and then.
type watchdog struct {
	window   time.Duration
	minBytes int64
}

// start watches until stop is called.
func (w watchdog) start(c *countingReader, cancel context.CancelCauseFunc) (stop func()) {
	if w.window <= 0 {
		return func() {}
	}
	var (
		mu      sync.Mutex
		last    int64
		stopped bool
		timer   *time.Timer
	)
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(w.window, func() {
		mu.Lock()
		defer mu.Unlock()
		now := c.n.Load()
		switch {
		case stopped:
		case now-last < w.minBytes:
			cancel(fmt.Errorf("%w: %d bytes in %v", errStalled, now-last, w.window))
		default:
			last = now
			timer.Reset(w.window)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}
