package hubtest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for path, want := range map[string]target{
		"/api/datasets":                              {route: RouteList},
		"/api/datasets/ns/name":                      {route: RouteInfo, repo: "ns/name"},
		"/api/datasets/ns/name/revision/refs%2Fx":    {route: RouteInfo, repo: "ns/name", rev: "refs/x"},
		"/api/datasets/ns/name/tree/main":            {route: RouteTree, repo: "ns/name", rev: "main"},
		"/api/datasets/ns/name/tree/main/a%2Fb":      {route: RouteTree, repo: "ns/name", rev: "main", path: "a/b"},
		"/api/datasets/ns/name/tree/main/a/b":        {route: RouteTree, repo: "ns/name", rev: "main", path: "a/b"},
		"/api/datasets/ns/name/paths-info/main":      {route: RoutePathsInfo, repo: "ns/name", rev: "main"},
		"/datasets/ns/name/resolve/main/a%7Cb/c%3Ad": {route: RouteResolve, repo: "ns/name", rev: "main", path: "a|b/c:d"},
		"/datasets/ns/name/raw/main/a":               {route: RouteRaw, repo: "ns/name", rev: "main", path: "a"},
		"/api/resolve-cache/datasets/ns/name/s/a/b":  {route: RouteResolveCache, repo: "ns/name", rev: "s", path: "a/b"},
		"/api/models":                        {route: RouteModels},
		"/api/models/gpt2":                   {route: RouteModel, repo: "gpt2"},
		"/api/models/org/name/revision/main": {route: RouteModel, repo: "org/name", rev: "main"},
		"/gpt2/resolve/main/config.json":     {route: RouteModelFile, repo: "gpt2", rev: "main", path: "config.json"},
		"/org/name/raw/main/config.json":     {route: RouteModelFile, repo: "org/name", rev: "main", path: "config.json"},
		"/robots.txt":                        {route: RouteRobots},
		"/api/datasets/ns/name/nonsense":     {route: RouteOther},
		"/":                                  {route: RouteOther},
		"/%zz":                               {route: RouteOther},
	} {
		t.Run(path, func(t *testing.T) {
			got := parseTarget(path)
			got.prefix, got.suffix = "", ""
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

// A target's prefix, repository and suffix make up the path again, which redirects to
// another name rely on.
func FuzzParseTarget(f *testing.F) {
	f.Add("/api/datasets/ns/name/tree/main/a%2Fb")
	f.Add("/datasets/ns/name/resolve/refs%2Fx/a%7Cb")
	f.Add("/a/resolve/b/c")
	f.Fuzz(func(t *testing.T, path string) {
		got := parseTarget(path)
		if got.repo == "" || strings.Contains(got.repo, "%") {
			return
		}
		again := got.prefix + escapePath(got.repo) + got.suffix
		a, errA := url.PathUnescape(strings.TrimPrefix(path, "/"))
		b, errB := url.PathUnescape(strings.TrimPrefix(again, "/"))
		if errA == nil && (errB != nil || a != b) {
			t.Errorf("%q came apart and together as %q", path, again)
		}
	})
}

// What clients send back (cursors, signed policies, ranges) is read without panic, and a
// range is shifted as far as asked.
func FuzzSentBack(f *testing.F) {
	f.Add("eyJyIjoiYSJ9", int64(3), int64(9))
	f.Fuzz(func(t *testing.T, text string, from, to int64) {
		if _, err := parseCursor(text); err == nil && text == "" {
			t.Error("an empty cursor is none")
		}
		if _, err := parsePolicy(text); err == nil && text == "" {
			t.Error("an empty policy is none")
		}
		shift(text, 1)
		if from < 0 || to < from || to > 1<<62 {
			return
		}
		got, ok := shift(fmt.Sprintf("bytes=%d-%d", from, to), 5)
		if want := fmt.Sprintf("bytes=%d-%d", from+5, to+5); !ok || got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
