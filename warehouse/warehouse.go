package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Options says how a warehouse is opened.
type Options struct {
	Path        string        // the DuckDB file
	Published   string        // directory of its snapshots, which tell of a file that is gone; empty for none
	New         bool          // make the file although its ledger or a snapshot tells of one that is gone
	MemoryLimit string        // DuckDB's memory_limit, such as "1500MB"; empty: 1GB
	Threads     int           // DuckDB's threads; 0: one a processor
	WaitLock    time.Duration // how long to wait for another writer to finish; 0: not at all
	Now         func() time.Time
	Command     string                             // what to tell others who find the warehouse locked
	crash       func(point string)                 // for tests: called where a crash would be interesting
	fault       func(operation, path string) error // for tests: see disk
}

func (o *Options) setDefaults() {
	if o.MemoryLimit == "" {
		o.MemoryLimit = "1GB"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.crash == nil {
		o.crash = func(string) {}
	}
	if o.fault == nil {
		o.fault = func(string, string) error { return nil }
	}
}

// settings are DuckDB's, by name.
func (o *Options) settings() [][2]string {
	s := [][2]string{{"memory_limit", o.MemoryLimit}}
	if o.Threads > 0 {
		s = append(s, [2]string{"threads", strconv.Itoa(o.Threads)})
	}
	return s
}

// Warehouse is an open warehouse. Its methods may be called from several
// goroutines; changes are made one after the other.
type Warehouse struct {
	path     string
	readOnly bool
	now      func() time.Time
	crash    func(point string) // tests end the process here
	disk     disk
	lock     *fileLock
	answers  *blockScan // of a view, else nil
	pool     *sql.DB
	db       querier     // what is read with: pool, in a view its transaction
	file     string      // absolute path
	settings [][2]string // DuckDB's

	mu          sync.Mutex // held while conn is in use
	conn        *sql.Conn  // the only connection that writes
	known       *catalogue
	ledger      *ledger
	loadsAtOpen []Load // of the ledger
	lost        []Load // in the ledger and not in the file

	older          bool // the schema is of an earlier program: some tables and views may be missing
	ledgerMismatch bool // the ledger is of another file; it is frozen until check --repair

	hasOrphanFiles bool // rows of source_file may be left that nothing refers to
	closed         bool
}

// Open opens an existing warehouse for writing and brings its schema up to date.
//
// Errors: *NotFoundError, *GoneError, *LockedError, *SchemaError (written by a newer
// program, or not a warehouse), *DamagedError.
func Open(ctx context.Context, o Options) (*Warehouse, error) {
	if err := mustExist(ctx, o); err != nil {
		return nil, err
	}
	return Create(ctx, o)
}

// Create is Open, except that a warehouse that was never there is made. One that is
// gone is made anew only when o.New says so.
func Create(ctx context.Context, o Options) (*Warehouse, error) {
	o.setDefaults()
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o755); err != nil {
		return nil, fmt.Errorf("make warehouse %s: %w", o.Path, err)
	}
	lock, err := acquireLock(ctx, o.Path, o.WaitLock, holderOf(o))
	if err != nil {
		return nil, err
	}
	w := &Warehouse{path: o.Path, now: o.Now, crash: o.crash, disk: disk{o.fault}, lock: lock}
	if err := w.open(ctx, o); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Warehouse) open(ctx context.Context, o Options) error {
	_, err := os.Stat(o.Path)
	if isNew := errors.Is(err, fs.ErrNotExist); isNew {
		if err = refuseNew(ctx, o); err == nil {
			err = renew(ctx, o, isNew)
		}
	}
	if err != nil {
		return err
	}
	settings := append(o.settings(), [2]string{"checkpoint_threshold", strconv.Itoa(logMegabytes) + "MB"})
	if err := w.connect(ctx, settings); err != nil {
		return err
	}
	current, err := isCurrent(ctx, w.conn, w.path)
	if err != nil {
		return err
	}
	if !current {
		if err := w.upgrade(ctx, o, settings); err != nil {
			return err
		}
	}
	known, err := loadCatalogue(ctx, w.conn)
	if err != nil {
		return err
	}
	loads, err := loadIDs(ctx, w.conn)
	if err != nil {
		return err
	}
	if w.loadsAtOpen, err = readLedger(w.path); err != nil {
		return err
	}
	w.lost = missingLoads(w.loadsAtOpen, loads)
	if w.ledger, err = openLedger(w.disk, w.path, w.loadsAtOpen, known.lastLoad); err != nil {
		return err
	}
	known.lastLoad = w.ledger.last
	w.known = known
	replaced, err := w.checkReplaced(ctx, loads)
	if err != nil {
		return err
	}
	w.ledgerMismatch = len(replaced) > 0
	if err := w.failAbandonedRuns(ctx); err != nil {
		return openError(w.path, err)
	}
	return nil
}

// upgrade closes the file, brings its schema up to date and opens it again.
func (w *Warehouse) upgrade(ctx context.Context, o Options, settings [][2]string) error {
	_, err := w.conn.ExecContext(ctx, "CHECKPOINT")
	if err := errors.Join(err, w.conn.Close(), w.pool.Close()); err != nil {
		return fmt.Errorf("migrate warehouse %s: %w", w.path, err)
	}
	w.conn, w.pool, w.db = nil, nil, nil
	if err := renew(ctx, o, false); err != nil {
		return err
	}
	return w.connect(ctx, settings)
}

// loadIDs are the loads that the file knows.
func loadIDs(ctx context.Context, q querier) (map[int32]bool, error) {
	loads := map[int32]bool{}
	var id int32
	if err := scanEach(ctx, q, `SELECT DISTINCT load_id FROM manifest`, []any{&id}, func() { loads[id] = true }); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return loads, nil
}

// Lost returns the loads that were committed once and are not in the warehouse any
// more, because the end of its write-ahead log was torn off, and whose source was
// not loaded again since.
func (w *Warehouse) Lost() []Load {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lost)
}

// OpenReadOnly opens a warehouse or a published snapshot for reading. Any number
// of readers may do so at once; while a writer has the file open it is refused
// with a *LockedError. Neither files nor settings can be reached from it.
func OpenReadOnly(ctx context.Context, o Options) (*Warehouse, error) {
	if err := mustExist(ctx, o); err != nil {
		return nil, err
	}
	o.setDefaults()
	w := &Warehouse{path: o.Path, now: o.Now, crash: o.crash, disk: disk{o.fault}, readOnly: true}
	err := w.connect(ctx, append(o.settings(), [2]string{"access_mode", "read_only"}))
	if err == nil {
		_, err = w.conn.ExecContext(ctx, "SET enable_external_access = false; SET lock_configuration = true")
	}
	if err == nil {
		err = checkSchema(ctx, w.conn, w.path)
	}
	if err == nil {
		var current bool
		current, err = isCurrent(ctx, w.conn, w.path)
		w.older = !current
	}
	if err == nil {
		var loads map[int32]bool
		if loads, err = loadIDs(ctx, w.conn); err == nil {
			w.loadsAtOpen, err = readLedger(w.path)
			w.lost = missingLoads(w.loadsAtOpen, loads)
		}
	}
	if locked := (*LockedError)(nil); errors.As(err, &locked) {
		locked.Holder = readHolder(o.Path)
	}
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// connect opens the file and pins the connection that all writing goes through.
func (w *Warehouse) connect(ctx context.Context, settings [][2]string) error {
	// Nothing is ever downloaded: DuckDB would fetch extensions by itself.
	w.settings = append(slices.Clone(settings), [2]string{"autoinstall_known_extensions", "false"}, [2]string{"autoload_known_extensions", "false"})
	dsn, err := w.dataSource()
	if err != nil {
		return err
	}
	connector, err := duckdb.NewConnector(dsn, nil)
	if err != nil {
		return openError(w.path, err)
	}
	w.pool = sql.OpenDB(connector)
	w.db = w.pool
	w.conn, err = w.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open warehouse %s: %w", w.path, err)
	}
	return nil
}

// dataSource is the driver's name of the file with its settings.
func (w *Warehouse) dataSource() (string, error) {
	abs, err := filepath.Abs(w.path)
	if err != nil {
		return "", fmt.Errorf("open warehouse %s: %w", w.path, err)
	}
	if i := strings.IndexAny(abs, "?#%\x00"); i >= 0 {
		return "", fmt.Errorf("open warehouse %s: the driver cannot open a path with %q in it; choose another one", w.path, abs[i])
	}
	w.file = abs
	values := url.Values{}
	for _, s := range w.settings {
		values.Set(s[0], s[1])
	}
	return abs + "?" + values.Encode(), nil
}

// Path is the file's path as given.
func (w *Warehouse) Path() string { return w.path }

// checkpointHeld deletes orphan files, writes the write-ahead log into the file and folds
// the ledger. mu is held.
func (w *Warehouse) checkpointHeld(ctx context.Context) error {
	if w.hasOrphanFiles {
		if err := w.known.forgetFiles(ctx, w.conn); err != nil {
			return err
		}
		w.hasOrphanFiles = false
	}
	if _, err := w.conn.ExecContext(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	if w.ledger == nil || w.ledgerMismatch {
		return nil
	}
	return w.ledger.fold(w.newestLoad(), w.lost)
}

// checkpoint is checkpointHeld for a warehouse that stays open; without effect on a reader.
func (w *Warehouse) checkpoint(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readOnly || w.closed {
		return nil
	}
	return w.checkpointHeld(ctx)
}

// newestLoad is the line into which all lines of the ledger are folded.
func (w *Warehouse) newestLoad() Load {
	load := Load{ID: w.known.newestLoad, Source: "all before", At: w.now().UTC()}
	for _, name := range sortedKeys(w.known.benchmarks) {
		if t, ok := w.known.totals[w.known.benchmarks[name]]; ok {
			load.Benchmarks = append(load.Benchmarks, t.named(name))
		}
	}
	return load
}

// Close writes everything into the file, so that no write-ahead log stays behind,
// and gives the lock back. Closing twice is harmless.
func (w *Warehouse) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	var errs []error
	if w.conn != nil {
		if !w.readOnly && w.known != nil {
			errs = append(errs, w.checkpointHeld(context.Background()))
		}
		errs = append(errs, w.ledger.close(), w.conn.Close())
	}
	if w.pool != nil {
		errs = append(errs, w.pool.Close())
	}
	if w.lock != nil {
		errs = append(errs, w.lock.release())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close warehouse %s: %w", w.path, err)
	}
	return nil
}
