package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// querier is what a pool of connections and a transaction can both do.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// View calls fn with the warehouse as it is at one moment: all that fn reads from it
// belongs together, whatever is loaded meanwhile. Nothing can be written through it,
// and it ends with fn. A view of a view is that view.
func (w *Warehouse) View(ctx context.Context, fn func(*Warehouse) error) error {
	if w.answers != nil {
		return fn(w)
	}
	w.mu.Lock()
	v, end, err := w.view(ctx)
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("read warehouse %s: %w", w.path, err)
	}
	return errors.Join(fn(v), end())
}

// hold is View, and whoever wants to change something waits until fn is done.
func (w *Warehouse) hold(ctx context.Context, fn func(*Warehouse) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readOnly || w.closed {
		return errors.New("the warehouse is not open for writing")
	}
	v, end, err := w.view(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(v), end())
}

// view begins a transaction on a connection of database/sql and one on a connection
// for answers. Changes are made while mu is held, and so is this called: both are of
// the same moment. DuckDB takes that moment when a table is looked at first, not at
// BEGIN.
func (w *Warehouse) view(ctx context.Context) (v *Warehouse, end func() error, err error) {
	const look = `SELECT count(*) FROM schema_migration WHERE version = 1`
	answers, err := openBlockScan(w.file, w.settings)
	if err != nil {
		return nil, nil, err
	}
	tx, err := w.pool.BeginTx(ctx, nil)
	if err != nil {
		answers.close()
		return nil, nil, err
	}
	end = func() error {
		answers.close()
		if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) { // which a cancelled context has ended
			return err
		}
		return nil
	}
	var n int
	if err := errors.Join(answers.begin(look), tx.QueryRowContext(ctx, look).Scan(&n)); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return &Warehouse{
		path: w.path, readOnly: true, now: w.now, crash: w.crash, disk: w.disk, file: w.file, settings: w.settings,
		pool: w.pool, db: tx, answers: answers, loadsAtOpen: w.loadsAtOpen, lost: slices.Clone(w.lost), older: w.older, closed: true,
	}, end, nil
}
