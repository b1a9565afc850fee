package hubtest

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// repository is a dataset repository as the endpoints show it: a model's, or one of
// the two common ones.
type repository struct {
	id       string // canonical
	oid      string // "_id"
	entry    *Entry // nil for the common ones
	created  time.Time
	modified time.Time
	head     int // newest revision
	files    func(revision int) []*File
}

// index keeps what listings need of all repositories, and the file lists asked for
// last.
type index struct {
	mu      sync.Mutex
	sorted  map[string][]*Entry // by sort key
	listing map[listingKey][]*File
}

type listingKey struct {
	repo     string
	revision int
	pushes   int
}

// lookup finds a repository by a name that a client used. moved is true when the
// name is a former one or spelled in another case, which the Hub redirects.
func (s *Server) lookup(name string) (repo *repository, moved bool) {
	id := name
	if ns, base, ok := strings.Cut(name, "/"); ok && strings.EqualFold(ns, OldNamespace) && strings.HasPrefix(base, "details_") {
		id = Namespace + "/" + base
	}
	switch {
	case strings.EqualFold(id, ResultsRepo), strings.EqualFold(id, RequestsRepo):
		r := s.common(strings.ToLower(id))
		return r, name != r.id
	}
	e := s.corpus.byFold[strings.ToLower(id)]
	if e == nil || s.corpus.isAbsent(e) {
		return nil, false
	}
	return s.details(e), name != e.Repo
}

func (s *Server) details(e *Entry) *repository {
	c := s.corpus
	return &repository{id: e.Repo, oid: e.id, entry: e, created: e.created, modified: c.modified(e), head: c.revisions(e),
		files: func(revision int) []*File {
			return s.listed(e.Repo, revision, func() []*File { return c.Files(e, revision) })
		}}
}

func (s *Server) common(id string) *repository {
	c := s.corpus
	created := time.Date(2023, 6, 1, 8, 0, 0, 0, time.UTC)
	list := c.resultsFiles
	if id == RequestsRepo {
		list = c.requestFiles
	}
	pushes := c.Pushes()
	return &repository{id: id, oid: "64784ba0" + hexOf(key(0, id), 16), created: created,
		modified: created.AddDate(1, 0, pushes), head: pushes,
		files: func(int) []*File { return s.listed(id, pushes, list) }}
}

// Pushes is the number of runs pushed so far, to any repository.
func (c *Corpus) Pushes() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := 0
	for _, k := range c.pushed {
		n += k
	}
	return n
}

// listed keeps the file lists of a few repositories.
func (s *Server) listed(id string, revision int, list func() []*File) []*File {
	k := listingKey{id, revision, s.corpus.Pushes()}
	s.index.mu.Lock()
	files, ok := s.index.listing[k]
	s.index.mu.Unlock()
	if ok {
		return files
	}
	files = list()
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if s.index.listing == nil || len(s.index.listing) > 64 {
		s.index.listing = map[listingKey][]*File{}
	}
	s.index.listing[k] = files
	return files
}

// commit is the repository's commit at a revision.
func (s *Server) commit(r *repository, revision int) string { return s.corpus.Commit(r.id, revision) }

// revision finds the revision that a name means: a branch, a full commit id or an
// unambiguous beginning of one (§2.1). Empty is the main branch.
func (s *Server) revision(r *repository, name string) (int, bool) {
	switch name {
	case "", "main", "refs/heads/main":
		return r.head, true
	}
	if len(name) < 7 || strings.Trim(name, "0123456789abcdef") != "" {
		return 0, false
	}
	found, n := 0, 0
	for k := range r.head + 1 {
		if strings.HasPrefix(s.commit(r, k), name) {
			found = k
			n++
		}
	}
	return found, n == 1
}

// open finds the repository and revision of a request, or answers it: with a redirect
// or with the error of §3.4.
func (s *Server) open(v *visit, bytesWanted bool) (*repository, int, bool) {
	r, moved := s.lookup(v.t.repo)
	if r == nil || !s.visible(v, r) {
		s.notFound(v)
		return nil, 0, false
	}
	if _, ok := find(v.struck, FaultRedirectLoop); ok {
		v.redirect(v.r.URL.RequestURI())
		return nil, 0, false
	}
	if moved && !(v.t.route == RouteResolve && has(v.struck, FaultOldNameDirect)) {
		location := v.t.prefix + escapePath(r.id) + v.t.suffix
		if v.r.URL.RawQuery != "" {
			location += "?" + v.r.URL.RawQuery
		}
		v.redirect(location)
		return nil, 0, false
	}
	if r.entry != nil && v.t.route != RouteInfo && r.entry.Case == CaseDisabled {
		v.error(http.StatusForbidden, "", "Access to this resource is disabled.")
		return nil, 0, false
	}
	if bytesWanted && r.entry != nil && r.entry.Case == CaseGated && !v.account.Gated {
		s.refuseGated(v, "dataset "+r.id)
		return nil, 0, false
	}
	k, ok := s.revision(r, v.t.rev)
	if has(v.struck, FaultRewritten) && v.t.rev != "" && v.t.rev != "main" {
		ok = false
	}
	if !ok {
		v.error(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+v.t.rev)
		return nil, 0, false
	}
	return r, k, true
}

// visible reports whether the client may see that a repository exists.
func (s *Server) visible(v *visit, r *repository) bool {
	if r.entry == nil {
		return true
	}
	switch r.entry.Case {
	case CaseDeleted:
		return false
	case CasePrivate:
		return v.account.Private
	}
	return true
}

// notFound hides from strangers whether there is such a repository.
func (s *Server) notFound(v *visit) {
	if v.anon {
		v.error(http.StatusUnauthorized, "", "Invalid username or password.")
		return
	}
	v.error(http.StatusNotFound, "RepoNotFound", "Repository not found")
}

func (s *Server) refuseGated(v *visit, what string) {
	if v.anon {
		v.error(http.StatusUnauthorized, "GatedRepo", "Access to "+what+
			" is restricted. You must have access to it and be authenticated to access it. Please log in.")
		return
	}
	v.error(http.StatusForbidden, "GatedRepo", "Access to "+what+
		" is restricted and you are not in the authorized list. Visit https://huggingface.co/"+what+" to ask for access.")
}

// redirect answers 307, which keeps the method.
func (v *visit) redirect(location string) {
	v.w.Header().Set("Location", location)
	v.text(http.StatusTemporaryRedirect, "Temporary Redirect. Redirecting to "+location)
}

// entries returns all details repositories in the order of a sort key.
func (s *Server) entries(by string) []*Entry {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if list := s.index.sorted[by]; list != nil {
		return list
	}
	list := s.corpus.Entries()
	slices.SortFunc(list, func(a, b *Entry) int {
		if by == "createdAt" {
			if d := b.created.Compare(a.created); d != 0 {
				return d
			}
			return strings.Compare(b.id, a.id)
		}
		return strings.Compare(hexOf(key(1, by, a.Repo), 16), hexOf(key(1, by, b.Repo), 16))
	})
	if s.index.sorted == nil {
		s.index.sorted = map[string][]*Entry{}
	}
	s.index.sorted[by] = list
	return list
}
