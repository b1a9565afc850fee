package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gocolly/colly/v2"
)

// Options configure a client. The zero value is the public Hub without a token.
type Options struct {
	Endpoint  string // https://huggingface.co when empty
	Token     string
	Offline   bool              // every request fails with KindOffline
	CDNHosts  []string          // further hosts that downloads may be redirected to; ".x.org" means all below
	Transport http.RoundTripper // connections; a pool of its own when nil
	Clock     Clock             // wall clock when nil
	Seed      uint64            // of the jitter
	UserAgent string
	Attempts  int           // sends of a request that fails; 6 when 0
	MaxWait   time.Duration // longest total wait for quota in one request; 1 hour when 0
	TempDir   string        // of whole files; the system's when empty
	Log       *slog.Logger  // discarded when nil

	// StallWindow and StallBytes end a transfer that brings fewer bytes in a window;
	// 30 s and 4 KiB when 0.
	StallWindow time.Duration
	StallBytes  int64
}

// Client talks to one Hub. It is safe for concurrent use.
type Client struct {
	endpoint  *url.URL
	origin    origin
	cdnHosts  []string
	tempDir   string
	log       *slog.Logger
	transport *transport
	hub       *colly.Collector // requests to the endpoint
	cdn       *colly.Collector // requests to signed addresses
}

// New makes a client.
func New(o Options) (*Client, error) {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	endpoint, origin, err := parseEndpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	if o.Transport == nil {
		o.Transport = newBase()
	}
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.UserAgent == "" {
		o.UserAgent = "metabench"
	}
	if o.Attempts <= 0 {
		o.Attempts = 6
	}
	if o.MaxWait <= 0 {
		o.MaxWait = time.Hour
	}
	if o.StallWindow <= 0 {
		o.StallWindow = 30 * time.Second
	}
	if o.StallBytes <= 0 {
		o.StallBytes = 4 << 10
	}
	t := &transport{
		base: o.Transport, endpoint: origin, token: o.Token, offline: o.Offline,
		attempts: o.Attempts, maxWait: o.MaxWait,
		watch:    watchdog{window: o.StallWindow, minBytes: o.StallBytes},
		governor: newGovernor(o.Clock, rand.New(rand.NewPCG(o.Seed, 1))),
		clock:    o.Clock, log: o.Log, stats: &counters{},
		rng: rand.New(rand.NewPCG(o.Seed, 2)),
	}
	return &Client{
		endpoint: endpoint, origin: origin, cdnHosts: o.CDNHosts, tempDir: o.TempDir, log: o.Log, transport: t,
		hub: newCollector(t, o.UserAgent),
		cdn: newCollector(t, o.UserAgent),
	}, nil
}

// Anonymous reports whether the client has no token.
func (c *Client) Anonymous() bool { return c.transport.token == "" }

// Endpoint is the address of the Hub.
func (c *Client) Endpoint() string { return c.endpoint.String() }

// newCollector makes a collector that does one request and nothing else. Every
// setting is assigned after NewCollector, which also reads COLLY_… variables.
func newCollector(rt http.RoundTripper, userAgent string) *colly.Collector {
	c := colly.NewCollector()
	c.UserAgent = userAgent
	c.Headers = nil
	c.MaxDepth, c.MaxRequests = 0, 0
	c.AllowedDomains, c.DisallowedDomains = nil, nil
	c.DisallowedURLFilters, c.URLFilters = nil, nil
	c.AllowURLRevisit = true // colly marks addresses and targets of redirects as visited before it fetches them
	c.MaxBodySize = 0        // colly would cut bodies without an error; the transport limits them with one
	c.CacheDir = ""          // it would keep responses 404 and 429
	c.IgnoreRobotsTxt = true // robots.txt is about pages; these requests go to interfaces for programs
	c.Async = false
	c.ParseHTTPErrorResponse = true // every response reaches OnResponse, also 206
	c.DetectCharset = false
	c.CheckHead = false
	c.TraceHTTP = false
	c.DisableCookies()
	c.WithTransport(rt)
	c.SetRequestTimeout(0) // it would include reading the body; the transport watches progress instead
	c.SetRedirectHandler(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	return c
}

// reply is a response of any status.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends one request through colly and returns the response; err is set only when
// there is none.
func (c *Client) do(ctx context.Context, u *url.URL, header http.Header, k call) (*reply, error) {
	k.bucket = bucketOf(c.origin, u)
	role := c.hub
	if !c.origin.is(u) {
		role = c.cdn
	}
	// A clone shares the connection pool and has callbacks and a context of its own.
	one := role.Clone()
	one.Context = context.WithValue(ctx, callKey{}, &k)
	var answer *reply
	one.OnResponse(func(r *colly.Response) {
		answer = &reply{status: r.StatusCode, header: *r.Headers, body: r.Body}
	})
	if header == nil {
		header = http.Header{}
	}
	if err := one.Request(http.MethodGet, u.String(), nil, nil, header); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, redact(err)
	}
	if answer == nil {
		return nil, errors.New("colly gave no answer")
	}
	return answer, nil
}

// maxHops bounds a chain of redirects.
const maxHops = 5

// landing is the end of a chain of redirects: a response of the endpoint itself, or a signed
// address on another host.
type landing struct {
	*reply
	at     *url.URL // address that responded
	signed *url.URL // where an off-host redirect leads; nil without one
	origin *reply   // the redirect that had the file's metadata: the off-host one, or the last
}

// follow sends a request to the endpoint and follows its redirects within the
// endpoint. Redirects elsewhere are returned, not followed.
func (c *Client) follow(ctx context.Context, op, object string, u *url.URL, header http.Header, k call) (*landing, error) {
	var last *reply
	for range maxHops + 1 {
		answer, err := c.do(ctx, u, header.Clone(), k)
		if err != nil {
			return nil, c.wrap(op, object, err)
		}
		if answer.status < 300 || answer.status >= 400 || answer.status == http.StatusNotModified {
			return &landing{reply: answer, at: u, origin: last}, nil
		}
		location := answer.header.Get("Location")
		target, err := u.Parse(location)
		if location == "" || err != nil {
			return nil, &Error{Op: op, Object: object, Kind: KindMalformed, HTTP: answer.status, Message: "redirect without a usable Location"}
		}
		if !c.origin.is(target) {
			if !c.origin.cdnAllowed(target, c.cdnHosts) {
				return nil, &Error{Op: op, Object: object, Kind: KindRefused, HTTP: answer.status,
					Message: fmt.Sprintf("redirect to %s, which is not the Hub and not a known download host", displayHost(target))}
			}
			return &landing{reply: answer, at: u, signed: target, origin: answer}, nil
		}
		if !strings.HasPrefix(target.Path, "/api/resolve-cache/") {
			c.log.Info("the Hub redirects", "object", object, "to", displayURL(target))
		}
		u, last = target, answer
	}
	return nil, &Error{Op: op, Object: object, Kind: KindMalformed, Message: fmt.Sprintf("more than %d redirects", maxHops)}
}

func displayHost(u *url.URL) string { return shorten(u.Scheme + "://" + u.Host) }

// get is follow where the endpoint itself responds. Any status but 200 is an error.
func (c *Client) get(ctx context.Context, op, object string, u *url.URL, limit int64) (*landing, error) {
	land, err := c.follow(ctx, op, object, u, http.Header{"Accept-Encoding": {"gzip"}}, call{limit: limit})
	if err != nil {
		return nil, err
	}
	if land.signed != nil {
		return nil, &Error{Op: op, Object: object, Kind: KindRefused, HTTP: land.status, Message: "redirect to another host, want an answer of the Hub itself"}
	}
	if land.status != http.StatusOK {
		return nil, c.failed(op, object, land.reply)
	}
	return land, nil
}

// failed makes the error of a response without success.
func (c *Client) failed(op, object string, r *reply) error {
	kind, message := classify(r.status, r.header, r.body)
	return &Error{Op: op, Object: object, Kind: kind, HTTP: r.status, Message: message}
}

// wrap makes the error of a request without response. The error of a context is returned
// unchanged.
func (c *Client) wrap(op, object string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Op: op, Object: object, Kind: kindOf(err), Err: err}
}

// url makes an address of the endpoint from an escaped path.
func (c *Client) url(escaped string, query url.Values) *url.URL {
	u, err := c.endpoint.Parse(escaped)
	if err != nil {
		panic("hub: unescaped path " + escaped)
	}
	u.RawQuery = query.Encode()
	return u
}
