package cli

import (
	"encoding/csv"
	"fmt"

	"github.com/google/renameio/v2"
)

// writeRecords writes a CSV file whole or not at all.
func writeRecords(path string, records [][]string) (err error) {
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if cleaning := f.Cleanup(); err == nil && cleaning != nil {
			err = fmt.Errorf("write %s: %w", path, cleaning)
		}
	}()
	if err := csv.NewWriter(f).WriteAll(records); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
