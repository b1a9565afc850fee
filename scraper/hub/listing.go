package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Dataset is an entry of a listing of datasets.
type Dataset struct {
	Key      string    // the Hub's internal id, which survives renaming
	Repo     string    // "owner/name"
	SHA      string    // head commit; empty when the listing has none
	Modified time.Time // zero when unknown
	Private  bool
	Disabled bool
	Gated    bool
}

const (
	listingBody = 64 << 20 // bytes of one page
	pageSize    = 500
	maxPages    = 1000
	maxStale    = 3 // consecutive pages without a new entry
)

// Datasets calls yield for the data sets of an owner whose names match search, ordered by
// creation. Each page links to the next; links to another host, to an earlier page, or to
// pages without new entries are errors. An entry is given once, even if pages repeat it. An
// error of yield ends the listing and is returned.
func (c *Client) Datasets(ctx context.Context, author, search string, yield func(Dataset) error) error {
	const op = "list datasets"
	query := url.Values{
		"author": {author}, "search": {search}, "sort": {"createdAt"}, "limit": {strconv.Itoa(pageSize)},
		"expand": {"sha", "lastModified", "gated", "disabled", "private"},
	}
	seen := map[string]bool{}
	return c.pages(ctx, op, author, c.url("/api/datasets", query), func(body []byte) (fresh int, err error) {
		page, err := parseDatasets(body)
		if err != nil {
			return 0, err
		}
		for _, d := range page {
			if seen[d.Repo] || d.Key != "" && seen[d.Key] {
				continue
			}
			seen[d.Repo] = true
			if d.Key != "" {
				seen[d.Key] = true
			}
			fresh++
			if err := yield(d); err != nil {
				return fresh, err
			}
		}
		return fresh, nil
	})
}

// malformed marks the error of a page that can't be parsed, as opposed to one of yield.
type malformed struct{ err error }

func (m malformed) Error() string { return m.err.Error() }

// pages reads a page and the pages that it links to. page returns the number of new
// entries.
func (c *Client) pages(ctx context.Context, op, object string, u *url.URL, page func(body []byte) (int, error)) error {
	visited, stale := map[string]bool{}, 0
	for n := 1; ; n++ {
		visited[u.String()] = true
		land, err := c.get(ctx, op, object, u, listingBody)
		if err != nil {
			return err
		}
		fresh, err := page(land.body)
		var bad malformed
		if errors.As(err, &bad) {
			return &Error{Op: op, Object: object, Kind: KindMalformed, HTTP: land.status, Message: fmt.Sprintf("page %d", n), Err: bad.err}
		}
		if err != nil {
			return err
		}
		link := NextLink(land.header.Values("Link"))
		if link == "" {
			return nil
		}
		if fresh > 0 {
			stale = 0
		} else if stale++; stale >= maxStale {
			return &Error{Op: op, Object: object, Kind: KindMalformed, Message: fmt.Sprintf("%d consecutive pages bring nothing new", stale)}
		}
		next, err := land.at.Parse(link)
		switch {
		case err != nil:
			return &Error{Op: op, Object: object, Kind: KindMalformed, Message: "link to the next page is not an address"}
		case !c.origin.is(next):
			return &Error{Op: op, Object: object, Kind: KindRefused,
				Message: fmt.Sprintf("link to the next page leads to %s; set HF_ENDPOINT to that host if it is the Hub", displayHost(next))}
		case visited[next.String()]:
			return &Error{Op: op, Object: object, Kind: KindMalformed, Message: fmt.Sprintf("page %d links back to an earlier page", n)}
		case n >= maxPages:
			return &Error{Op: op, Object: object, Kind: KindMalformed, Message: fmt.Sprintf("more than %d pages", maxPages)}
		}
		u = next
	}
}

// Dataset reads the description of one data set.
func (c *Client) Dataset(ctx context.Context, repo string) (Dataset, error) {
	const op = "read repository"
	if err := CheckRepo(repo); err != nil {
		return Dataset{}, &Error{Op: op, Object: shorten(repo), Kind: KindRefused, Err: err}
	}
	query := url.Values{"expand": {"sha", "lastModified", "gated", "disabled", "private"}}
	land, err := c.get(ctx, op, repo, c.url("/api/datasets/"+escapePath(repo), query), listingBody)
	if err != nil {
		return Dataset{}, err
	}
	var d datasetJSON
	if err := json.Unmarshal(land.body, &d); err != nil {
		return Dataset{}, &Error{Op: op, Object: repo, Kind: KindMalformed, HTTP: land.status, Err: err}
	}
	return d.dataset(), nil
}

type datasetJSON struct {
	Key      string    `json:"_id"`
	ID       string    `json:"id"`
	SHA      string    `json:"sha"`
	Modified looseTime `json:"lastModified"`
	Private  bool      `json:"private"`
	Disabled bool      `json:"disabled"`
	Gated    gate      `json:"gated"`
}

func (d datasetJSON) dataset() Dataset {
	return Dataset{Key: d.Key, Repo: d.ID, SHA: d.SHA, Modified: time.Time(d.Modified),
		Private: d.Private, Disabled: d.Disabled, Gated: bool(d.Gated)}
}

// parseDatasets reads a page of a listing.
func parseDatasets(body []byte) ([]Dataset, error) {
	var page []datasetJSON
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, malformed{err}
	}
	all := make([]Dataset, 0, len(page))
	for _, d := range page {
		if d.ID != "" {
			all = append(all, d.dataset())
		}
	}
	return all, nil
}

// gate is false, or how access is granted: "auto" or "manual".
type gate bool

// UnmarshalJSON implements json.Unmarshaler.
func (g *gate) UnmarshalJSON(b []byte) error {
	*g = string(b) != "false" && string(b) != "null" && string(b) != `""`
	return nil
}

// looseTime is a time that is zero where it is malformed: nothing depends on it.
type looseTime time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (t *looseTime) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return nil
	}
	if parsed, err := time.Parse(time.RFC3339, text); err == nil {
		*t = looseTime(parsed)
	}
	return nil
}
