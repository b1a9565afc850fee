package cli

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what the binary knows of its own making.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Dirty   bool   `json:"dirty"`
	Go      string `json:"go"`
	DuckDB  string `json:"duckdb_driver"`
}

// thisBuild reads the build information that the Go tool chain puts into every
// binary.
func thisBuild() build {
	b := build{Version: "devel", Commit: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Dirty = s.Value == "true"
		}
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/duckdb/duckdb-go/v2" {
			b.DuckDB = dep.Version
		}
	}
	return b
}

// codeVersion identifies the code in a run's record.
func (b build) codeVersion() string {
	if b.Commit == "unknown" {
		return b.Version
	}
	if b.Dirty {
		return b.Commit + "+changes"
	}
	return b.Commit
}

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of what it is made with",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			return a.printLine(b, "metabench %s (commit %s)\n%s, DuckDB driver %s", b.Version, b.Commit, b.Go, b.DuckDB)
		},
	}
}
