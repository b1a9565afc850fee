package hubtest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer writes one response and lets faults happen to it.
type answer struct {
	w       http.ResponseWriter
	request *http.Request
	faults  []Fault
	closing <-chan struct{}
	status  int
	sent    int64
	abort   bool // cut the connection at the end
}

func newAnswer(w http.ResponseWriter, r *http.Request, struck []Fault, closing <-chan struct{}) *answer {
	return &answer{w: w, request: r, faults: struck, closing: closing}
}

// wait sleeps in real time unless the client or the server goes away.
func (a *answer) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.request.Context().Done():
	case <-a.closing:
	}
}

// preempt does the faults that come before an answer, and reports whether they replace it.
func (a *answer) preempt() bool {
	for _, f := range a.faults {
		switch f.Kind {
		case FaultLatency:
			a.wait(f.Duration)
		case FaultReset:
			a.reset()
			return true
		case FaultStatus:
			a.page(cmp.Or(f.Status, http.StatusInternalServerError))
			return true
		case FaultHTML:
			a.page(http.StatusOK)
			return true
		}
	}
	return false
}

// reset closes the connection without a response. Without lingering the client's system
// sees a reset, not an orderly end.
func (a *answer) reset() {
	conn, _, err := http.NewResponseController(a.w).Hijack()
	if err != nil {
		a.abort = true // not possible over HTTP/2: end the stream instead
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the connection is being thrown away
	}
	_ = conn.Close()
}

// finish ends the response; it cuts the connection where a fault wants that.
func (a *answer) finish() {
	if a.abort {
		panic(http.ErrAbortHandler)
	}
}

// error is an error of the Hub's (§3.4): a code and a message in headers, JSON in the body.
func (a *answer) error(status int, code, message string) {
	h := a.w.Header()
	if code != "" {
		h.Set("X-Error-Code", code)
	}
	h.Set("X-Error-Message", message)
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="Authentication required"`)
	}
	if code == "EntryNotFound" {
		a.text(status, "Entry not found")
		return
	}
	a.json(status, map[string]string{"error": message})
}

// page is an error page in HTML, as proxies send it.
func (a *answer) page(status int) {
	text := fmt.Sprintf("<html>\r\n<head><title>%d %s</title></head>\r\n<body><center><h1>%[1]d %[2]s</h1></center></body>\r\n</html>\r\n",
		status, http.StatusText(status))
	a.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	a.body(status, []byte(text))
}

func (a *answer) text(status int, text string) {
	a.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	a.body(status, []byte(text))
}

func (a *answer) json(status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	mustOK(enc.Encode(v))
	data := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	h := a.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("ETag", fmt.Sprintf(`W/"%x-%s"`, len(data), hexOf(key(0, string(data)), 16)))
	if f, ok := find(a.faults, FaultCutJSON); ok && status == http.StatusOK {
		data = data[:min(int(f.at(int64(len(data))/2)), len(data))]
	}
	accepts := strings.Contains(a.request.Header.Get("Accept-Encoding"), "gzip")
	if f, ok := find(a.faults, FaultGzipBomb); ok && status == http.StatusOK {
		a.bomb(f.at(300 << 20))
		return
	}
	if has(a.faults, FaultGzip) && accepts {
		var z bytes.Buffer
		zw := gzip.NewWriter(&z)
		must(zw.Write(data))
		mustOK(zw.Close())
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
		a.stream(status, z.Bytes())
		return
	}
	a.body(status, data)
}

// at is the fault's offset, or the default where none was given.
func (f Fault) at(otherwise int64) int64 {
	if f.Bytes == 0 {
		return otherwise
	}
	return f.Bytes
}

// bomb sends a JSON string of n blanks, packed.
func (a *answer) bomb(n int64) {
	a.w.Header().Set("Content-Encoding", "gzip")
	a.WriteHeader(http.StatusOK)
	count := &counting{w: a.w}
	zw := gzip.NewWriter(count)
	_, err := zw.Write([]byte(`["`))
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for ; n > 0 && err == nil && a.request.Context().Err() == nil; n -= int64(len(chunk)) {
		_, err = zw.Write(chunk[:min(n, int64(len(chunk)))])
	}
	if err == nil {
		_, err = zw.Write([]byte(`"]`))
	}
	if cerr := zw.Close(); err != nil || cerr != nil {
		a.abort = true // the client left
	}
	a.sent += count.n
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// body sends bytes with their length, unless a fault has it otherwise.
func (a *answer) body(status int, data []byte) {
	a.w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	a.stream(status, data)
}

func (a *answer) stream(status int, data []byte) {
	a.WriteHeader(status)
	if a.request.Method == http.MethodHead {
		return
	}
	n, err := a.Write(data)
	if err != nil || n < len(data) {
		a.abort = true // the client left, or a fault cut the body
	}
}

// Header, WriteHeader and Write make an answer an http.ResponseWriter, so that files
// can be served by the standard library.
func (a *answer) Header() http.Header { return a.w.Header() }

// WriteHeader sends the headers.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	h := a.w.Header()
	if f, ok := find(a.faults, FaultContentLength); ok {
		if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil {
			h.Set("Content-Length", strconv.FormatInt(max(n+f.Bytes, 0), 10))
		}
	}
	a.w.WriteHeader(status)
	if h.Get("Content-Length") == "" && status == http.StatusOK {
		_ = http.NewResponseController(a.w).Flush() // or the server counts a short body itself
	}
}

// Write sends a part of the body and does to it what the faults want.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	length, err := strconv.ParseInt(a.w.Header().Get("Content-Length"), 10, 64)
	if err != nil {
		length = int64(len(p))
	}
	for _, f := range a.faults {
		switch f.Kind {
		case FaultCorrupt:
			if at := f.at(length/2) - a.sent; at >= 0 && at < int64(len(p)) {
				p = bytes.Clone(p)
				p[at] ^= 0x55
			}
		case FaultCut, FaultStall:
			left := f.at(length/2) - a.sent
			if left > int64(len(p)) {
				continue
			}
			n, _ := a.send(p[:max(left, 0)]) // whether the client saw them does not matter now
			_ = http.NewResponseController(a.w).Flush()
			if f.Kind == FaultStall {
				a.wait(time.Hour)
			}
			a.abort = true
			return n, io.ErrClosedPipe
		case FaultDrip:
			return a.drip(p, f.Duration)
		}
	}
	return a.send(p)
}

// send writes bytes. Those beyond the announced length, which a fault may have made too short,
// are dropped.
func (a *answer) send(p []byte) (int, error) {
	all := len(p)
	if n, err := strconv.ParseInt(a.w.Header().Get("Content-Length"), 10, 64); err == nil && a.sent+int64(len(p)) > n {
		p = p[:max(n-a.sent, 0)]
	}
	n, err := a.w.Write(p)
	a.sent += int64(n)
	if err == nil {
		n = all
	}
	return n, err
}

func (a *answer) drip(p []byte, pause time.Duration) (int, error) {
	sum := 0
	for len(p) > 0 {
		n, err := a.send(p[:min(len(p), 1024)])
		sum += n
		p = p[n:]
		if err != nil {
			return sum, err
		}
		_ = http.NewResponseController(a.w).Flush()
		a.wait(pause)
	}
	return sum, nil
}
