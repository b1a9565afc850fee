package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
)

// change is a transaction that is being written. Rows for large tables are
// gathered and appended at its end: DuckDB's appender is an order of magnitude
// faster than INSERT.
type change struct {
	*catalogue
	w         *Warehouse
	ctx       context.Context
	conn      *sql.Conn
	rows      map[string][][]driver.Value // by table, to be appended
	newModels map[int32]bool              // by model_id, to be appended
	deltas    map[int32]*delta            // by benchmark_id
	source    string                      // of the answers that change
	sources   map[string]bool             // of all answers that this change is given
	written   bool
	orphaned  bool // files may have lost what was read from them
}

// delta counts the blocks that a change adds to and removes from a benchmark.
type delta struct{ added, removed int32 }

// errNothingNew ends a change that turned out to have nothing to write.
var errNothingNew = errors.New("nothing new")

// change runs fn in a transaction. Answers that fn adds and removes are entered in
// the manifest in the same transaction. If fn changed nothing, nothing is written.
func (w *Warehouse) change(ctx context.Context, fn func(*change) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readOnly || w.closed {
		return fmt.Errorf("change warehouse %s: it is not open for writing", w.path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &change{
		catalogue: w.known.clone(), w: w, ctx: ctx, conn: w.conn,
		rows: map[string][][]driver.Value{}, newModels: map[int32]bool{}, deltas: map[int32]*delta{},
		sources: map[string]bool{},
	}
	err := inTransaction(ctx, w.conn, func() error {
		if err := fn(c); err != nil {
			return err
		}
		if err := c.enterManifest(); err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
		if !c.written {
			return errNothingNew
		}
		w.crash("before-commit")
		return nil
	})
	if errors.Is(err, errNothingNew) {
		return nil
	}
	if err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil {
			return ctxErr // DuckDB's own words for it are "INTERRUPT Error"
		}
		return err
	}
	w.crash("after-commit")
	w.known = c.catalogue
	w.hasOrphanFiles = w.hasOrphanFiles || c.orphaned
	return w.writeDown(c)
}

// writeDown enters a committed load in the ledger.
func (w *Warehouse) writeDown(c *change) error {
	if len(c.deltas) == 0 {
		return nil
	}
	load := Load{ID: c.lastLoad, Source: c.source, At: w.now().UTC()}
	if len(c.sources) > 1 {
		load.Sources = sortedKeys(c.sources)
	}
	for _, id := range sortedKeys(c.deltas) {
		load.Benchmarks = append(load.Benchmarks, c.totals[id].named(c.names[id]))
	}
	w.lost = restored(w.lost, c.sources)
	return w.ledger.add(load)
}

// exec runs a statement with values. It sees the rows that were gathered so far.
func (c *change) exec(query string, args ...any) error {
	_, err := c.execCount(query, args...)
	return err
}

// execCount is exec, and returns how many rows the statement changed.
func (c *change) execCount(query string, args ...any) (int64, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	res, err := c.conn.ExecContext(c.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	c.written = c.written || n > 0
	return n, err
}

// append gathers a row for a table.
func (c *change) append(table string, values ...driver.Value) error {
	c.rows[table] = append(c.rows[table], values)
	if len(c.rows[table]) >= 4096 {
		return c.flushTable(table)
	}
	return nil
}

// flush appends everything gathered.
func (c *change) flush() error {
	for _, id := range slices.Sorted(maps.Keys(c.newModels)) {
		if err := c.append("model", modelRow(id, c.described[id])...); err != nil {
			return err
		}
		delete(c.newModels, id)
	}
	for _, table := range slices.Sorted(maps.Keys(c.rows)) {
		if err := c.flushTable(table); err != nil {
			return err
		}
	}
	return nil
}

// flushTable appends the gathered rows of a table.
func (c *change) flushTable(table string) error {
	rows := c.rows[table]
	if len(rows) == 0 {
		return nil
	}
	c.written = true
	delete(c.rows, table)
	return appendRows(c.ctx, c.conn, table, rows)
}

// appendRows writes rows with DuckDB's appender, inside the transaction that the
// connection is in.
func appendRows(ctx context.Context, conn *sql.Conn, table string, rows [][]driver.Value) error {
	err := conn.Raw(func(driverConn any) error {
		a, err := duckdb.NewAppenderFromConn(driverConn.(driver.Conn), "", table)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := a.AppendRow(row...); err != nil {
				return errors.Join(err, a.Close())
			}
		}
		return a.CloseWithCancel(ctx)
	})
	if err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	return nil
}

// enterManifest adds a row for every benchmark whose answers changed.
func (c *change) enterManifest() error {
	if len(c.deltas) == 0 {
		return nil
	}
	c.lastLoad++
	c.newestLoad = c.lastLoad
	for _, id := range slices.Sorted(maps.Keys(c.deltas)) {
		d, t := c.deltas[id], c.totals[id]
		err := c.append("manifest", c.lastLoad, id, c.source, c.w.now().UTC(), d.added, d.removed,
			t.blocks, t.observed, t.correct, t.fingerprint)
		if err != nil {
			return err
		}
	}
	return nil
}

// count enters a block that comes (sign 1) or goes (−1) in the totals.
func (c *change) count(benchmarkID int32, s blockSum, sign int64) {
	t := c.totals[benchmarkID]
	t.add(s, sign)
	c.totals[benchmarkID] = t
	d := c.deltas[benchmarkID]
	if d == nil {
		d = &delta{}
		c.deltas[benchmarkID] = d
	}
	if sign > 0 {
		d.added++
	} else {
		d.removed++
	}
}

// validName says what is wrong with a name that is to be stored: names come from
// strangers and are kept verbatim, but must be text.
func validName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s without a name", what)
	case !utf8.ValidString(name):
		return fmt.Errorf("%s %q is not UTF-8", what, name)
	}
	return nil
}
