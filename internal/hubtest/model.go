package hubtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

var modelFields = []string{"author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads", "downloadsAllTime",
	"evalResults", "gated", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes", "mask_token",
	"model-index", "pipeline_tag", "private", "safetensors", "sha", "siblings", "spaces", "tags", "transformersInfo",
	"trendingScore", "widgetData", "gguf", "resourceGroup", "xetEnabled", "childrenModelCount", "usedStorage"}

// modelState is what became of a model on the Hub.
func (s *Server) modelByName(name string) (e *Entry, moved string) {
	if e = s.corpus.Entry(name); e != nil {
		if s.corpus.Info(e).Renamed {
			return e, s.corpus.newName(e)
		}
		return e, ""
	}
	if base, ok := strings.CutSuffix(name, "-renamed"); ok {
		if e = s.corpus.Entry(base); e != nil && s.corpus.Info(e).Renamed {
			return e, ""
		}
	}
	return nil, ""
}

func (c *Corpus) newName(e *Entry) string { return e.Model + "-renamed" }

func (s *Server) modelJSON(e *Entry, fields []string) map[string]any {
	m := s.corpus.Info(e)
	id := e.Model
	if m.Renamed {
		id = s.corpus.newName(e)
	}
	author, _, _ := strings.Cut(id, "/")
	tags := []string{"transformers", m.ModelType, "license:" + m.License}
	if !m.NoSafetensors {
		tags = append(tags, "safetensors")
	}
	if m.Merged {
		tags = append(tags, "merge")
	}
	if m.MoE {
		tags = append(tags, "moe")
	}
	gated := any(false)
	if m.Gated {
		gated = "manual"
	}
	card := map[string]any{"license": m.License}
	if m.Base != "" {
		card["base_model"] = m.Base
	}
	all := map[string]any{
		"author": author, "sha": hexOf(key(2, e.Model), 40), "private": false, "disabled": m.Disabled, "gated": gated,
		"pipeline_tag": "text-generation", "library_name": "transformers", "tags": tags, "downloads": 100 + m.Likes,
		"likes": m.Likes, "lastModified": e.created.Format(hubTime), "createdAt": e.created.Format(hubTime),
		"cardData": card, "siblings": []siblingJSON{{Name: ".gitattributes"}, {Name: "config.json"}}, "spaces": []string{},
	}
	if !m.NoConfig {
		all["config"] = map[string]any{"architectures": []string{m.Architecture}, "model_type": m.ModelType, "tokenizer_config": map[string]any{}}
	}
	if !m.NoSafetensors {
		total := int64(m.Parameters * 1e9)
		types := map[string]int64{"BF16": total}
		if m.Quantised { // packed weights count as eight to a word
			types = map[string]int64{"F16": total / 50, "I32": (total - total/50) / 8}
			total = types["F16"] + types["I32"]
		}
		all["safetensors"] = map[string]any{"parameters": types, "total": total}
	}
	out := map[string]any{"_id": e.id, "id": id}
	if fields == nil {
		out["modelId"] = id
	}
	for k, v := range all {
		if fields == nil || slices.Contains(fields, k) {
			out[k] = v
		}
	}
	return out
}

// openModel finds a model or answers the request.
func (s *Server) openModel(v *visit) (*Entry, bool) {
	e, moved := s.modelByName(v.t.repo)
	switch {
	case e == nil || !s.corpus.Info(e).Available || s.corpus.isAbsent(e):
		s.notFound(v)
		return nil, false
	case moved != "":
		location := v.t.prefix + escapePath(moved) + v.t.suffix
		if v.r.URL.RawQuery != "" {
			location += "?" + v.r.URL.RawQuery
		}
		v.redirect(location)
		return nil, false
	}
	return e, true
}

func (s *Server) model(v *visit) {
	fields, err := expansion(v.r.URL.Query(), modelFields)
	if err != nil {
		v.error(http.StatusBadRequest, "", err.Error())
		return
	}
	if e, ok := s.openModel(v); ok {
		v.json(http.StatusOK, s.modelJSON(e, fields))
	}
}

func (s *Server) models(v *visit) {
	q := v.r.URL.Query()
	fields, err := expansion(q, modelFields)
	if err != nil {
		v.error(http.StatusBadRequest, "", err.Error())
		return
	}
	var rows []*Entry
	for _, e := range s.entries("createdAt") {
		org, _, _ := strings.Cut(e.Model, "/")
		if author := q.Get("author"); author != "" && org != author {
			continue
		}
		matches := !slices.ContainsFunc(q["search"], func(t string) bool { return !strings.Contains(strings.ToLower(e.Model), strings.ToLower(t)) })
		if matches && s.corpus.Info(e).Available && !s.corpus.isAbsent(e) {
			rows = append(rows, e)
		}
	}
	from, to, ok := s.page(v, len(rows), 100, 1000, func(i int) string { return rows[i].id })
	if !ok {
		return
	}
	out := make([]map[string]any, 0, to-from)
	for _, e := range rows[from:to] {
		out = append(out, s.modelJSON(e, fields))
	}
	v.json(http.StatusOK, out)
}

// modelFile serves config.json, the only file of a model that the crawler may want.
func (s *Server) modelFile(v *visit) {
	e, ok := s.openModel(v)
	if !ok {
		return
	}
	m := s.corpus.Info(e)
	switch {
	case m.Disabled:
		v.error(http.StatusForbidden, "", "Access to this resource is disabled.")
	case m.Gated && !v.account.Gated:
		s.refuseGated(v, "model "+e.Model)
	case v.t.rev != "main" && v.t.rev != hexOf(key(2, e.Model), 40):
		v.error(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+v.t.rev)
	case v.t.path != "config.json":
		v.w.Header().Set("X-Repo-Commit", hexOf(key(2, e.Model), 40))
		v.error(http.StatusNotFound, "EntryNotFound", "Entry not found")
	default:
		v.w.Header().Set("X-Repo-Commit", hexOf(key(2, e.Model), 40))
		v.text(http.StatusOK, string(must(json.MarshalIndent(map[string]any{
			"architectures": []string{m.Architecture}, "model_type": m.ModelType,
		}, "", "  "))))
	}
}
