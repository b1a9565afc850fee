package hubtest

import (
	"crypto/sha1" // git's object names
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// content returns a file's bytes, made now or a little while ago.
func (c *Corpus) content(f *File) *content {
	return c.recent.get(c.fileKey(f), func() *content { return c.build(f) })
}

func (c *Corpus) fileKey(f *File) uint64 {
	repo := ""
	if f.entry != nil {
		repo = f.entry.Repo
	}
	return key(c.options.Seed, repo, f.Path, fmt.Sprint(f.kind == cardFile, f.Run))
}

// Digest is a file's size and hash: SHA-256 for a file in large-file storage, else the git
// blob id.
type Digest struct {
	Size int64
	sum  [32]byte
	lfs  bool
}

// Hex is the hash in hexadecimal digits.
func (d Digest) Hex() string {
	if d.lfs {
		return hex.EncodeToString(d.sum[:])
	}
	return hex.EncodeToString(d.sum[:20])
}

// pointer is the text that git keeps in place of a large file.
func (d Digest) pointer() string {
	return fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", d.Hex(), d.Size)
}

// blob is the file's git object id; that of the pointer for a large file.
func (d Digest) blob() string {
	if d.lfs {
		return gitBlob([]byte(d.pointer()))
	}
	return d.Hex()
}

// xet is the hash under which the CDN knows a large file. It equals no other.
func (d Digest) xet() string {
	sum := sha256.Sum256(append([]byte("xet:"), d.sum[:]...))
	return hex.EncodeToString(sum[:])
}

func gitBlob(data []byte) string {
	h := sha1.New()
	_, _ = fmt.Fprintf(h, "blob %d\x00", len(data)) // a hash's Write never fails
	_, _ = h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// digests keeps the digest of every file that was asked about: 48 bytes each.
type digests struct {
	mu sync.Mutex
	m  map[uint64]Digest
}

// Digest returns a file's digest. The first call makes the file.
func (c *Corpus) Digest(f *File) Digest {
	k := c.fileKey(f)
	c.digests.mu.Lock()
	d, ok := c.digests.m[k]
	c.digests.mu.Unlock()
	if ok {
		return d
	}
	data := c.content(f)
	d = Digest{Size: data.size, lfs: f.lfs()}
	if d.lfs {
		h := sha256.New()
		must(data.WriteTo(h))
		h.Sum(d.sum[:0])
	} else {
		h := sha1.New()
		_, _ = fmt.Fprintf(h, "blob %d\x00", data.size) // a hash's Write never fails
		must(data.WriteTo(h))
		h.Sum(d.sum[:0])
	}
	c.digests.mu.Lock()
	defer c.digests.mu.Unlock()
	if c.digests.m == nil {
		c.digests.m = map[uint64]Digest{}
	}
	c.digests.m[k] = d
	return d
}

// recentFiles keeps the files made last, since a reader asks for several parts.
type recentFiles struct {
	mu    sync.Mutex
	m     map[uint64]*content
	order []uint64
}

const recentMax = 512

func (r *recentFiles) get(k uint64, build func() *content) *content {
	r.mu.Lock()
	c := r.m[k]
	r.mu.Unlock()
	if c != nil {
		return c
	}
	c = build()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[uint64]*content{}
	}
	if r.m[k] == nil {
		if len(r.order) >= recentMax {
			delete(r.m, r.order[0])
			r.order = r.order[1:]
		}
		r.order = append(r.order, k)
	}
	r.m[k] = c
	return c
}
