package hubtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// treeEntry is a file or directory of a tree (§2.2).
type treeEntry struct {
	Type       string      `json:"type"`
	OID        string      `json:"oid"`
	Size       int64       `json:"size"`
	Path       string      `json:"path"`
	LFS        *lfsPointer `json:"lfs,omitempty"`
	LastCommit *lastCommit `json:"lastCommit,omitempty"`
}

type lfsPointer struct {
	OID         string `json:"oid"`
	Size        int64  `json:"size"`
	PointerSize int    `json:"pointerSize"`
}

type lastCommit struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Date  string `json:"date"`
}

// node is a tree entry before its hashes are worked out.
type node struct {
	path string
	file *File // nil for a directory
}

// nodes lists what a directory holds, in git's order.
func nodes(files []*File, dir string, recursive bool) []node {
	prefix := ""
	if dir != "" {
		prefix = dir + "/"
	}
	inside := func(p string) bool {
		return strings.HasPrefix(p, prefix) && (recursive || !strings.Contains(p[len(prefix):], "/"))
	}
	var out []node
	for _, f := range files {
		if inside(f.Path) || f.kind == hostileFile && dir == "" {
			out = append(out, node{f.Path, f})
		}
	}
	for _, d := range directories(files) {
		if inside(d) {
			out = append(out, node{path: d})
		}
	}
	slices.SortFunc(out, func(a, b node) int { return strings.Compare(a.path, b.path) })
	return out
}

func (s *Server) treeEntry(v *visit, r *repository, revision int, n node, expand bool) treeEntry {
	if n.file == nil {
		return treeEntry{Type: "directory", OID: hexOf(key(4, r.id, n.path), 40), Path: n.path}
	}
	d := s.corpus.Digest(n.file)
	e := treeEntry{Type: "file", OID: d.blob(), Size: d.Size, Path: n.path}
	if d.lfs {
		e.LFS = &lfsPointer{s.declared(v, n.file, d), d.Size, len(d.pointer())}
		if has(v.struck, FaultTreeWithoutH) {
			e.LFS = nil
		}
	}
	if expand {
		e.LastCommit = &lastCommit{s.commit(r, revision), "Upload", r.modified.Format(hubTime)}
	}
	return e
}

// declared is the SHA-256 that the Hub gives for a file.
func (s *Server) declared(v *visit, f *File, d Digest) string {
	if fault, ok := find(v.struck, FaultWrongHash); ok && strings.Contains(f.Path, fault.Match) {
		return hexOf(key(5, d.Hex()), 64)
	}
	return d.Hex()
}

func (s *Server) tree(v *visit) {
	r, k, ok := s.open(v, false)
	if !ok {
		return
	}
	q := v.r.URL.Query()
	expand := yes(q.Get("expand"))
	all := nodes(r.files(k), v.t.path, yes(q.Get("recursive")))
	if len(all) == 0 && v.t.path != "" {
		v.error(http.StatusNotFound, "EntryNotFound", v.t.path+" does not exist on \""+v.t.rev+"\"")
		return
	}
	usual := 1000
	if expand {
		usual = 50
	}
	from, to, ok := s.page(v, len(all), usual, usual, func(i int) string { return all[i].path })
	if !ok {
		return
	}
	out := make([]treeEntry, 0, to-from)
	for _, n := range all[from:to] {
		out = append(out, s.treeEntry(v, r, k, n, expand))
	}
	if has(v.struck, FaultHostileTree) {
		for _, p := range hostilePaths {
			f := &File{Path: p, kind: hostileFile, entry: r.entry}
			out = append(out, s.treeEntry(v, r, k, node{p, f}, false))
		}
	}
	v.json(http.StatusOK, out)
	if has(v.struck, FaultMovingHead) && r.entry != nil {
		s.corpus.Push(r.entry.Model)
	}
}

func (s *Server) pathsInfo(v *visit) {
	r, k, ok := s.open(v, false)
	if !ok {
		return
	}
	var paths []string
	var expand bool
	if strings.HasPrefix(v.r.Header.Get("Content-Type"), "application/json") {
		var body struct {
			Paths  []string `json:"paths"`
			Expand bool     `json:"expand"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(v.w, v.r.Body, 1<<20)).Decode(&body); err != nil {
			v.error(http.StatusBadRequest, "", "invalid JSON")
			return
		}
		paths, expand = body.Paths, body.Expand
	} else {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 1<<20)
		if err := v.r.ParseForm(); err != nil {
			v.error(http.StatusBadRequest, "", "invalid form")
			return
		}
		paths, expand = v.r.PostForm["paths"], yes(v.r.PostForm.Get("expand"))
	}
	out := []treeEntry{}
	for _, n := range nodes(r.files(k), "", true) {
		if slices.Contains(paths, n.path) {
			out = append(out, s.treeEntry(v, r, k, n, expand))
		}
	}
	v.json(http.StatusOK, out)
}
