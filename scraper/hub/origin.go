package hub

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// origin is scheme, host and port of the configured endpoint. Credentials go to addresses of
// the same origin only.
type origin struct {
	scheme, host, port string
	loopback           bool
}

// parseEndpoint checks the configured endpoint. Plain http is for loopback only,
// because the token would travel in the clear.
func parseEndpoint(raw string) (*url.URL, origin, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil {
		return nil, origin{}, fmt.Errorf("endpoint: not an address: %w", redact(err))
	}
	o := originOf(u)
	switch {
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		return nil, origin{}, fmt.Errorf("endpoint %q: want scheme://host[:port] and nothing more", displayURL(u))
	case u.Scheme == "https", u.Scheme == "http" && o.loopback:
		return u, o, nil
	}
	return nil, origin{}, fmt.Errorf("endpoint %q: want https (plain http only on loopback)", displayURL(u))
}

func originOf(u *url.URL) origin {
	o := origin{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port: u.Port()}
	if o.port == "" {
		switch o.scheme {
		case "https":
			o.port = "443"
		case "http":
			o.port = "80"
		}
	}
	ip := net.ParseIP(o.host)
	o.loopback = o.host == "localhost" || strings.HasSuffix(o.host, ".localhost") || (ip != nil && ip.IsLoopback())
	return o
}

// is reports whether an address belongs to the endpoint itself. Only such requests
// carry the token.
func (o origin) is(u *url.URL) bool {
	other := originOf(u)
	return u.User == nil && o == other
}

// cdnAllowed reports whether signed addresses of a host are followed: the Hub's
// delivery hosts over https, those configured, and for an endpoint on loopback any
// loopback address.
func (o origin) cdnAllowed(u *url.URL, extra []string) bool {
	target := originOf(u)
	if u.User != nil {
		return false
	}
	if o.loopback && target.loopback {
		return target.scheme == "http" || target.scheme == "https"
	}
	if target.scheme != "https" || target.port != "443" {
		return false
	}
	for _, suffix := range append([]string{".hf.co", ".huggingface.co"}, extra...) {
		if target.host == strings.TrimPrefix(suffix, ".") && !strings.HasPrefix(suffix, ".") {
			return true
		}
		if strings.HasPrefix(suffix, ".") && strings.HasSuffix(target.host, suffix) {
			return true
		}
	}
	return false
}

// CheckPath refuses paths in a repository that a URL parser would change, or that no file of
// the Hub has: empty, absolute, with "." or ".." segments, backslashes, control characters, or
// longer than 1024 bytes.
func CheckPath(path string) error {
	if path == "" || len(path) > 1024 {
		return fmt.Errorf("path of %d bytes", len(path))
	}
	return checkSegments(path)
}

// CheckRepo refuses names that are not "owner/name" of reasonable length.
func CheckRepo(repo string) error {
	if strings.Count(repo, "/") != 1 || len(repo) > 512 {
		return fmt.Errorf("repository name %.60q is not owner/name", repo)
	}
	return checkSegments(repo)
}

func checkSegments(path string) error {
	for _, segment := range strings.Split(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("path %.60q has an empty, \".\" or \"..\" segment", path)
		}
	}
	for i := range len(path) {
		if path[i] < ' ' || path[i] == 0x7f || path[i] == '\\' {
			return fmt.Errorf("path %.60q has control characters or back slashes", path)
		}
	}
	if len(path) >= 2 && path[1] == ':' && (path[0]|0x20) >= 'a' && (path[0]|0x20) <= 'z' {
		return fmt.Errorf("path %.60q begins with a drive letter", path)
	}
	return nil
}

// escapePath escapes each segment: '|' must be, ':' may stay.
func escapePath(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}
