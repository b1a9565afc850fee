// Package filecache fetches files from the network once, verifies them by their
// SHA-256, and keeps them under it.
package filecache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/renameio/v2"
)

// Reference is a file on the network and what it must be.
type Reference struct {
	URL    string // http or https
	SHA256 string // 64 hexadecimal digits
}

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Parse reads an address with its hash behind it: https://host/file#sha256=….
func Parse(text string) (Reference, error) {
	address, fragment, _ := strings.Cut(text, "#")
	sum, found := strings.CutPrefix(fragment, "sha256=")
	if !found {
		return Reference{}, fmt.Errorf("%s: the address doesn't say what the file must be: put #sha256=… behind it, as sha256sum prints it", address)
	}
	r := Reference{URL: address, SHA256: strings.ToLower(sum)}
	return r, r.Check()
}

// Check says what is wrong with a reference.
func (r Reference) Check() error {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no address: %w", r.URL, err)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fmt.Errorf("%q is no address of http or https", r.URL)
	case u.User != nil:
		return errors.New("an address with a password in it is not fetched: give one without")
	case !hexSum.MatchString(r.SHA256):
		return fmt.Errorf("%q is no SHA-256: 64 hexadecimal digits are", r.SHA256)
	}
	return nil
}

// HashError says that a file isn't the one that was meant. Nothing of it was kept.
type HashError struct {
	URL, Got, Want string
}

func (e *HashError) Error() string {
	return fmt.Sprintf("%s has the SHA-256 %s, and %s was asked for: it is another file, and was not kept. Ask whoever gave you the address for the right hash", e.URL, e.Got, e.Want)
}

// Cache is a directory of files.
type Cache struct {
	Dir    string
	Client *http.Client
	Most   int64 // bytes of one file

	// Fetching is called before a file is fetched; nil for nobody.
	Fetching func(url string)
}

// Default is the user's cache, $XDG_CACHE_HOME/metabench or ~/.cache/metabench.
func Default() (*Cache, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("there is no directory to keep files in: %w. Set XDG_CACHE_HOME", err)
	}
	return &Cache{Dir: filepath.Join(dir, "metabench"), Client: http.DefaultClient, Most: 256 << 20}, nil
}

// Get returns the path of the file that a reference means, fetching it if it isn't
// there, or isn't any more what it was. It returns a *HashError if the address gives
// another file.
func (c *Cache) Get(ctx context.Context, r Reference) (path string, err error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	path = filepath.Join(c.Dir, "sha256", r.SHA256)
	switch sum, err := sumOf(path); {
	case err == nil && sum == r.SHA256:
		return path, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if c.Fetching != nil {
		c.Fetching(r.URL)
	}
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if err := c.fetch(ctx, r, f); err != nil {
		return "", err
	}
	return path, f.CloseAtomicallyReplace()
}

// fetch copies the file and compares its hash.
func (c *Cache) fetch(ctx context.Context, r Reference, w io.Writer) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return err
	}
	resp, err := c.Client.Do(req)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", r.URL, err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch %s: the server says %s", r.URL, resp.Status)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(resp.Body, c.Most+1))
	switch sum := hex.EncodeToString(h.Sum(nil)); {
	case err != nil:
		return fmt.Errorf("fetch %s: %w", r.URL, err)
	case n > c.Most:
		return fmt.Errorf("fetch %s: it has more than %d bytes", r.URL, c.Most)
	case sum != r.SHA256:
		return &HashError{r.URL, sum, r.SHA256}
	}
	return nil
}

// sumOf is the SHA-256 of a file.
func sumOf(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
