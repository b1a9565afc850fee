package hub

import (
	"context"
	"encoding/json"
	"net/url"
)

// Entry is a file of a repository at a commit.
type Entry struct {
	Path   string
	Size   int64
	SHA256 string // of the content, for files in large file storage; else empty
	Blob   string // git object id: of the content when SHA256 is empty, else of a pointer
}

// Tree lists the files of a data set at a commit, in path order. Entries whose path
// CheckPath refuses are left out and counted in refused.
func (c *Client) Tree(ctx context.Context, repo, commit string) (files []Entry, refused int, err error) {
	const op = "read tree"
	if err := CheckRepo(repo); err != nil {
		return nil, 0, &Error{Op: op, Object: shorten(repo), Kind: KindRefused, Err: err}
	}
	u := c.url("/api/datasets/"+escapePath(repo)+"/tree/"+url.PathEscape(commit), url.Values{"recursive": {"true"}})
	seen := map[string]bool{}
	err = c.pages(ctx, op, repo+"@"+short(commit), u, func(body []byte) (int, error) {
		page, err := parseTree(body)
		if err != nil {
			return 0, err
		}
		fresh := 0
		for _, e := range page {
			if seen[e.Path] {
				continue
			}
			seen[e.Path] = true
			fresh++
			switch {
			case e.Type != "file":
			case CheckPath(e.Path) != nil || e.Size < 0:
				refused++
			default:
				files = append(files, e.entry())
			}
		}
		return fresh, nil
	})
	return files, refused, err
}

type treeJSON struct {
	Type string `json:"type"`
	OID  string `json:"oid"`
	Size int64  `json:"size"`
	Path string `json:"path"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

func (e treeJSON) entry() Entry {
	entry := Entry{Path: e.Path, Size: e.Size, Blob: e.OID}
	if e.LFS != nil {
		entry.SHA256 = e.LFS.OID
		if e.LFS.Size > 0 {
			entry.Size = e.LFS.Size
		}
	}
	return entry
}

// parseTree reads a page of a tree.
func parseTree(body []byte) ([]treeJSON, error) {
	var page []treeJSON
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, malformed{err}
	}
	return page, nil
}

// short abbreviates a commit for messages.
func short(commit string) string {
	if len(commit) > 10 {
		return shorten(commit[:10])
	}
	return shorten(commit)
}
