package hubtest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const hubTime = "2006-01-02T15:04:05.000Z"

// datasetJSON is a dataset in listings and repository info (§1.3, §2.1).
type datasetJSON struct {
	OID           string        `json:"_id"`
	ID            string        `json:"id"`
	Author        string        `json:"author,omitempty"`
	SHA           string        `json:"sha,omitempty"`
	LastModified  string        `json:"lastModified,omitempty"`
	Private       *bool         `json:"private,omitempty"`
	Gated         any           `json:"gated,omitempty"`
	Disabled      *bool         `json:"disabled,omitempty"`
	Tags          []string      `json:"tags,omitempty"`
	Description   string        `json:"description,omitempty"`
	Downloads     *int          `json:"downloads,omitempty"`
	Likes         *int          `json:"likes,omitempty"`
	TrendingScore *int          `json:"trendingScore,omitempty"`
	CardData      *CardData     `json:"cardData,omitempty"`
	Siblings      []siblingJSON `json:"siblings,omitempty"`
	CreatedAt     string        `json:"createdAt,omitempty"`
	Key           *string       `json:"key,omitempty"`
}

type siblingJSON struct {
	Name string   `json:"rfilename"`
	Size *int64   `json:"size,omitempty"`
	Blob string   `json:"blobId,omitempty"`
	LFS  *lfsBlob `json:"lfs,omitempty"`
}

type lfsBlob struct {
	SHA256      string `json:"sha256"`
	Size        int64  `json:"size"`
	PointerSize int    `json:"pointerSize"`
}

var datasetFields = []string{"author", "cardData", "citation", "createdAt", "disabled", "description", "downloads",
	"downloadsAllTime", "gated", "lastModified", "likes", "mainSize", "paperswithcode_id", "private", "siblings", "sha",
	"tags", "trendingScore", "usedStorage", "resourceGroup"}

// expansion reads expand=…, also spelled expand[]=…; nil means that it was not given.
func expansion(q url.Values, valid []string) ([]string, error) {
	list := append(slices.Clone(q["expand"]), q["expand[]"]...)
	var out []string
	for _, e := range list {
		for _, f := range strings.Split(e, ",") {
			if !slices.Contains(valid, f) {
				return nil, fmt.Errorf("\"expand\" must be one of [%s]", strings.Join(valid, ", "))
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// yes reads a boolean in any of the spellings that the official clients use.
func yes(s string) bool { return strings.EqualFold(s, "true") || s == "1" }

// describe makes the JSON of a repository. Fields is the expansion; without one the entry
// has the usual fields.
func (s *Server) describe(r *repository, revision int, id string, fields []string, full, inList, blobs bool) datasetJSON {
	want := func(f string) bool { return slices.Contains(fields, f) }
	plain := fields == nil
	d := datasetJSON{OID: r.oid, ID: id}
	no, zero, empty := false, 0, ""
	if plain || want("author") {
		d.Author = Namespace
	}
	if want("sha") || plain && (full || !inList) {
		d.SHA = s.commit(r, revision)
	}
	if plain || want("lastModified") {
		d.LastModified = r.modified.Format(hubTime)
	}
	if plain || want("private") {
		private := r.entry != nil && r.entry.Case == CasePrivate
		d.Private = &private
	}
	if plain || want("gated") {
		d.Gated = false
		if r.entry != nil && r.entry.Case == CaseGated {
			d.Gated = "auto"
		}
	}
	if plain || want("disabled") {
		d.Disabled = &no
		if r.entry != nil && r.entry.Case == CaseDisabled {
			yes := true
			d.Disabled = &yes
		}
	}
	if plain || want("tags") {
		d.Tags = []string{"region:us"}
	}
	if plain || want("downloads") {
		n := int(key(2, r.id) % 500)
		d.Downloads = &n
	}
	if plain || want("likes") {
		d.Likes = &zero
	}
	if plain && inList || want("trendingScore") {
		d.TrendingScore = &zero
	}
	if plain || want("createdAt") {
		d.CreatedAt = r.created.Format(hubTime)
	}
	if plain && inList {
		d.Key = &empty
	}
	if r.entry != nil && (want("cardData") || plain && (full || !inList)) {
		d.CardData = s.corpus.Card(r.entry, revision)
	}
	if want("siblings") || plain && (full || !inList) {
		for _, f := range r.files(revision) {
			sib := siblingJSON{Name: f.Path}
			if blobs {
				g := s.corpus.Digest(f)
				sib.Size, sib.Blob = &g.Size, g.blob()
				if g.lfs {
					sib.LFS = &lfsBlob{g.Hex(), g.Size, len(g.pointer())}
				}
			}
			d.Siblings = append(d.Siblings, sib)
		}
	}
	return d
}

func (s *Server) list(v *visit) {
	q := v.r.URL.Query()
	fields, err := expansion(q, datasetFields)
	by := q.Get("sort")
	switch {
	case err != nil:
		v.error(http.StatusBadRequest, "", err.Error())
		return
	case by == "":
		by = "trendingScore"
	case !slices.Contains([]string{"createdAt", "downloads", "likes", "lastModified", "trendingScore", "likes30d", "mainSize", "id"}, by):
		v.error(http.StatusBadRequest, "", "\"sort\" must be one of [createdAt, downloads, likes, lastModified, trendingScore]")
		return
	}
	full := yes(q.Get("full"))
	if full && fields != nil {
		v.error(http.StatusBadRequest, "", "\"full\" conflicts with \"expand\"")
		return
	}
	if has(v.struck, FaultPlainList) {
		fields, full = nil, false
	}
	rows := s.matching(v, by)
	from, to, ok := s.page(v, len(rows), 100, 1000, func(i int) string { return rows[i].oid })
	if !ok {
		return
	}
	out := make([]datasetJSON, 0, to-from)
	for _, row := range rows[from:to] {
		r := row.open()
		revision := r.head
		if has(v.struck, FaultStaleSHA) && revision > 0 {
			revision--
		}
		out = append(out, s.describe(r, revision, row.id, fields, full, true, false))
	}
	v.json(http.StatusOK, out)
}

// row is an entry of a listing before it is described.
type row struct {
	id, oid string
	created time.Time
	open    func() *repository
}

// matching lists the datasets that a query selects.
func (s *Server) matching(v *visit, by string) []row {
	q := v.r.URL.Query()
	var out []row
	author, searches, filters := q.Get("author"), q["search"], q["filter"]
	wanted := func(id string) bool {
		ns, _, _ := strings.Cut(id, "/")
		if author != "" && ns != author {
			return false
		}
		for _, t := range searches {
			if !strings.Contains(strings.ToLower(id), strings.ToLower(t)) {
				return false
			}
		}
		for _, f := range filters {
			if f != "region:us" {
				return false
			}
		}
		return true
	}
	for _, e := range s.entries(by) {
		if (e.Case != CasePrivate || v.account.Private) && wanted(e.Listed) && !s.corpus.isAbsent(e) {
			out = append(out, row{e.Listed, e.id, e.created, func() *repository { return s.details(e) }})
		}
	}
	for _, id := range []string{ResultsRepo, RequestsRepo} {
		if wanted(id) {
			r := s.common(id)
			out = append(out, row{id, r.oid, r.created, func() *repository { return r }})
		}
	}
	return out
}

func (s *Server) info(v *visit) {
	r, k, ok := s.open(v, false)
	if !ok {
		return
	}
	q := v.r.URL.Query()
	fields, err := expansion(q, datasetFields)
	blobs := yes(q.Get("blobs"))
	switch {
	case err != nil:
		v.error(http.StatusBadRequest, "", err.Error())
		return
	case blobs && fields != nil:
		v.error(http.StatusBadRequest, "", "\"blobs\" conflicts with \"expand\"")
		return
	}
	v.json(http.StatusOK, s.describe(r, k, r.id, fields, true, false, blobs))
}
