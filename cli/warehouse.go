package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"metabench/config"
	"metabench/warehouse"
)

func warehouseOptions(cfg *config.Loaded, command string) warehouse.Options {
	return warehouse.Options{
		Path: cfg.Warehouse.Path, MemoryLimit: cfg.Warehouse.MemoryLimit,
		Threads: cfg.Warehouse.Threads, WaitLock: cfg.Warehouse.WaitLock, Command: command,
	}
}

// withWarehouse opens the warehouse for writing, makes it when there is none,
// tells it the catalogue and the thresholds of the configuration, and closes it
// after use.
func (a *app) withWarehouse(ctx context.Context, cfg *config.Loaded, command string, use func(*warehouse.Warehouse) error) (err error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return err
	}
	w, err := warehouse.Create(ctx, warehouseOptions(cfg, command))
	if err != nil {
		return warehouseError(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.SyncBenchmarks(ctx, catalogue); err != nil {
		return err
	}
	if err := w.SetThresholds(ctx, thresholds(cfg)); err != nil {
		return err
	}
	return use(w)
}

// warnOfLittleSpace says beforehand that a disk may become full. The directories are
// those that will be written, empty for none.
func (a *app) warnOfLittleSpace(cfg *config.Loaded, publishDir, lakeDir string) error {
	found, err := warehouse.CheckSpace(cfg.Warehouse.Path, publishDir, lakeDir)
	for _, f := range found {
		fmt.Fprintln(a.Err, f)
	}
	return err
}

// readWarehouse opens the warehouse or a snapshot for reading.
func (a *app) readWarehouse(ctx context.Context, cfg *config.Loaded, command string, use func(*warehouse.Warehouse) error) (err error) {
	w, err := warehouse.OpenReadOnly(ctx, warehouseOptions(cfg, command))
	if err != nil {
		return warehouseError(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return use(w)
}

// mustExist is an error when there is no warehouse yet: for commands that make no
// sense on an empty one.
func mustExist(cfg *config.Loaded) error {
	if _, err := os.Stat(cfg.Warehouse.Path); errors.Is(err, os.ErrNotExist) {
		return warehouseError(&warehouse.NotFoundError{Path: cfg.Warehouse.Path})
	} else if err != nil {
		return fmt.Errorf("look for the warehouse: %w", err)
	}
	return nil
}

func thresholds(cfg *config.Loaded) warehouse.Thresholds {
	t := warehouse.DefaultThresholds()
	t.MinSD = cfg.Filter.MinSD
	t.MaxShareCorrect = cfg.Filter.MaxShareCorrect
	t.MinPointBiserial = cfg.Filter.MinPointBiserial
	t.OutlierShare = cfg.Filter.OutlierShare
	t.IncludeVanished = cfg.Build.IncludeVanished
	return t
}

// warehouseError gives the warehouse's errors their exit codes.
func warehouseError(err error) error {
	var (
		notFound *warehouse.NotFoundError
		locked   *warehouse.LockedError
		damaged  *warehouse.DamagedError
	)
	switch {
	case errors.As(err, &notFound):
		return withCode(ExitNoWarehouse, err)
	case errors.As(err, &locked):
		return withCode(ExitLocked, err)
	case errors.As(err, &damaged):
		return withCode(ExitDamage, err)
	}
	return err
}
