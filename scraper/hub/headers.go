package hub

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// NextLink returns the target of the first link with rel="next" in Link headers
// (RFC 8288), as written; empty when there is none. A header may hold several
// links and there may be several headers. The parsers of Link headers that are published
// as packages cut a header at every comma, also within an address or a quoted title.
func NextLink(values []string) string {
	for _, value := range values {
		for value != "" {
			open := strings.IndexByte(value, '<')
			if open < 0 {
				break
			}
			end := strings.IndexByte(value[open:], '>')
			if end < 0 {
				break
			}
			target, rest := value[open+1:open+end], value[open+end+1:]
			params := rest
			if next := indexUnquoted(rest, ','); next >= 0 {
				params, value = rest[:next], rest[next+1:]
			} else {
				value = ""
			}
			if hasRel(params, "next") {
				return target
			}
		}
	}
	return ""
}

// hasRel reports whether link parameters `; rel="a b"; title="…"` name a relation.
func hasRel(params, want string) bool {
	for _, param := range splitUnquoted(params, ';') {
		name, value, ok := strings.Cut(param, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for _, rel := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, want) {
				return true
			}
		}
	}
	return false
}

// Limit is the state of a quota as the Hub states it: of Quota requests in a fixed window
// of length Window, Remaining are left, and the window ends after Reset. Quota and Window
// are 0 where no policy was given.
type Limit struct {
	Bucket    string
	Remaining int
	Reset     time.Duration
	Quota     int
	Window    time.Duration
}

// ParseLimits reads the headers RateLimit and RateLimit-Policy
//
//	RateLimit: "api";r=489;t=189
//	RateLimit-Policy: "fixed window";"api";q=500;w=300
//
// Either may list several, separated by commas. Entries that can't be parsed
// or are negative are left out. The end of a window is capped as Retry-After is.
func ParseLimits(header http.Header) []Limit {
	var limits []Limit
	for _, item := range structuredItems(header.Values("RateLimit")) {
		r, okR := item.params["r"]
		t, okT := item.params["t"]
		if okR && okT {
			limits = append(limits, Limit{Bucket: item.name, Remaining: r, Reset: min(time.Duration(t)*time.Second, maxRetryAfter)})
		}
	}
	for _, item := range structuredItems(header.Values("RateLimit-Policy")) {
		for i := range limits {
			if limits[i].Bucket == item.name {
				limits[i].Quota = item.params["q"]
				limits[i].Window = time.Duration(item.params["w"]) * time.Second
			}
		}
	}
	return limits
}

type structuredItem struct {
	name   string // the last quoted string
	params map[string]int
}

// maxParam bounds the numbers in rate limit headers; some say a billion for "no
// limit".
const maxParam = 2_000_000_000

func structuredItems(values []string) []structuredItem {
	var items []structuredItem
	for _, value := range values {
		for _, text := range splitUnquoted(value, ',') {
			item := structuredItem{params: map[string]int{}}
			for _, part := range splitUnquoted(text, ';') {
				part = strings.TrimSpace(part)
				if quoted := strings.Trim(part, `"`); quoted != part {
					item.name = quoted
					continue
				}
				key, number, ok := strings.Cut(part, "=")
				if !ok {
					continue
				}
				n, err := strconv.Atoi(strings.TrimSpace(number))
				if err == nil && n >= 0 && n <= maxParam {
					item.params[strings.TrimSpace(key)] = n
				}
			}
			items = append(items, item)
		}
	}
	return items
}

// maxRetryAfter caps the wait that a Retry-After header may demand: three windows of the
// Hub's quota. A longer one is an error or an attack; the next request then asks again.
const maxRetryAfter = 15 * time.Minute

// RetryAfter reads the header of that name, seconds or a date, relative to now. It
// is 0 when missing, in the past or malformed, and at most 15 minutes; capped is true when
// the header demands more.
func RetryAfter(header http.Header, now time.Time) (wait time.Duration, capped bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		if seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return max(0, time.Duration(seconds)*time.Second), false
	}
	if date, err := http.ParseTime(value); err == nil {
		if wait := date.Sub(now); wait <= maxRetryAfter {
			return max(0, wait), false
		}
		return maxRetryAfter, true
	}
	return 0, false
}

// contentRange is the header of a response 206 or 416: bytes First to Last of Size.
// A 416 has no first and last (-1).
type contentRange struct{ first, last, size int64 }

func parseContentRange(value string) (contentRange, error) {
	bad := fmt.Errorf("content range %q", shorten(value))
	rest, ok := strings.CutPrefix(value, "bytes ")
	if !ok {
		return contentRange{}, bad
	}
	span, total, ok := strings.Cut(rest, "/")
	if !ok {
		return contentRange{}, bad
	}
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil || size < 0 {
		return contentRange{}, bad
	}
	if span == "*" {
		return contentRange{-1, -1, size}, nil
	}
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return contentRange{}, bad
	}
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	if err1 != nil || err2 != nil || first < 0 || last < first || last >= size {
		return contentRange{}, bad
	}
	return contentRange{first, last, size}, nil
}

// splitUnquoted cuts at separators that are not inside double quotes.
func splitUnquoted(s string, sep byte) []string {
	var parts []string
	for {
		i := indexUnquoted(s, sep)
		if i < 0 {
			return append(parts, s)
		}
		parts, s = append(parts, s[:i]), s[i+1:]
	}
}

func indexUnquoted(s string, sep byte) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted:
			i++
		case s[i] == sep && !quoted:
			return i
		}
	}
	return -1
}

// displayURL is an address for logs: without user and query, which may be secrets.
func displayURL(u *url.URL) string {
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}
