package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/config"
	"metabench/pipeline"
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
	flags.BoolVar(&a.newWarehouse, "new-warehouse", false, "begin with an empty warehouse although a ledger or a snapshot shows that there was one")
}

// withWarehouse opens the warehouse for writing, makes it when there is none,
// enters the catalogue and the thresholds of the configuration, and closes it
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
	if err := w.SetThresholds(ctx, pipeline.Thresholds(cfg.Config)); err != nil {
		return err
	}
	return use(w)
}

// warnOfLittleSpace says beforehand that a disk may become full. The directories are
// those that will be written, empty for none.
func (a *app) warnOfLittleSpace(cfg *config.Loaded, publishDir, lakeDir string) error {
	found, err := warehouse.CheckSpace(cfg.Warehouse.Path, publishDir, lakeDir)
	for _, f := range found {
		a.note(f.String())
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

// reading loads the configuration and opens the warehouse or a snapshot for reading.
func (a *app) reading(cmd *cobra.Command, use func(*config.Loaded, *warehouse.Warehouse) error) error {
	cfg, err := a.load(cmd)
	if err != nil {
		return err
	}
	return a.readWarehouse(cmd.Context(), cfg, commandName(cmd), func(w *warehouse.Warehouse) error { return use(cfg, w) })
}

// commandName is what a command is called in the lock of the warehouse.
func commandName(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// existing loads the configuration, and is an error when there is no warehouse yet: for
// commands that make no sense on an empty one.
func (a *app) existing(cmd *cobra.Command) (*config.Loaded, error) {
	cfg, err := a.load(cmd)
	if err == nil {
		err = mustExist(cmd.Context(), cfg)
	}
	return cfg, err
}

func mustExist(ctx context.Context, cfg *config.Loaded) error {
	return warehouseError(warehouse.MustExist(ctx, warehouseOptions(cfg, "")))
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
