package filecache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const content = "what was asked for"

// serve gives a cache and a reference to a file of a server, and how often that was asked.
func serve(t *testing.T) (c *Cache, r Reference, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		*asked++
		switch req.URL.Path {
		case "/file":
			if _, err := w.Write([]byte(content)); err != nil {
				t.Error(err)
			}
		case "/moved":
			http.Redirect(w, req, "/file", http.StatusFound)
		default:
			http.NotFound(w, req)
		}
	}))
	t.Cleanup(server.Close)
	sum := sha256.Sum256([]byte(content))
	return &Cache{Dir: t.TempDir(), Client: server.Client(), Most: 1000}, Reference{server.URL + "/file", hex.EncodeToString(sum[:])}, asked
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAFileIsFetchedOnceAndKept(t *testing.T) {
	c, r, asked := serve(t)
	var fetched []string
	c.Fetching = func(url string) { fetched = append(fetched, url) }
	for range 2 {
		path, err := c.Get(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if *asked != 1 || len(fetched) != 1 {
		t.Errorf("asked %d times, fetched %v", *asked, fetched)
	}
	// What was damaged since is fetched again.
	if err := os.WriteFile(filepath.Join(c.Dir, "sha256", r.SHA256), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(context.Background(), r); err != nil || *asked != 2 {
		t.Errorf("after damage: %v, asked %d times", err, *asked)
	}
	r.URL = strings.Replace(r.URL, "/file", "/moved", 1)
	c.Dir = t.TempDir()
	if _, err := c.Get(context.Background(), r); err != nil {
		t.Errorf("moved: %v", err)
	}
}

func TestAnotherFileIsRefusedAndNotKept(t *testing.T) {
	c, r, _ := serve(t)
	other := r
	other.SHA256 = strings.Repeat("0", 64)
	var e *HashError
	if _, err := c.Get(context.Background(), other); !errors.As(err, &e) || e.Got != r.SHA256 {
		t.Errorf("another hash: %v", err)
	}
	c.Most = 5
	if _, err := c.Get(context.Background(), r); err == nil || !strings.Contains(err.Error(), "more than 5 bytes") {
		t.Errorf("too large: %v", err)
	}
	c.Most = 1000
	r.URL = strings.Replace(r.URL, "/file", "/gone", 1)
	if _, err := c.Get(context.Background(), r); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("gone: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Get(cancelled, r); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left := files(t, c.Dir); len(left) > 0 {
		t.Errorf("it keeps %v", left)
	}
}

func TestParse(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	r, err := Parse("https://example.org/b.bundle#sha256=" + strings.ToUpper(sum))
	if err != nil || r != (Reference{"https://example.org/b.bundle", sum}) {
		t.Errorf("%+v, %v", r, err)
	}
	for text, want := range map[string]string{
		"https://example.org/b.bundle":                "put #sha256=… behind it",
		"https://example.org/b.bundle#sha256=12":      "64 hexadecimal digits",
		"ftp://example.org/b#sha256=" + sum:           "no address of http or https",
		"https://u:p@example.org/b#sha256=" + sum:     "password",
		"https://exa mple.org/b.bundle#sha256=" + sum: "no address",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestTheDefaultFollowsXDG(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	c, err := Default()
	if err != nil || c.Dir != filepath.Join("/somewhere", "metabench") {
		t.Errorf("%+v, %v", c, err)
	}
}
