package hubtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of fault.
const (
	// Before an answer.
	FaultLatency     FaultKind = "latency"
	FaultReset       FaultKind = "reset"
	FaultStatus      FaultKind = "status"
	FaultRateLimited FaultKind = "429"
	FaultRateEdge    FaultKind = "429_edge"
	FaultRateLeft    FaultKind = "429_left"
	FaultRetryAfter  FaultKind = "retry_after"

	// In the body.
	FaultCut           FaultKind = "cut"
	FaultStall         FaultKind = "stall"
	FaultDrip          FaultKind = "drip"
	FaultCorrupt       FaultKind = "corrupt"
	FaultContentLength FaultKind = "content_length"
	FaultShort         FaultKind = "short"
	FaultHTML          FaultKind = "html"
	FaultGzip          FaultKind = "gzip"
	FaultGzipBomb      FaultKind = "gzip_bomb"
	FaultCutJSON       FaultKind = "cut_json"

	// Ranges and signatures.
	FaultIgnoreRange  FaultKind = "ignore_range"
	FaultContentRange FaultKind = "content_range"
	FaultExpired      FaultKind = "expired"
	FaultForbidden    FaultKind = "forbidden"

	// Redirects.
	FaultOldNameDirect FaultKind = "old_name_direct"
	FaultRedirectLoop  FaultKind = "redirect_loop"
	FaultRedirectChain FaultKind = "redirect_chain"
	FaultRedirectHost  FaultKind = "redirect_host"
	FaultRedirectPort  FaultKind = "redirect_port"
	FaultNoLinked      FaultKind = "no_linked"

	// Listings and trees.
	FaultPageSize     FaultKind = "page_size"
	FaultRepeatEntry  FaultKind = "repeat_entry"
	FaultLinkHost     FaultKind = "link_host"
	FaultLinkLoop     FaultKind = "link_loop"
	FaultLinkEndless  FaultKind = "link_endless"
	FaultPlainList    FaultKind = "plain_list"
	FaultStaleSHA     FaultKind = "stale_sha"
	FaultRewritten    FaultKind = "rewritten"
	FaultMovingHead   FaultKind = "moving_head"
	FaultHostileTree  FaultKind = "hostile_tree"
	FaultTreeWithoutH FaultKind = "tree_no_hash"
	FaultWrongHash    FaultKind = "wrong_hash"
)

// FaultDescription documents a kind of fault.
type FaultDescription struct {
	Kind   FaultKind
	Value  string  // what NAME=VALUE takes on a command line; empty: nothing
	Routes []Route // endpoints struck by default; none: every one
	Text   string
}

var (
	downloads = []Route{RouteCDN}
	bodies    = []Route{RouteCDN, RouteResolveCache}
	listings  = []Route{RouteList, RouteTree, RouteModels}
	resolvers = []Route{RouteResolve}
	hubRoutes = []Route{RouteList, RouteInfo, RouteTree, RoutePathsInfo, RouteResolve, RouteRaw, RouteResolveCache, RouteModels,
		RouteModel, RouteModelFile}
	documents = []Route{RouteList, RouteInfo, RouteTree, RouteModel, RouteModels}
)

// Faults describes every kind of fault.
func Faults() []FaultDescription {
	return []FaultDescription{
		{FaultLatency, "DURATION", nil, "wait before answering"},
		{FaultReset, "", nil, "connection reset before any header"},
		{FaultStatus, "CODE", nil, "an error page in HTML with this status: 500, 502, 503, 504, 408"},
		{FaultRateLimited, "DURATION", hubRoutes, "429 with r=0 and t=DURATION in RateLimit (default: the window's end)"},
		{FaultRateEdge, "", hubRoutes, "429 from the edge: no RateLimit header at all"},
		{FaultRateLeft, "", hubRoutes, "429 although RateLimit says that requests are left"},
		{FaultRetryAfter, "TEXT", hubRoutes, "429 with only Retry-After: seconds, a date, absurd or negative"},
		{FaultCut, "BYTES", bodies, "connection closed after this many bytes of the body (default: half)"},
		{FaultStall, "BYTES", bodies, "body stops after this many bytes (default: half) and the connection stays open"},
		{FaultDrip, "DURATION", bodies, "body comes in pieces of 1 kB with this pause between them"},
		{FaultCorrupt, "BYTES", bodies, "the byte at this offset (default: the middle) is changed, the size is not"},
		{FaultContentLength, "BYTES", bodies, "Content-Length is off by this much (may be negative)"},
		{FaultShort, "BYTES", bodies, "a complete, well-formed answer that lacks its last BYTES bytes (default: half)"},
		{FaultHTML, "", bodies, "200 with an error page in place of the file"},
		{FaultGzip, "", documents, "gzip without Content-Length, for clients that accept it"},
		{FaultGzipBomb, "BYTES", documents, "gzip that unpacks to this many bytes (default: 300 MB)"},
		{FaultCutJSON, "BYTES", documents, "well-formed answer with JSON cut after this many bytes (default: half)"},
		{FaultIgnoreRange, "", bodies, "200 and the whole file for a Range request"},
		{FaultContentRange, "BYTES", bodies, "206 for a range shifted by this many bytes (default: 1)"},
		{FaultExpired, "", downloads, "403 as for an expired signature"},
		{FaultForbidden, "", downloads, "403 at random, as under heavy ranged reading"},
		{FaultOldNameDirect, "", resolvers, "resolve serves former repository names without a 307"},
		{FaultRedirectLoop, "", []Route{RouteResolve, RouteInfo, RouteTree}, "307 to itself"},
		{FaultRedirectChain, "N", downloads, "N redirects (default: 1) at the CDN before the file"},
		{FaultRedirectHost, "HOST", resolvers, "302 to a host that is none of the Hub's"},
		{FaultRedirectPort, "", resolvers, "302 to the files under the Hub's own host name and another port: credentials must not follow"},
		{FaultNoLinked, "", resolvers, "302 without X-Linked-Size, X-Linked-ETag and X-Repo-Commit"},
		{FaultPageSize, "N", listings, "pages of N entries whatever limit says"},
		{FaultRepeatEntry, "", listings, "each page begins with the entry that ended the one before"},
		{FaultLinkHost, "HOST", listings, "Link leads to another host"},
		{FaultLinkLoop, "", listings, "Link leads to the page it is on"},
		{FaultLinkEndless, "", listings, "every page is followed by another, for ever"},
		{FaultPlainList, "", []Route{RouteList}, "listing without sha and siblings, whatever expand says"},
		{FaultStaleSHA, "", []Route{RouteList}, "listing shows each repository's commit before the last"},
		{FaultRewritten, "", []Route{RouteTree, RouteResolve}, "404 RevisionNotFound for commits: history was rewritten"},
		{FaultMovingHead, "", []Route{RouteTree}, "a commit arrives right after each tree"},
		{FaultHostileTree, "", []Route{RouteTree}, "tree entries with paths out of the directory, and a name of 4 kB"},
		{FaultTreeWithoutH, "", []Route{RouteTree}, "tree without the large files' hashes"},
		{FaultWrongHash, "", []Route{RouteTree, RouteResolve}, "declared SHA-256 is not the file's, consistently in tree and resolve"},
	}
}

func describe(k FaultKind) (FaultDescription, bool) {
	all := Faults()
	i := slices.IndexFunc(all, func(d FaultDescription) bool { return d.Kind == k })
	if i < 0 {
		return FaultDescription{}, false
	}
	return all[i], true
}

// ParseFault reads NAME[=VALUE][,rate=0.1][,route=tree][,match=TEXT][,after=N][,count=N].
// Route may be given several times. A value may contain commas, as dates do.
func ParseFault(s string) (Fault, error) {
	f, err := parseFault(s)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %s: %w", s, err)
	}
	return f, nil
}

func parseFault(s string) (Fault, error) {
	parts := strings.Split(s, ",")
	isOption := func(p string) bool {
		k, _, _ := strings.Cut(p, "=")
		return slices.Contains([]string{"rate", "route", "match", "after", "count"}, k)
	}
	first := 1
	for first < len(parts) && !isOption(parts[first]) {
		first++
	}
	name, value, given := strings.Cut(strings.Join(parts[:first], ","), "=")
	d, ok := describe(FaultKind(name))
	if !ok {
		return Fault{}, fmt.Errorf("no such fault; see --fault list")
	}
	f := Fault{Kind: d.Kind}
	if err := f.setValue(d, value, given); err != nil {
		return Fault{}, err
	}
	for _, p := range parts[first:] {
		k, v, _ := strings.Cut(p, "=")
		if err := f.setOption(k, v); err != nil {
			return Fault{}, err
		}
	}
	return f, nil
}

// setValue reads the VALUE of NAME=VALUE.
func (f *Fault) setValue(d FaultDescription, value string, given bool) (err error) {
	switch {
	case given && d.Value == "":
		return fmt.Errorf("takes no value")
	case !given && d.needsValue():
		return fmt.Errorf("needs a value: %s=%s", d.Kind, d.Value)
	case !given:
	case d.Value == "DURATION":
		f.Duration, err = time.ParseDuration(value)
	case d.Value == "BYTES", d.Value == "N":
		f.Bytes, err = strconv.ParseInt(value, 10, 64)
	case d.Value == "CODE":
		f.Status, err = strconv.Atoi(value)
		if err == nil && (f.Status < 400 || f.Status > 599) {
			err = fmt.Errorf("status %d is no error", f.Status)
		}
	default:
		f.Text = value
	}
	return err
}

// needsValue reports whether the kind has no default value.
func (d FaultDescription) needsValue() bool {
	switch d.Kind {
	case FaultLatency, FaultDrip, FaultRetryAfter, FaultPageSize, FaultContentLength:
		return true
	}
	return false
}

func (f *Fault) setOption(name, value string) (err error) {
	switch name {
	case "rate":
		f.Rate, err = strconv.ParseFloat(value, 64)
		if err == nil && !(f.Rate > 0 && f.Rate <= 1) {
			err = fmt.Errorf("rate %v is not in (0, 1]", f.Rate)
		}
	case "route":
		if !slices.Contains(Routes(), Route(value)) {
			return fmt.Errorf("no route %q; there are %v", value, Routes())
		}
		f.Routes = append(f.Routes, Route(value))
	case "match":
		f.Match = value
	case "after":
		f.After, err = strconv.Atoi(value)
	case "count":
		f.Count, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("unknown option %q", name)
	}
	return err
}
