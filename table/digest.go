package table

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// digestReader counts and hashes the bytes that pass through it.
type digestReader struct {
	r    io.Reader
	hash hash.Hash
	size int64
}

func newDigestReader(r io.Reader) *digestReader {
	return &digestReader{r: r, hash: sha256.New()}
}

func (d *digestReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.hash.Write(p[:n]) // never fails
	d.size += int64(n)
	return n, err
}

// finish reads what is left and returns the size and the SHA-256 of all of it.
func (d *digestReader) finish() (int64, string, error) {
	if _, err := io.Copy(io.Discard, d); err != nil {
		return 0, "", err
	}
	return d.size, hex.EncodeToString(d.hash.Sum(nil)), nil
}
