package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"metabench/config"
	"metabench/warehouse"
)

func warehouseOptions(cfg *config.Loaded, command string) warehouse.Options {
	return warehouse.Options{
		Path: cfg.Warehouse.Path, MemoryLimit: cfg.Warehouse.MemoryLimit,
		Threads: cfg.Warehouse.Threads, WaitLock: cfg.Warehouse.WaitLock, Command: command, Published: cfg.Publish.Dir,
	}
}

// newWarehouseFlag is of the commands that may begin with nothing.
func (a *app) newWarehouseFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&a.newWarehouse, "new-warehouse", false, "begin with an empty warehouse although a ledger or a snapshot tells of one that is gone")
}

// withWarehouse opens the warehouse for writing, makes it when there is none,
// tells it the catalogue and the thresholds of the configuration, and closes it
// after use.
func (a *app) withWarehouse(ctx context.Context, cfg *config.Loaded, command string, use func(*warehouse.Warehouse) error) (err error) {
	catalogue, err := a.catalogue(cfg)
	if err != nil {
		return err
	}
	options := warehouseOptions(cfg, command)
	options.New = a.newWarehouse
	w, err := warehouse.Create(ctx, options)
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
func mustExist(ctx context.Context, cfg *config.Loaded) error {
	return warehouseError(warehouse.MustExist(ctx, warehouseOptions(cfg, "")))
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
		gone     *warehouse.GoneError
		locked   *warehouse.LockedError
		damaged  *warehouse.DamagedError
	)
	switch {
	case errors.As(err, &notFound), errors.As(err, &gone):
		return withCode(ExitNoWarehouse, err)
	case errors.As(err, &locked):
		return withCode(ExitLocked, err)
	case errors.As(err, &damaged):
		return withCode(ExitDamage, err)
	}
	return err
}
