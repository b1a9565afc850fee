package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Stage returns the kept output of an analysis stage, if it was made from inputs
// of this fingerprint.
func (w *Warehouse) Stage(ctx context.Context, benchmark, stage, fingerprint string) (output []byte, ok bool, err error) {
	row := w.db.QueryRowContext(ctx, `SELECT output FROM stage WHERE benchmark = ? AND stage = ? AND fingerprint = ?`, benchmark, stage, fingerprint)
	switch err := row.Scan(&output); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read stage %s of %s: %w", stage, benchmark, err)
	}
	return output, true, nil
}

// StageFingerprint returns the fingerprint that a stage's kept output was made
// from; empty when there is none.
func (w *Warehouse) StageFingerprint(ctx context.Context, benchmark, stage string) (string, error) {
	var fingerprint string
	err := w.db.QueryRowContext(ctx, `SELECT fingerprint FROM stage WHERE benchmark = ? AND stage = ?`, benchmark, stage).Scan(&fingerprint)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read stage %s of %s: %w", stage, benchmark, err)
	}
	return fingerprint, nil
}

// StoreStage keeps the output of a stage in place of an earlier one.
func (w *Warehouse) StoreStage(ctx context.Context, benchmark, stage, fingerprint string, output []byte) error {
	if output == nil {
		output = []byte{}
	}
	err := w.change(ctx, func(c *change) error {
		if err := c.exec(`DELETE FROM stage WHERE benchmark = ? AND stage = ?`, benchmark, stage); err != nil {
			return err
		}
		return c.append("stage", benchmark, stage, fingerprint, output)
	})
	if err != nil {
		return fmt.Errorf("store stage %s of %s: %w", stage, benchmark, err)
	}
	return nil
}
