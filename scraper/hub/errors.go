package hub

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"metabench/corpus"
)

// Kind classifies an error by what can be done about it.
type Kind string

// The kinds of error. Kind.Status gives the status of what failed.
const (
	KindNotFound     Kind = "not found"          // repository deleted, private or never there
	KindGated        Kind = "gated"              // terms have to be accepted in a browser first
	KindDisabled     Kind = "disabled"           // blocked by the Hub
	KindCredentials  Kind = "credentials"        // the token is invalid
	KindNoRevision   Kind = "revision not found" // history was rewritten
	KindNoEntry      Kind = "entry not found"    // no such file at this revision
	KindBadRequest   Kind = "bad request"        // our mistake, or the protocol has changed
	KindQuota        Kind = "quota"              // rate limited for longer than allowed
	KindServer       Kind = "server"             // 408 and 5xx after all retries
	KindNetwork      Kind = "network"            // no or broken connection, stalled transfer
	KindTooLarge     Kind = "too large"          // a body beyond its limit, also decompressed
	KindRefused      Kind = "refused"            // a host, path or name that is not followed
	KindMalformed    Kind = "malformed"          // a response that can't be parsed
	KindMismatch     Kind = "mismatch"           // size or hash is not the declared one
	KindChanged      Kind = "changed"            // another file than when its reading began
	KindOffline      Kind = "offline"            // HF_HUB_OFFLINE
	KindLocalStorage Kind = "local storage"      // the temporary directory can't be written
)

// Status is the status that a crawl records: what failed for a transient reason is tried
// again by the next run, the rest only on request.
func (k Kind) Status() corpus.Status {
	switch k {
	case KindGated, KindDisabled, KindRefused:
		return corpus.StatusPolicy
	case KindNotFound, KindNoEntry, KindNoRevision, KindBadRequest, KindTooLarge, KindMalformed, KindMismatch:
		return corpus.StatusPermanent
	}
	return corpus.StatusTransient
}

// Error is a failed operation on the Hub. It never contains a token, nor the query
// of an address, which may be a signature.
type Error struct {
	Op      string // "list datasets", "read tree", "resolve", "read range"
	Object  string // repository, and path where there is one
	Kind    Kind
	HTTP    int    // status code; 0 when there was no answer
	Message string // what the Hub says about it, shortened
	Err     error  // cause, if any
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Op, e.Object, e.Kind)
	if e.HTTP != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.HTTP)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if r := remedy[e.Kind]; r != "" {
		fmt.Fprintf(&b, "; %s", r)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var remedy = map[Kind]string{
	KindCredentials:  "check HF_TOKEN, or unset it: public data need none",
	KindGated:        "accept the repository's terms in a browser with the account of HF_TOKEN",
	KindQuota:        "run again later, or set HF_TOKEN for a larger quota",
	KindChanged:      "the next run reads it again",
	KindOffline:      "unset HF_HUB_OFFLINE to reach the Hub",
	KindLocalStorage: "free space in the temporary directory or point TMPDIR elsewhere",
}

// KindOf returns the kind of the first Error in err's chain; empty if none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// classify finds the kind of a response without success. The Hub's own error code goes
// first, because the Hub doesn't use 401 and 403 consistently.
func classify(status int, header http.Header, body []byte) (Kind, string) {
	message := shorten(header.Get("X-Error-Message"))
	if message == "" && !strings.Contains(header.Get("Content-Type"), "html") {
		message = shorten(string(body))
	}
	switch header.Get("X-Error-Code") {
	case "RepoNotFound":
		return KindNotFound, message
	case "GatedRepo":
		return KindGated, message
	case "RevisionNotFound":
		return KindNoRevision, message
	case "EntryNotFound":
		return KindNoEntry, message
	}
	switch {
	case status == http.StatusUnauthorized && strings.Contains(message, "Invalid credentials"):
		return KindCredentials, message
	case status == http.StatusForbidden && strings.Contains(message, "Access to this resource is disabled"):
		return KindDisabled, message
	case status == http.StatusUnauthorized, status == http.StatusNotFound, status == http.StatusGone:
		return KindNotFound, message
	case status == http.StatusForbidden:
		return KindGated, message
	case status == http.StatusTooManyRequests:
		return KindQuota, message
	case status == http.StatusRequestTimeout, status >= 500:
		return KindServer, message
	case status >= 400:
		return KindBadRequest, message
	}
	return KindMalformed, "unexpected status"
}

// shorten makes one line of at most 200 characters of a foreign text.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

// redact removes from a transport's error the address, whose query may be a
// signature.
func redact(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
