package hub

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var errNotThere = fs.ErrNotExist

func TestNextLink(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   string
	}{
		"alone":                      {[]string{`<https://h/x?cursor=a%3D%3D>; rel="next"`}, "https://h/x?cursor=a%3D%3D"},
		"among_others":               {[]string{`<https://h/t>; rel="xet-auth", <https://h/n>; rel="next"`}, "https://h/n"},
		"in_a_second_header":         {[]string{`<https://h/t>; rel="prev"`, `<https://h/n>; rel=next`}, "https://h/n"},
		"comma_in_the_address":       {[]string{`<https://h/a,b>; rel="prev", <https://h/c,d>; rel="next"`}, "https://h/c,d"},
		"comma_in_a_title":           {[]string{`<https://h/a>; title="x, <y>; rel=next"; rel="prev"`}, ""},
		"several_relations":          {[]string{`<https://h/a>; rel="last next"`}, "https://h/a"},
		"relation_in_capitals":       {[]string{`<https://h/a>; REL="NEXT"`}, "https://h/a"},
		"none":                       {nil, ""},
		"not_closed":                 {[]string{`<https://h/a; rel="next"`}, ""},
		"a_relation_that_ends_alike": {[]string{`<https://h/a>; rel="unnext"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NextLink(c.values); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestParseLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limit, policy string
		want          []Limit
	}{
		"as_the_hub_writes_it": {`"api";r=489;t=189`, `"fixed window";"api";q=500;w=300`,
			[]Limit{{"api", 489, 189 * time.Second, 500, 300 * time.Second}}},
		"without_policy":  {`"resolvers";r=0;t=55`, "", []Limit{{"resolvers", 0, 55 * time.Second, 0, 0}}},
		"two_policies":    {`"api";r=1;t=2, "resolvers";r=3;t=4`, `"fixed window";"resolvers";q=5;w=6`, []Limit{{"api", 1, 2 * time.Second, 0, 0}, {"resolvers", 3, 4 * time.Second, 5, 6 * time.Second}}},
		"negative":        {`"api";r=-1;t=5`, "", nil},
		"absurd_window":   {`"api";r=0;t=864000`, "", []Limit{{"api", 0, maxRetryAfter, 0, 0}}},
		"beyond_integers": {`"api";r=99999999999999999999;t=5`, "", nil},
		"empty":           {"", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			h.Set("RateLimit", c.limit)
			h.Set("RateLimit-Policy", c.policy)
			if diff := cmp.Diff(c.want, ParseLimits(h)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-5": 0, "864000": maxRetryAfter, "99999999999999999999": 0, "soon": 0,
		"Mon, 23 Nov 2026 12:00:30 GMT": 30 * time.Second, "Mon, 23 Nov 2026 11:00:00 GMT": 0, "Thu, 03 Dec 2026 12:00:00 GMT": maxRetryAfter,
	} {
		got, capped := RetryAfter(http.Header{"Retry-After": {value}}, now)
		if got != want || capped != (want == maxRetryAfter) {
			t.Errorf("%q: %v (capped %v), want %v", value, got, capped, want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add(`<https://h/x>; rel="next", <y>; rel=z`, `"api";r=489;t=189`, `"fixed window";"api";q=500;w=300`, "7", "bytes 0-1/2")
	f.Add(`<<>>;rel="next`, `";;;="`, `,,"`, "Mon, 23 Nov 2026 12:00:30 GMT", "bytes */5")
	f.Fuzz(func(t *testing.T, link, limit, policy, after, span string) {
		if next := NextLink([]string{link}); next != "" && !strings.Contains(link, "<"+next+">") {
			t.Errorf("next %q is not in %q", next, link)
		}
		h := http.Header{"Ratelimit": {limit}, "Ratelimit-Policy": {policy}, "Retry-After": {after}}
		for _, l := range ParseLimits(h) {
			if l.Remaining < 0 || l.Reset < 0 || l.Reset > maxRetryAfter || l.Quota < 0 || l.Window < 0 {
				t.Errorf("limit %+v from %q", l, limit)
			}
		}
		if wait, _ := RetryAfter(h, time.Now()); wait < 0 || wait > maxRetryAfter {
			t.Errorf("wait %v for %q", wait, after)
		}
		if r, err := parseContentRange(span); err == nil && (r.last < r.first || r.last >= r.size) {
			t.Errorf("range %+v from %q", r, span)
		}
	})
}

func FuzzListing(f *testing.F) {
	f.Add([]byte(`[{"_id":"1","id":"o/details_a","sha":"abc","lastModified":"2023-08-27T12:40:01.000Z","gated":"auto"}]`))
	f.Add([]byte(`[{"id":5,"gated":{}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := parseDatasets(body)
		var bad malformed
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("error %v is not a malformed page", err)
		}
		for _, d := range page {
			if d.Repo == "" {
				t.Error("an entry without a name")
			}
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte(`[{"type":"file","oid":"a","size":1,"path":"x","lfs":{"oid":"b","size":2,"pointerSize":132}},{"type":"directory","path":"d"}]`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		page, err := parseTree(body)
		if err != nil {
			return
		}
		for _, e := range page {
			_ = CheckPath(e.Path)
			_ = e.entry()
		}
	})
}

func FuzzModel(f *testing.F) {
	f.Add([]byte(`{"id":"a/b","tags":["license:mit"],"config":{"architectures":["X"]},"cardData":{"license":["a"],"base_model":"c"},"safetensors":{"parameters":{"BF16":7},"total":7}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := parseModel(body); err == nil && m.Total < 0 {
			t.Error("a negative number of parameters")
		}
	})
}
