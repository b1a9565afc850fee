package hub

import (
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"metabench/scraper/details"
)

// Small reads a whole small file of a data set at a commit, up to limit bytes, and
// checks it against the tree's entry.
func (c *Client) Small(ctx context.Context, repo, commit string, e Entry, limit int64) ([]byte, error) {
	if e.Size > limit {
		return nil, &Error{Op: "read file", Object: object(repo, commit, e.Path), Kind: KindTooLarge,
			Message: fmt.Sprintf("%d bytes, at most %d are read", e.Size, limit)}
	}
	r, err := c.Open(ctx, repo, commit, e)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // a temporary file that was read
	body := make([]byte, e.Size)
	if err := r.Whole(); err != nil {
		return nil, err
	}
	if _, err := r.ReadAt(body, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return body, nil
}

// Remote is a file of a repository at a commit, read by ranges from a signed
// address. It is not safe for concurrent use, and it lives within the context that
// it was opened with.
//
// All bytes that are read are of the same file: responses must agree about its length and,
// where they have one, its entity tag. If they don't, reading ends with KindChanged, and
// the next read starts over.
type Remote struct {
	c      *Client
	ctx    context.Context
	repo   string
	commit string
	entry  Entry
	signed *url.URL // nil until resolved, and after it has expired
	linked string   // entity tag by the resolver; empty when it gave none
	tag    string   // entity tag by storage, from the first response that had one
	spool  *spool   // holds the whole file once filled
	parts  []part   // read by ranges
	hashed bool     // the spool's content was verified by hash
}

// part is a range of the file in memory.
type part struct {
	off  int64
	data []byte
}

// Open resolves a file, so that it can be read. If the Hub serves the file
// itself instead of redirecting to storage, the whole file has been read.
func (c *Client) Open(ctx context.Context, repo, commit string, e Entry) (*Remote, error) {
	r := &Remote{c: c, ctx: ctx, repo: repo, commit: commit, entry: e, spool: &spool{dir: c.tempDir, limit: e.Size}}
	for _, check := range []error{CheckRepo(repo), CheckPath(e.Path)} {
		if check != nil {
			return nil, &Error{Op: "resolve", Object: shorten(repo), Kind: KindRefused, Err: check}
		}
	}
	if err := r.resolve(); err != nil {
		return nil, closeAfter(r, err)
	}
	return r, nil
}

func closeAfter(r *Remote, err error) error {
	_ = r.spool.Close() // the error that led here matters more
	return err
}

// Close removes the temporary file.
func (r *Remote) Close() error { return r.spool.Close() }

// Size is the file's size as the tree declares it.
func (r *Remote) Size() int64 { return r.entry.Size }

// SHA256 is the declared hash of the content: the tree's, else the resolver's.
func (r *Remote) SHA256() string { return r.entry.SHA256 }

// Hashed reports whether every byte was read and its hash is the declared one.
func (r *Remote) Hashed() bool { return r.hashed }

func (r *Remote) object() string { return object(r.repo, r.commit, r.entry.Path) }

func object(repo, commit, path string) string {
	return repo + "@" + short(commit) + " " + shorten(path)
}

// resolve requests a signed address from the Hub. A file that the Hub serves itself, and
// whose bytes are not as declared, is requested again.
func (r *Remote) resolve() error {
	for try := 1; ; try++ {
		err := r.resolveOnce()
		if KindOf(err) != KindMismatch || r.signed != nil || try >= maxReads {
			return err
		}
	}
}

// maxReads bounds how often a file is read whose bytes are not as declared.
const maxReads = 3

func (r *Remote) resolveOnce() error {
	const op = "resolve"
	u := r.c.url("/datasets/"+escapePath(r.repo)+"/resolve/"+url.PathEscape(r.commit)+"/"+escapePath(r.entry.Path), nil)
	header := http.Header{"Accept-Encoding": {"identity"}}
	land, err := r.c.follow(r.ctx, op, r.object(), u, header, call{limit: 1 << 20, spool: r.spool})
	if err != nil {
		return err
	}
	switch {
	case land.signed != nil:
		if size := land.header.Get("X-Linked-Size"); size != "" && size != fmt.Sprint(r.entry.Size) {
			return r.mismatch("the tree says %d bytes, the resolver %s", r.entry.Size, shorten(size))
		}
		tag := strings.Trim(land.header.Get("X-Linked-Etag"), `"`)
		switch {
		case tag != "" && r.linked != "" && tag != r.linked:
			return r.changed("the resolver", tag, r.linked)
		case len(tag) == 64 && r.entry.SHA256 != "" && tag != r.entry.SHA256:
			return r.mismatch("the tree says SHA-256 %s…, the resolver %s…", short(r.entry.SHA256), short(tag))
		case len(tag) == 64:
			r.entry.SHA256 = tag
		}
		r.linked = cmp.Or(tag, r.linked)
		r.entry.Blob = "" // the id of a pointer, not of the content
		r.signed = land.signed
		return nil
	case land.status == http.StatusOK:
		return r.verify()
	}
	return r.c.failed(op, r.object(), land.reply)
}

func (r *Remote) mismatch(format string, args ...any) error {
	return &Error{Op: "read file", Object: r.object(), Kind: KindMismatch, Message: fmt.Sprintf(format, args...)}
}

// changed is the error of a response about another file than the responses before. What
// was read so far is not used any more.
func (r *Remote) changed(who, now, before string) error {
	r.startOver()
	return &Error{Op: "read file", Object: r.object(), Kind: KindChanged,
		Message: fmt.Sprintf("%s has %s, and had %s when reading began", who, shorten(now), shorten(before))}
}

// startOver forgets the bytes and entity tags of the file.
func (r *Remote) startOver() {
	r.linked, r.tag, r.parts, r.spool.filled = "", "", nil, false
}

// entity is a response's entity tag; empty when it has none. Weak tags are treated as strong
// ones, because caches weaken a tag without changing bytes.
func entity(answer *reply) string {
	return strings.Trim(strings.TrimPrefix(answer.header.Get("ETag"), "W/"), `"`)
}

// sameFile compares a response of storage with those before it.
func (r *Remote) sameFile(answer *reply) error {
	tag := entity(answer)
	if tag != "" && r.tag != "" && tag != r.tag {
		return r.changed("storage", tag, r.tag)
	}
	r.tag = cmp.Or(r.tag, tag)
	return nil
}

// sameWhole checks that a whole file is the one of which ranges were read before: by its
// hash, which verify compares, else by its entity tag.
func (r *Remote) sameWhole(tag string) error {
	if len(r.parts) == 0 || r.entry.SHA256 != "" || tag != "" && tag == r.tag {
		return nil
	}
	r.startOver()
	return &Error{Op: "read file", Object: r.object(), Kind: KindChanged,
		Message: "the whole file was sent for a range, and may be another file than the ranges before"}
}

// verify compares the spooled file with what the tree declares.
func (r *Remote) verify() error {
	if r.spool.size != r.entry.Size {
		r.spool.filled = false
		return r.mismatch("%d bytes arrived, %d are declared", r.spool.size, r.entry.Size)
	}
	want, sum := r.entry.SHA256, sha256.New()
	if want == "" {
		// A file in git itself: its id is the hash of a header and the content.
		want, sum = r.entry.Blob, sha1.New()
		fmt.Fprintf(sum, "blob %d\x00", r.spool.size)
	}
	if _, err := io.Copy(sum, io.NewSectionReader(r.spool.file, 0, r.spool.size)); err != nil {
		return &Error{Op: "read file", Object: r.object(), Kind: KindLocalStorage, Err: err}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); want != "" && got != want {
		r.spool.filled = false
		return r.mismatch("hash %s…, declared is %s…", short(got), short(want))
	}
	r.hashed = want != ""
	return nil
}

// wholeStep is how many bytes of a large file are requested at once when all of it is
// read: an interruption costs so many, and so many are in memory.
const wholeStep = 8 << 20

// Whole reads the whole file to disk and verifies its hash. A file with a wrong hash, and one
// that changes meanwhile, is read again up to twice.
func (r *Remote) Whole() error {
	for try := 1; ; try++ {
		err := r.whole()
		if kind := KindOf(err); kind != KindMismatch && kind != KindChanged || try >= maxReads {
			return err
		}
		r.c.log.Warn("file is not what it is declared to be, read again", "file", r.object(), "error", err)
	}
}

func (r *Remote) whole() error {
	if r.spool.filled && r.hashed {
		return nil
	}
	if err := r.spool.open(); err != nil {
		return r.local(err)
	}
	if err := r.spool.file.Truncate(0); err != nil {
		return r.local(err)
	}
	r.startOver()
	fills := r.spool.fills
	for off := int64(0); off < r.entry.Size; {
		data, err := r.fetch(off, min(wholeStep, r.entry.Size-off))
		if err != nil {
			return err
		}
		if r.spool.filled { // the server ignored the range and sent the whole file
			return r.verify()
		}
		if r.spool.fills != fills && off > 0 { // it began to send the whole file, and overwrote what was there
			return r.mismatch("the whole file was sent for a range, and was cut")
		}
		fills = r.spool.fills
		if _, err := r.spool.file.WriteAt(data, off); err != nil {
			return r.local(err)
		}
		off += int64(len(data))
	}
	r.spool.filled, r.spool.size = true, r.entry.Size
	return r.verify()
}

func (r *Remote) local(err error) error {
	return &Error{Op: "read file", Object: r.object(), Kind: KindLocalStorage, Err: err}
}

// parallelRanges is how many ranges of one file are read at once. Storage is known to refuse
// more.
const parallelRanges = 4

// Prefetch reads spans of the file that are not in memory yet: the first by itself, the others
// a few at a time, and those that failed again one by one.
func (r *Remote) Prefetch(spans ...details.Span) error {
	if len(spans) > 2 {
		if err := r.Prefetch(spans[0]); err != nil {
			return err
		}
		r.prefetchParallel(spans[1:])
	}
	for _, s := range spans {
		if r.spool.filled || r.has(s.Off, s.Len) {
			continue
		}
		if s.Off < 0 || s.Len <= 0 || s.Off+s.Len > r.entry.Size {
			return r.mismatch("bytes %d to %d of a file of %d", s.Off, s.Off+s.Len, r.entry.Size)
		}
		data, err := r.fetch(s.Off, s.Len)
		if err != nil {
			return err
		}
		if r.spool.filled {
			return r.verify()
		}
		r.parts = append(r.parts, part{s.Off, data})
	}
	return nil
}

// prefetchParallel reads spans and leaves errors to Prefetch.
func (r *Remote) prefetchParallel(spans []details.Span) {
	if r.spool.filled || r.signed == nil {
		return
	}
	var mu sync.Mutex
	group := pool.New().WithMaxGoroutines(parallelRanges)
	var parts []part
	for _, s := range spans {
		if r.has(s.Off, s.Len) || s.Off < 0 || s.Len <= 0 || s.Off+s.Len > r.entry.Size {
			continue
		}
		group.Go(func() {
			answer, err := r.storage(rangeHeader(s.Off, s.Len), s.Len, nil)
			if err == nil && answer.status == http.StatusPartialContent && r.checkRange(answer, s.Off, s.Len) == nil {
				mu.Lock()
				defer mu.Unlock()
				if tag := entity(answer); tag == "" || tag == r.tag {
					parts = append(parts, part{s.Off, answer.body})
				}
			}
		})
	}
	group.Wait()
	r.parts = append(r.parts, parts...)
}

func rangeHeader(off, n int64) http.Header {
	return http.Header{"Accept-Encoding": {"identity"}, "Range": {fmt.Sprintf("bytes=%d-%d", off, off+n-1)}}
}

func (r *Remote) has(off, n int64) bool {
	for _, p := range r.parts {
		if off >= p.off && off+n <= p.off+int64(len(p.data)) {
			return true
		}
	}
	return false
}

// readStep is the least number of bytes that ReadAt requests, to save requests.
const readStep = 16 << 10

// ReadAt implements io.ReaderAt. Bytes that were not prefetched take a request.
func (r *Remote) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= r.entry.Size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), r.entry.Size-off)
	if !r.spool.filled && !r.has(off, n) {
		if err := r.Prefetch(details.Span{Off: off, Len: min(max(n, readStep), r.entry.Size-off)}); err != nil {
			return 0, err
		}
	}
	if r.spool.filled {
		return r.spool.file.ReadAt(p, off)
	}
	for _, part := range r.parts {
		if off >= part.off && off+n <= part.off+int64(len(part.data)) {
			copy(p, part.data[off-part.off:])
			if n < int64(len(p)) {
				return int(n), io.EOF
			}
			return int(n), nil
		}
	}
	panic("hub: prefetched part is not there")
}

// maxResolves bounds how often an address is renewed for one range. Storage is known to
// refuse reads at random.
const maxResolves = 8

// fetch reads n bytes at off from storage. A signed address that is refused is renewed. If
// the server sends the whole file instead, it is in the spool and the result is nil.
func (r *Remote) fetch(off, n int64) ([]byte, error) {
	const op = "read range"
	header := rangeHeader(off, n)
	for try := 0; ; try++ {
		if r.signed == nil {
			if err := r.resolve(); err != nil {
				return nil, err
			}
			if r.spool.filled {
				return nil, r.sameWhole("")
			}
		}
		answer, err := r.storage(header, n, r.spool)
		if err != nil {
			return nil, err
		}
		switch answer.status {
		case http.StatusPartialContent:
			err := r.checkRange(answer, off, n)
			if err == nil {
				return answer.body, r.sameFile(answer)
			}
			if try >= maxResolves {
				return nil, err
			}
		case http.StatusOK:
			if r.spool.size == r.entry.Size {
				return nil, cmp.Or(r.sameFile(answer), r.sameWhole(entity(answer)))
			}
			r.spool.filled = false
			if try >= maxResolves {
				return nil, r.mismatch("%d bytes arrived, %d are declared", r.spool.size, r.entry.Size)
			}
		case http.StatusForbidden, http.StatusUnauthorized, http.StatusNotFound:
			if try >= maxResolves {
				return nil, &Error{Op: op, Object: r.object(), Kind: KindServer, HTTP: answer.status, Message: "storage refuses every signed address"}
			}
			r.signed = nil
		case http.StatusRequestedRangeNotSatisfiable:
			got, err := parseContentRange(answer.header.Get("Content-Range"))
			if err != nil {
				return nil, &Error{Op: op, Object: r.object(), Kind: KindMalformed, HTTP: answer.status, Err: err}
			}
			return nil, r.mismatch("storage has %d bytes, %d are declared", got.size, r.entry.Size)
		default:
			return nil, r.c.failed(op, r.object(), answer)
		}
		r.c.log.Debug("range not usable, trying again", "file", r.object(), "status", answer.status)
		if err := r.c.transport.clock.Sleep(r.ctx, r.c.transport.pause(try+1, 0)); err != nil {
			return nil, err
		}
	}
}

// storage sends a request to the signed address and follows redirects between
// download hosts. None leads back to the Hub, so that none is sent with the token.
func (r *Remote) storage(header http.Header, n int64, whole *spool) (*reply, error) {
	const op = "read range"
	at := r.signed
	for range maxHops + 1 {
		answer, err := r.c.do(r.ctx, at, header.Clone(), call{limit: max(n, 64<<10), spool: whole})
		if err != nil {
			return nil, r.c.wrap(op, r.object(), err)
		}
		if answer.status < 300 || answer.status >= 400 {
			return answer, nil
		}
		next, err := at.Parse(answer.header.Get("Location"))
		if err != nil || r.c.origin.is(next) || !r.c.origin.cdnAllowed(next, r.c.cdnHosts) {
			return nil, &Error{Op: op, Object: r.object(), Kind: KindRefused, HTTP: answer.status, Message: "storage redirects to a host that is not a download host"}
		}
		at = next
	}
	return nil, &Error{Op: op, Object: r.object(), Kind: KindMalformed, Message: fmt.Sprintf("more than %d redirects", maxHops)}
}

// checkRange accepts a response 206 only if it is the whole range that was requested.
func (r *Remote) checkRange(answer *reply, off, n int64) error {
	got, err := parseContentRange(answer.header.Get("Content-Range"))
	if err != nil {
		return &Error{Op: "read range", Object: r.object(), Kind: KindMalformed, HTTP: answer.status, Err: err}
	}
	if got.first != off || got.last != off+n-1 || got.size != r.entry.Size || int64(len(answer.body)) != n {
		return r.mismatch("asked for bytes %d-%d of %d, got %d-%d of %d (%d bytes)",
			off, off+n-1, r.entry.Size, got.first, got.last, got.size, len(answer.body))
	}
	return nil
}
