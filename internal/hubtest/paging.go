package hubtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// cursor is the position after a page's last entry, as the Hub encodes it: opaque to
// clients.
type cursor struct {
	After string `json:"$gt"`
	Page  int    `json:"page"` // distinguishes endless pages
}

func (c cursor) String() string { return base64.StdEncoding.EncodeToString(must(json.Marshal(c))) }

func parseCursor(s string) (cursor, error) {
	var c cursor
	data, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return c, fmt.Errorf("\"cursor\" is invalid")
	}
	return c, nil
}

// page cuts a page out of n entries, and writes the Link header when another follows.
// At gives an entry's identity; the page is [from, to).
func (s *Server) page(v *visit, n, usual, most int, at func(i int) string) (from, to int, ok bool) {
	q := v.r.URL.Query()
	limit := usual
	if text := q.Get("limit"); text != "" {
		l, err := strconv.Atoi(text)
		if err != nil || l < 1 {
			v.error(http.StatusBadRequest, "", "\"limit\" must be a positive number")
			return 0, 0, false
		}
		limit = min(l, most)
	}
	if f, struck := find(v.struck, FaultPageSize); struck {
		limit = int(max(f.Bytes, 1))
	}
	var c cursor
	if text := q.Get("cursor"); text != "" {
		var err error
		if c, err = parseCursor(text); err != nil {
			v.error(http.StatusBadRequest, "", err.Error())
			return 0, 0, false
		}
		from = n
		for i := range n {
			if at(i) == c.After {
				from = i + 1
				break
			}
		}
	}
	endless := has(v.struck, FaultLinkEndless)
	if endless && from >= n {
		from = 0
	}
	to = min(from+limit, n)
	if to < n || endless {
		next := cursor{After: at(to - 1), Page: c.Page + 1}
		s.link(v, q, next)
	}
	if has(v.struck, FaultRepeatEntry) && from > 0 {
		from--
	}
	return from, to, true
}

// link writes the absolute address of the next page.
func (s *Server) link(v *visit, q url.Values, next cursor) {
	base := s.endpoint
	if v.r.Host != "" {
		base = "http://" + v.r.Host
	}
	if f, struck := find(v.struck, FaultLinkHost); struck {
		base = "http://" + f.Text
		if f.Text == "" {
			base = s.cdnURL
		}
	}
	if !has(v.struck, FaultLinkLoop) {
		q.Set("cursor", next.String())
	}
	address := base + v.r.URL.EscapedPath() + "?" + q.Encode()
	v.w.Header().Set("Link", "<"+address+">; rel=\"next\"")
}
