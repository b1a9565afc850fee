package warehouse

import (
	"errors"
	"fmt"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
)

// Errors are distinguished by DuckDB's type and how it begins, never by words in a path or
// a value.
func TestErrorsOfOpeningAreToldApart(t *testing.T) {
	const path = "/data/WAL corrupt/checksum/could not read, storage version/w.duckdb"
	duck := func(kind duckdb.ErrorType, format string, args ...any) error {
		return fmt.Errorf("database/sql/driver: %w", &duckdb.Error{Type: kind, Msg: fmt.Sprintf(format, args...)})
	}
	const locked, other, damaged, plain = "*warehouse.LockedError", "*warehouse.SchemaError", "*warehouse.DamagedError", "*fmt.wrapError"
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"held":              {duck(duckdb.ErrorTypeIO, `IO Error: Could not set lock on file "%s": Conflicting lock is held in /usr/bin/corrupt (PID 7)`, path), locked},
		"held_by_us":        {duck(duckdb.ErrorTypeConnection, "Connection Error: Can't open a connection to same database file with a different configuration than existing connections"), locked},
		"newer_format":      {duck(duckdb.ErrorTypeIO, `IO Error: Trying to read a database file with version number 99, but we can only read versions between 64 and 68.`), other},
		"newer_storage":     {duck(duckdb.ErrorTypeInvalidInput, `Invalid Input Error: Error opening "%s": file was written with a storage version greater than the latest`, path), other},
		"checksum":          {duck(duckdb.ErrorTypeIO, "IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2"), damaged},
		"log":               {duck(duckdb.ErrorTypeIO, `IO Error: Failure while replaying WAL file "%s.wal": Corrupt WAL file`, path), damaged},
		"cut":               {duck(duckdb.ErrorTypeIO, `IO Error: Could not read enough bytes from file "%s": attempted to read 9 bytes`, path), damaged},
		"no_database":       {duck(duckdb.ErrorTypeIO, `IO Error: The file "%s" exists, but it is not a valid DuckDB database file!`, path), damaged},
		"given_up":          {duck(duckdb.ErrorTypeFatal, `FATAL Error: Failed: database has been invalidated`), damaged},
		"no_permission":     {duck(duckdb.ErrorTypeIO, `IO Error: Cannot open file "%s": Permission denied`, path), plain},
		"disk_full":         {duck(duckdb.ErrorTypeIO, `IO Error: Could not write all bytes to file "%s": wanted=9 wrote=8`, path), plain},
		"out_of_memory":     {duck(duckdb.ErrorTypeOutOfMemory, `Out of Memory Error: could not read block, corrupt checksum`), plain},
		"words_in_a_value":  {duck(duckdb.ErrorTypeConversion, `Conversion Error: Could not convert string 'Corrupt WAL checksum' to INT32`), plain},
		"words_not_DuckDBs": {errors.New("open " + path + ": checksum corrupt"), plain},
	} {
		if got := fmt.Sprintf("%T", openError(path, c.err)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if isDamage(c.err) != (c.want == damaged) {
			t.Errorf("%s: isDamage %v", name, isDamage(c.err))
		}
	}
}
