package hubtest

import (
	"net/url"
	"strings"
)

// Route is a kind of endpoint.
type Route string

// The endpoints (§11).
const (
	RouteList         Route = "list"          // GET /api/datasets
	RouteInfo         Route = "info"          // GET /api/datasets/{ns}/{name}[/revision/{rev}]
	RouteTree         Route = "tree"          // GET /api/datasets/{ns}/{name}/tree/{rev}[/{path}]
	RoutePathsInfo    Route = "paths-info"    // POST /api/datasets/{ns}/{name}/paths-info/{rev}
	RouteResolve      Route = "resolve"       // GET|HEAD /datasets/{ns}/{name}/resolve/{rev}/{path}
	RouteRaw          Route = "raw"           // GET|HEAD /datasets/{ns}/{name}/raw/{rev}/{path}
	RouteResolveCache Route = "resolve-cache" // GET|HEAD /api/resolve-cache/datasets/{ns}/{name}/{sha}/{path}
	RouteModels       Route = "models"        // GET /api/models
	RouteModel        Route = "model"         // GET /api/models/{id}[/revision/{rev}]
	RouteModelFile    Route = "model-file"    // GET|HEAD /{id}/(raw|resolve)/{rev}/{path}
	RouteRobots       Route = "robots"        // GET /robots.txt
	RouteOther        Route = "other"         // anything else: 404
	RouteCDN          Route = "cdn"           // GET|HEAD /xet-bridge-us/…
)

// Routes returns every route.
func Routes() []Route {
	return []Route{RouteList, RouteInfo, RouteTree, RoutePathsInfo, RouteResolve, RouteRaw, RouteResolveCache, RouteModels,
		RouteModel, RouteModelFile, RouteRobots, RouteOther, RouteCDN}
}

// target is a request's path taken apart. Prefix and suffix are kept as sent, so that
// a redirect to another repository name changes nothing else.
type target struct {
	route  Route
	repo   string // "ns/name" or a model id
	rev    string
	path   string
	prefix string // escaped path before the repository
	suffix string // escaped path after it
}

func (t target) bucket() Bucket {
	switch t.route {
	case RouteResolve, RouteRaw, RouteResolveCache, RouteModelFile:
		return BucketResolvers
	case RouteList, RouteInfo, RouteTree, RoutePathsInfo, RouteModels, RouteModel:
		return BucketAPI
	case RouteOther:
		if t.prefix == "/api" {
			return BucketAPI
		}
	}
	return BucketPages
}

// parseTarget takes an escaped path apart. Segments are unescaped one by one, so
// that a %2F stays inside its segment.
func parseTarget(escaped string) target {
	raw := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	seg := make([]string, len(raw))
	for i, s := range raw {
		u, err := url.PathUnescape(s)
		if err != nil {
			return target{route: RouteOther}
		}
		seg[i] = u
	}
	is := func(i int, s string) bool { return i < len(seg) && seg[i] == s }
	rest := func(from int) string { return strings.Join(seg[min(from, len(seg)):], "/") }
	other := target{route: RouteOther}
	if is(0, "api") {
		other.prefix = "/api"
	}
	// at makes the target of a repository that takes segments [i, i+n).
	at := func(route Route, i, n int) target {
		return target{route: route, repo: strings.Join(seg[i:i+n], "/"),
			prefix: "/" + join(raw[:i]), suffix: tail(raw[i+n:])}
	}
	switch {
	case len(seg) == 1 && seg[0] == "robots.txt":
		return target{route: RouteRobots}
	case is(0, "api") && is(1, "datasets") && len(seg) == 2:
		return target{route: RouteList}
	case is(0, "api") && is(1, "models") && len(seg) == 2:
		return target{route: RouteModels}
	case is(0, "api") && is(1, "datasets") && len(seg) >= 4:
		return apiTarget(seg, at, rest)
	case is(0, "api") && is(1, "models") && len(seg) >= 3:
		n := len(seg) - 2
		for k := 3; k < len(seg); k++ {
			if seg[k] == "revision" {
				n = k - 2
			}
		}
		t := at(RouteModel, 2, n)
		if is(2+n, "revision") {
			t.rev = rest(3 + n)
		}
		return t
	case is(0, "api") && is(1, "resolve-cache") && is(2, "datasets") && len(seg) >= 7:
		t := at(RouteResolveCache, 3, 2)
		t.rev, t.path = seg[5], rest(6)
		return t
	case is(0, "datasets") && len(seg) >= 6 && (seg[3] == "resolve" || seg[3] == "raw"):
		t := at(Route(seg[3]), 1, 2)
		t.rev, t.path = seg[4], rest(5)
		return t
	}
	for i := 1; i <= 2 && i+2 < len(seg); i++ { // {name}/resolve/… or {org}/{name}/resolve/…
		if seg[i] == "resolve" || seg[i] == "raw" {
			t := at(RouteModelFile, 0, i)
			t.rev, t.path = seg[i+1], rest(i+2)
			return t
		}
	}
	return other
}

func apiTarget(seg []string, at func(Route, int, int) target, rest func(int) string) target {
	switch {
	case len(seg) == 4:
		return at(RouteInfo, 2, 2)
	case len(seg) == 6 && seg[4] == "revision":
		t := at(RouteInfo, 2, 2)
		t.rev = seg[5]
		return t
	case len(seg) >= 6 && seg[4] == "tree":
		t := at(RouteTree, 2, 2)
		t.rev, t.path = seg[5], strings.Trim(rest(6), "/")
		return t
	case len(seg) == 6 && seg[4] == "paths-info":
		t := at(RoutePathsInfo, 2, 2)
		t.rev = seg[5]
		return t
	}
	return target{route: RouteOther, prefix: "/api"}
}

func join(raw []string) string {
	if len(raw) == 0 {
		return ""
	}
	return strings.Join(raw, "/") + "/"
}

func tail(raw []string) string {
	if len(raw) == 0 {
		return ""
	}
	return "/" + strings.Join(raw, "/")
}

// escapePath escapes each segment of a path, as the Hub's own addresses do.
func escapePath(p string) string {
	seg := strings.Split(p, "/")
	for i, s := range seg {
		seg[i] = url.PathEscape(s)
	}
	return strings.Join(seg, "/")
}
