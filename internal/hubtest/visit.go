package hubtest

import "net/http"

// visit is a request on its way through the Hub.
type visit struct {
	*answer
	r       *http.Request
	t       target
	account Account
	anon    bool
	struck  []Fault
	grant   grant
}

func (s *Server) serveHub(w http.ResponseWriter, r *http.Request) {
	s.log.begin()
	t := parseTarget(r.URL.EscapedPath())
	path := r.URL.Path
	name, account, valid := s.account(r)
	v := &visit{r: r, t: t, account: account, anon: r.Header.Get("Authorization") == "", struck: s.faults.strike(t.route, r.Method, path)}
	v.answer = newAnswer(w, r, v.struck, s.closing)
	v.grant = s.limiter.take(name, t.bucket(), s.quota(account.Plan, t.bucket()), s.options.Now())
	defer func() {
		record := Request{At: s.options.Now(), Host: HostHub, Route: t.route, Method: r.Method, URL: r.RequestURI, Path: path,
			Header: r.Header.Clone(), Bucket: t.bucket(), Quota: v.grant.quota, Left: v.grant.remaining,
			Status: v.status, Bytes: v.sent}
		if len(v.struck) > 0 {
			record.Fault = v.struck[0].Kind
		}
		s.record(record)
	}()
	h := w.Header()
	h.Set("X-Powered-By", "huggingface-moon")
	h.Set("X-Request-Id", "Root=1-"+hexOf(key(uint64(s.options.Now().UnixNano()), path), 8))
	h.Set("Access-Control-Expose-Headers", "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag")
	if v.anon {
		h.Set("X-HF-Warning", "unauthenticated; send a token for higher rate limits")
	}
	v.grant.write(h)
	switch {
	case s.preempt(v):
	case v.grant.refused:
		v.error(http.StatusTooManyRequests, "", "We had to rate limit you, you hit the quota of requests per 5 minutes.")
	case !valid:
		v.error(http.StatusUnauthorized, "", "Invalid credentials in Authorization header")
	default:
		s.dispatch(v)
	}
	v.finish()
}

// preempt answers requests struck by a fault that leaves nothing of the real answer.
func (s *Server) preempt(v *visit) bool {
	for _, f := range v.struck {
		h := v.w.Header()
		switch f.Kind {
		case FaultRateLimited:
			g := v.grant
			g.remaining = 0
			if f.Duration > 0 {
				g.reset = f.Duration
			}
			g.write(h)
			v.error(http.StatusTooManyRequests, "", "We had to rate limit you, you hit the quota of requests per 5 minutes.")
			return true
		case FaultRateEdge, FaultRetryAfter:
			h.Del("RateLimit")
			h.Del("RateLimit-Policy")
			if f.Text != "" {
				h.Set("Retry-After", f.Text)
			}
			v.page(http.StatusTooManyRequests)
			return true
		case FaultRateLeft:
			v.page(http.StatusTooManyRequests)
			return true
		}
	}
	return v.preempt()
}

func (s *Server) dispatch(v *visit) {
	get := v.r.Method == http.MethodGet || v.r.Method == http.MethodHead
	switch {
	case v.t.route == RouteRobots && get:
		v.text(http.StatusOK, "User-agent: *\nAllow: /\n")
	case v.t.route == RoutePathsInfo && v.r.Method == http.MethodPost:
		s.pathsInfo(v)
	case !get:
		v.error(http.StatusNotFound, "", "Not found")
	case v.t.route == RouteList:
		s.list(v)
	case v.t.route == RouteInfo:
		s.info(v)
	case v.t.route == RouteTree:
		s.tree(v)
	case v.t.route == RouteResolve:
		s.resolve(v)
	case v.t.route == RouteRaw:
		s.raw(v)
	case v.t.route == RouteResolveCache:
		s.resolveCache(v)
	case v.t.route == RouteModels:
		s.models(v)
	case v.t.route == RouteModel:
		s.model(v)
	case v.t.route == RouteModelFile:
		s.modelFile(v)
	default:
		v.error(http.StatusNotFound, "", "Not found")
	}
}
