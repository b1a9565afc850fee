package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"metabench/filecache"
	"metabench/score"
	"metabench/spelling"
)

// bundleUsage describes the flag --bundle.
const bundleUsage = "the calibration: a file of metabench export bundle or calibrate, an address with #sha256=… behind it, or a name of the configuration's bundles"

// openBundle reads the bundle that --bundle means: a path, an address, or a name.
func (a *app) openBundle(cmd *cobra.Command, meant string) (b *score.Bundle, checksum string, err error) {
	path := meant
	_, err = os.Stat(meant)
	switch {
	case strings.Contains(meant, "://"):
		r, err := filecache.Parse(meant)
		if err != nil {
			return nil, "", withCode(ExitUsage, err)
		}
		if path, err = a.cached(cmd.Context(), r); err != nil {
			return nil, "", err
		}
	case errors.Is(err, fs.ErrNotExist):
		r, err := a.catalogued(cmd, meant)
		if err != nil {
			return nil, "", err
		}
		if path, err = a.cached(cmd.Context(), r); err != nil {
			return nil, "", err
		}
	}
	return readBundle(path)
}

// catalogued finds a bundle by its name in the configuration.
func (a *app) catalogued(cmd *cobra.Command, name string) (filecache.Reference, error) {
	cfg, err := a.load(cmd)
	if err != nil {
		return filecache.Reference{}, err
	}
	b, ok := cfg.Bundles[strings.ToLower(name)]
	if ok {
		return filecache.Reference{URL: b.URL, SHA256: strings.ToLower(b.SHA256)}, nil
	}
	var names []string
	for n := range cfg.Bundles {
		names = append(names, n)
	}
	slices.Sort(names)
	known := "it has none"
	if len(names) > 0 {
		known = "it has " + strings.Join(names, ", ")
	}
	return filecache.Reference{}, fmt.Errorf("open %s: there is no such file, nor a bundle of this name in the configuration (%s)%s", name, known, spelling.Suggestion(name, names))
}

// cached is the path of a bundle that is fetched once and kept.
func (a *app) cached(ctx context.Context, r filecache.Reference) (string, error) {
	cache, err := filecache.Default()
	if err != nil {
		return "", err
	}
	cache.Fetching = func(url string) { a.notef("fetching %s", url) }
	return cache.Get(ctx, r)
}

// readBundle reads a bundle from a file.
func readBundle(path string) (b *score.Bundle, checksum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	b, checksum, err = score.Read(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return b, checksum, nil
}
