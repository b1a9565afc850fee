package hubtest

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ServerOptions describe a server. The zero value of a field means its default.
type ServerOptions struct {
	Addr      string             // address of the Hub; default 127.0.0.1:0
	CDNAddr   string             // address of the CDN; default 127.0.0.1:0
	CDNName   string             // host name under which the CDN is announced; default localhost
	Faults    []Fault            // in force from the start
	Seed      uint64             // of the faults' rates
	Now       func() time.Time   // clock of windows and signatures; default time.Now
	Quotas    map[Plan]Quota     // default Quotas(); a plan left out has no limit
	Unlimited bool               // no quota for anybody
	Tokens    map[string]Account // default Accounts()
	Lifetime  time.Duration      // of signed addresses; default one hour
	OnRequest func(Request)      // called after each answer, from several goroutines
}

// Account is what a token stands for.
type Account struct {
	Plan    Plan
	Gated   bool // has accepted the terms of the gated repositories
	Private bool // may see the private repositories
}

// Tokens that Accounts knows.
const (
	TokenFree   = "hf_free"
	TokenPro    = "hf_pro"
	TokenMember = "hf_member" // has accepted the gated repositories' terms
	TokenOwner  = "hf_owner"  // sees private repositories too
)

// Accounts returns the default tokens of a server.
func Accounts() map[string]Account {
	return map[string]Account{
		TokenFree: {Plan: PlanFree}, TokenPro: {Plan: PlanPro}, TokenMember: {Plan: PlanFree, Gated: true},
		TokenOwner: {Plan: PlanEnterprise, Gated: true, Private: true},
	}
}

// Server serves a corpus on two addresses.
type Server struct {
	corpus  *Corpus
	options ServerOptions
	limiter limiter
	faults  faults
	log     log
	index   index
	secret  uint64

	hub, cdn         *http.Server
	endpoint, cdnURL string
	serving          sync.WaitGroup
	closing          chan struct{} // closed when the server stops: ends stalls
	once             sync.Once
}

// NewServer starts serving a corpus. The caller closes the server.
func NewServer(c *Corpus, o ServerOptions) (*Server, error) {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.CDNAddr = cmp.Or(o.CDNAddr, "127.0.0.1:0")
	o.CDNName = cmp.Or(o.CDNName, "localhost")
	o.Lifetime = cmp.Or(o.Lifetime, time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Quotas == nil {
		o.Quotas = Quotas()
	}
	if o.Tokens == nil {
		o.Tokens = Accounts()
	}
	s := &Server{corpus: c, options: o, closing: make(chan struct{}), secret: key(c.options.Seed, "signature")}
	s.SetFaults(o.Faults...)
	hubListener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the Hub: %w", err)
	}
	cdnListener, err := net.Listen("tcp", o.CDNAddr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the CDN: %w", err), hubListener.Close())
	}
	s.endpoint = "http://" + hubListener.Addr().String()
	_, port, _ := net.SplitHostPort(cdnListener.Addr().String())
	s.cdnURL = "http://" + net.JoinHostPort(o.CDNName, port)
	s.hub = &http.Server{Handler: http.HandlerFunc(s.serveHub), ReadHeaderTimeout: 30 * time.Second}
	s.cdn = &http.Server{Handler: http.HandlerFunc(s.serveCDN), ReadHeaderTimeout: 30 * time.Second}
	s.serving.Add(2)
	go s.serve(s.hub, hubListener)
	go s.serve(s.cdn, cdnListener)
	return s, nil
}

func (s *Server) serve(h *http.Server, l net.Listener) {
	defer s.serving.Done()
	_ = h.Serve(l) // always ErrServerClosed here: the listener is ours alone
}

// Endpoint is the Hub's address, as HF_ENDPOINT takes it.
func (s *Server) Endpoint() string { return s.endpoint }

// CDN is the address of the file servers. Its host name differs from the Hub's.
func (s *Server) CDN() string { return s.cdnURL }

// SetFaults replaces the faults in force and starts their counting anew.
func (s *Server) SetFaults(list ...Fault) { s.faults.set(s.options.Seed, list) }

// Close stops the server at once: requests under way are cut off.
func (s *Server) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closing)
		err = errors.Join(s.hub.Close(), s.cdn.Close())
		s.serving.Wait()
	})
	return err
}

// account finds who sent a request. A token that nobody has is an error, whatever is asked for (§1.2).
func (s *Server) account(r *http.Request) (name string, a Account, valid bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		return "ip " + host, Account{Plan: PlanAnonymous}, true
	}
	token, ok := strings.CutPrefix(header, "Bearer ")
	if a, known := s.options.Tokens[token]; ok && known {
		return "token " + token, a, true
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return "ip " + host, Account{Plan: PlanAnonymous}, false
}

// record counts a request that was answered.
func (s *Server) record(r Request) {
	if s.options.OnRequest != nil {
		s.options.OnRequest(r)
	}
	s.log.end(r)
}

func (s *Server) quota(p Plan, b Bucket) int {
	if s.options.Unlimited {
		return unlimited
	}
	return s.options.Quotas[p].of(b)
}
