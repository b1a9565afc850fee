package leaderboard

import (
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"metabench/corpus"
	"metabench/scraper/hub"
)

// Sources are the descriptions of a model.
type Sources struct {
	Info    *hub.ModelInfo // by the Hub; nil when the model isn't there
	Gone    bool           // the Hub has no such model
	Request *Request       // nil when there is none
}

// Describe joins the descriptions of a model. The number of parameters is that of the Hub,
// else of the request, else of the name.
func Describe(name string, s Sources) corpus.Model {
	m := corpus.Model{Name: name}
	if s.Gone {
		m.Available = ptr(false)
	}
	var tags []string
	if r := s.Request; r != nil {
		m.Precision, m.License, m.BaseModel, m.Architecture, m.Revision = r.Precision, known(r.License), known(r.BaseModel), known(r.Architectures), known(r.Revision)
		if r.Parameters > 0 {
			m.Parameters, m.ParamsSource = ptr(r.Parameters), "request"
		}
		if r.Tags != nil {
			m.Flagged = ptr(slices.ContainsFunc(r.Tags, func(t string) bool { return strings.HasPrefix(strings.ToLower(t), "flagged") }))
		}
		tags = append(tags, r.Tags...)
	}
	if i := s.Info; i != nil {
		m.Available = ptr(!i.Disabled)
		if len(i.Architectures) > 0 {
			m.Architecture = strings.Join(i.Architectures, " ")
		}
		if i.License != "" {
			m.License = i.License
		}
		if i.BaseModel != "" {
			m.BaseModel = i.BaseModel
		}
		if b, ok := weights(i); ok {
			m.Parameters, m.ParamsSource = ptr(b), "safetensors"
		}
		tags = append(tags, i.Tags...)
	}
	if s.Info != nil || s.Request != nil && s.Request.Tags != nil {
		has := func(names ...string) bool {
			return slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(names, strings.ToLower(t)) })
		}
		m.Merged = ptr(has("merge", "merged", "mergekit"))
		arch := strings.ToLower(m.Architecture)
		m.MoE = ptr(has("moe", "mixtral", "frankenmoe") || strings.Contains(arch, "moe") || strings.Contains(arch, "mixtral"))
	}
	if m.Parameters == nil {
		if b, ok := SizeFromName(name); ok {
			m.Parameters, m.ParamsSource = ptr(b), "name"
		}
	}
	return m
}

// weights is the number of parameters in billions, rounded to three significant digits. It is
// not known where weights are packed into integers, which are fewer than the parameters.
func weights(i *hub.ModelInfo) (float64, bool) {
	if i.Total <= 0 {
		return 0, false
	}
	var packed int64
	for dtype, n := range i.Parameters {
		switch dtype {
		case "I32", "U32", "I8", "U8":
			packed += n
		}
	}
	if packed > i.Total/4 {
		return 0, false
	}
	return round3(float64(i.Total) / 1e9), true
}

func round3(x float64) float64 {
	if x <= 0 {
		return x
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(x)))
	return math.Round(x*scale) / scale
}

var sizeGrammar = regexp.MustCompile(`(?i)(?:(\d{1,2})\s*x\s*)?(\d{1,4}(?:\.\d{1,3})?)\s*([bm])(?:\s*x\s*(\d{1,2}))?(?:[^a-z0-9]|$)`)

// SizeFromName infers a model's size in billions of parameters from its name: a
// number followed by B or M, times what an "8x" before or an "x2" after it says.
func SizeFromName(name string) (billions float64, ok bool) {
	m := sizeGrammar.FindStringSubmatch(path.Base(name))
	if m == nil {
		return 0, false
	}
	size, err := strconv.ParseFloat(m[2], 64)
	if err != nil || size == 0 {
		return 0, false
	}
	if strings.EqualFold(m[3], "m") {
		size /= 1000
	}
	for _, times := range []string{m[1], m[4]} {
		if n, err := strconv.Atoi(times); err == nil && n > 0 {
			size *= float64(n)
		}
	}
	return size, true
}

func known(s string) string {
	switch s {
	case "?", "None", "none", "null":
		return ""
	}
	return s
}

func ptr[T any](v T) *T { return &v }
