package hubtest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// openFile finds the file of a request or answers it.
func (s *Server) openFile(v *visit) (*repository, int, *File, bool) {
	r, k, ok := s.open(v, true)
	if !ok {
		return nil, 0, nil, false
	}
	v.w.Header().Set("X-Repo-Commit", s.commit(r, k))
	f := findFile(r.files(k), v.t.path)
	if f == nil || f.kind == hostileFile {
		v.error(http.StatusNotFound, "EntryNotFound", "Entry not found")
		return nil, 0, nil, false
	}
	return r, k, f, true
}

// resolve redirects: a large file to the CDN, a small one to the resolve cache (§3.1, §3.2).
func (s *Server) resolve(v *visit) {
	r, k, f, ok := s.openFile(v)
	if !ok {
		return
	}
	d := s.corpus.Digest(f)
	h := v.w.Header()
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Disposition", disposition(f.Path))
	h.Set("Vary", "Origin, Accept")
	commit := s.commit(r, k)
	if !d.lfs {
		etag := `"` + d.Hex() + `"`
		if v.r.Header.Get("If-None-Match") == etag {
			h.Set("ETag", etag)
			v.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("ETag", etag)
		h.Set("X-Linked-ETag", etag)
		h.Set("X-Hub-Cache", "MISS")
		v.redirect("/api/resolve-cache/datasets/" + escapePath(r.id) + "/" + commit + "/" + escapePath(f.Path) +
			"?" + url.QueryEscape(v.r.URL.Path) + "=&etag=" + url.QueryEscape(etag))
		return
	}
	h.Set("X-Linked-Size", strconv.FormatInt(d.Size, 10))
	h.Set("X-Linked-ETag", `"`+s.declared(v, f, d)+`"`)
	h.Set("Cache-Control", "no-store")
	// No X-Xet-Hash and no rel="xet-auth": the official client would then fetch the file by
	// the chunk protocol, which is not served here.
	if has(v.struck, FaultNoLinked) {
		for _, name := range []string{"X-Linked-Size", "X-Linked-ETag", "X-Repo-Commit"} {
			h.Del(name)
		}
	}
	location := s.signed(r, k, f, d)
	if fault, struck := find(v.struck, FaultRedirectHost); struck {
		_, after, _ := strings.Cut(location, "://")
		_, rest, _ := strings.Cut(after, "/")
		location = "http://" + cmp.Or(fault.Text, "evil.example") + "/" + rest
	}
	if has(v.struck, FaultRedirectPort) {
		host, _, _ := net.SplitHostPort(strings.TrimPrefix(s.endpoint, "http://"))
		_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.cdnURL, "http://"))
		location = "http://" + net.JoinHostPort(host, port) + strings.TrimPrefix(location, s.cdnURL)
	}
	h.Set("Location", location)
	v.text(http.StatusFound, "Found. Redirecting to "+location)
}

func disposition(p string) string {
	base := path.Base(p)
	return fmt.Sprintf(`inline; filename*=UTF-8''%s; filename="%s";`, url.PathEscape(base), strings.ReplaceAll(base, `"`, ""))
}

// raw serves git's blob: of a large file the pointer.
func (s *Server) raw(v *visit) {
	_, _, f, ok := s.openFile(v)
	if !ok {
		return
	}
	d := s.corpus.Digest(f)
	v.w.Header().Set("ETag", `"`+d.blob()+`"`)
	if d.lfs {
		v.text(http.StatusOK, d.pointer())
		return
	}
	v.r.Header.Del("If-None-Match") // raw does not honour it
	s.file(v.answer, v.r, f, `"`+d.Hex()+`"`, "text/plain; charset=utf-8")
}

// resolveCache serves small files.
func (s *Server) resolveCache(v *visit) {
	_, _, f, ok := s.openFile(v)
	if !ok {
		return
	}
	d := s.corpus.Digest(f)
	if d.lfs {
		v.error(http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	v.w.Header().Set("Content-Disposition", disposition(f.Path))
	s.file(v.answer, v.r, f, `"`+d.Hex()+`"`, "text/plain; charset=utf-8")
}

// file serves a file's bytes, with single ranges.
func (s *Server) file(a *answer, r *http.Request, f *File, etag, contentType string) {
	data := s.corpus.content(f)
	h := a.Header()
	h.Set("ETag", etag)
	h.Set("Content-Type", contentType)
	h.Set("Accept-Ranges", "bytes")
	var src io.ReadSeeker = data.reader()
	if fault, ok := find(a.faults, FaultShort); ok {
		src = io.NewSectionReader(data, 0, max(data.size-fault.at(data.size/2), 0))
	}
	spec := r.Header.Get("Range")
	switch {
	case has(a.faults, FaultIgnoreRange), strings.Contains(spec, ","):
		r.Header.Del("Range")
	case has(a.faults, FaultContentRange) && spec != "":
		fault, _ := find(a.faults, FaultContentRange)
		if shifted, ok := shift(spec, fault.at(1)); ok {
			r.Header.Set("Range", shifted)
		}
	}
	http.ServeContent(a, r, "", time.Time{}, src)
}

// shift moves a range bytes=a-b by n.
func shift(spec string, n int64) (string, bool) {
	from, to, ok := strings.Cut(strings.TrimPrefix(spec, "bytes="), "-")
	if !ok {
		return "", false
	}
	a, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return "", false
	}
	out := fmt.Sprintf("bytes=%d-", a+n)
	if b, err := strconv.ParseInt(to, 10, 64); err == nil {
		out += strconv.FormatInt(b+n, 10)
	}
	return out, true
}

// policy is what a signed address permits; it rides in the address.
type policy struct {
	Repo     string `json:"r"`
	Revision int    `json:"k"`
	Path     string `json:"p"`
	Expires  int64  `json:"e"`
}

// signed makes an address for a file at the CDN that is good for a while.
func (s *Server) signed(r *repository, revision int, f *File, d Digest) string {
	expires := s.options.Now().Add(s.options.Lifetime).Unix()
	p := base64.RawURLEncoding.EncodeToString(must(json.Marshal(policy{r.id, revision, f.Path, expires})))
	q := url.Values{}
	q.Set("response-content-disposition", disposition(f.Path))
	q.Set("Expires", strconv.FormatInt(expires, 10))
	q.Set("Policy", p)
	q.Set("Signature", s.sign(d.xet(), p))
	q.Set("Key-Pair-Id", "K2L8F4GPSG1IFC")
	return s.cdnURL + "/xet-bridge-us/" + r.oid + "/" + d.xet() + "?X-Xet-Cas-Uid=public&" + q.Encode()
}

func (s *Server) sign(hash, policy string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%d %s %s", s.secret, hash, policy)))
	return hex.EncodeToString(sum[:])
}

// serveCDN serves the bytes behind signed addresses: no quota, no credentials.
func (s *Server) serveCDN(w http.ResponseWriter, r *http.Request) {
	s.log.begin()
	struck := s.faults.strike(RouteCDN, r.Method, r.URL.Path+" "+s.fileName(r))
	a := newAnswer(w, r, struck, s.closing)
	header := r.Header.Clone()
	defer func() {
		record := Request{At: s.options.Now(), Host: HostCDN, Route: RouteCDN, Method: r.Method, URL: r.URL.Path, Path: s.fileName(r),
			Header: header, Status: a.status, Bytes: a.sent}
		if len(struck) > 0 {
			record.Fault = struck[0].Kind
		}
		s.record(record)
	}()
	w.Header().Set("X-HF-CDN-Pop", "local-1")
	if !a.preempt() {
		s.cdnFile(a, r)
	}
	a.finish()
}

// fileName is repository and path of the file that an address speaks of.
func (s *Server) fileName(r *http.Request) string {
	p, err := parsePolicy(r.URL.Query().Get("Policy"))
	if err != nil {
		return ""
	}
	return p.Repo + "/" + p.Path
}

func parsePolicy(text string) (policy, error) {
	var p policy
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	return p, err
}

func (s *Server) cdnFile(a *answer, r *http.Request) {
	deny := func(why string) {
		a.Header().Set("Content-Type", "application/xml")
		a.body(http.StatusForbidden, []byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>`+why+`</Message></Error>`))
	}
	seg := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	p, err := parsePolicy(q.Get("Policy"))
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead, len(seg) != 3 || seg[0] != "xet-bridge-us":
		a.text(http.StatusNotFound, "Not found")
		return
	case err != nil || q.Get("Signature") != s.sign(seg[2], q.Get("Policy")):
		deny("Access denied")
		return
	case has(a.faults, FaultExpired), s.options.Now().Unix() > p.Expires:
		deny("Request has expired")
		return
	case has(a.faults, FaultForbidden):
		deny("Access denied")
		return
	}
	if f, ok := find(a.faults, FaultRedirectChain); ok {
		hop, _ := strconv.ParseInt(q.Get("hop"), 10, 64)
		if hop < f.at(1) {
			q.Set("hop", strconv.FormatInt(hop+1, 10))
			a.Header().Set("Location", r.URL.Path+"?"+q.Encode())
			a.text(http.StatusFound, "Found")
			return
		}
	}
	repo, _ := s.lookup(p.Repo)
	var f *File
	if repo != nil {
		f = findFile(repo.files(p.Revision), p.Path)
	}
	if f == nil {
		a.text(http.StatusNotFound, "Not found")
		return
	}
	a.Header().Set("Content-Disposition", disposition(f.Path))
	s.file(a, r, f, `"`+seg[2]+`"`, "application/octet-stream")
}
