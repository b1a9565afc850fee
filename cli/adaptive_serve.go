package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/adaptive"
)

func newAdaptiveServeCommand(a *app) *cobra.Command {
	var f adaptiveTestFlags
	var addr string
	limits := serviceLimits{}
	cmd := &cobra.Command{
		Use:   "serve --items FILE",
		Short: "An HTTP service for evaluation loops that ask one question at a time",
		Long: `Serve the adaptive test over HTTP until interrupted. Requests carry all answers so
far; the service remembers nothing.

  POST /v1/next   {"session": "org/model", "answers": [{"item": "17", "correct": true}]}
                  the next item, ability, standard error and expected score
  GET  /v1/test   the test's configuration
  GET  /healthz   ok

Errors are JSON: {"error": "..."} with 400 (no body, not JSON, or a field that is not known),
404, 405, 408 (not there within --max-time), 413 (body beyond --max-body), 422 (an item
that is unknown or was answered twice, more answers than items) or 503 (beyond
--max-requests at once; ask again). An interrupt lets running requests finish. There is
no access control: leave it on a loopback address.

With an item bank of metabench adaptive calibrate, score and interval are calibrated.
With item parameters alone they are what the item model says, and every reply has
warnings that say so.

The address is printed once the service listens.`,
		Example: `  metabench adaptive serve --items math.bank --stop items=60
  curl -s http://127.0.0.1:8090/v1/next -d '{"answers": []}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case limits.body < 1:
				return usagef("--max-body %d: need at least 1 byte", limits.body)
			case limits.requests < 1:
				return usagef("--max-requests %d: need at least 1", limits.requests)
			case limits.time <= 0:
				return usagef("--max-time %s: need a duration such as 15s", limits.time)
			}
			t, err := f.test(cmd.Context())
			if err != nil {
				return err
			}
			for _, w := range t.warnings {
				fmt.Fprintf(a.Err, "warning: %s\n", w)
			}
			return a.serveAdaptive(cmd.Context(), addr, adaptiveHandler(t, limits), limits.time)
		},
	}
	fl := cmd.Flags()
	f.register(fl)
	fl.StringVar(&addr, "addr", "127.0.0.1:8090", "address to listen on; port 0 takes any free one")
	fl.Int64Var(&limits.body, "max-body", 4<<20, "largest request in bytes")
	fl.IntVar(&limits.requests, "max-requests", 64, "requests to work on at once; more are told to come back")
	fl.DurationVar(&limits.time, "max-time", 15*time.Second, "how long a request may take to arrive")
	return cmd
}

// shutdownTime is how long requests may finish after an interrupt.
const shutdownTime = 5 * time.Second

// replyTime is how long a reply may take: to compute it takes milliseconds.
const replyTime = 10 * time.Second

// serveAdaptive serves until the context ends, then lets running requests finish.
func (a *app) serveAdaptive(ctx context.Context, addr string, handler http.Handler, requestTime time.Duration) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("adaptive serve: %w", err)
	}
	server := &http.Server{
		Handler:        a.withoutPanics(handler),
		ReadTimeout:    requestTime, // of the header and the body
		WriteTimeout:   requestTime + replyTime,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(a.Out, "http://%s\n", listener.Addr()); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("adaptive serve: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return fmt.Errorf("adaptive serve: requests still running after %s: %w", shutdownTime, errors.Join(err, server.Close()))
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("adaptive serve: %w", err)
	}
	return nil
}

// adaptiveTestInfo is what GET /v1/test says.
type adaptiveTestInfo struct {
	Benchmark string             `json:"benchmark,omitempty"`
	Metric    string             `json:"metric,omitempty"`
	Items     int                `json:"items"`
	Criterion adaptive.Criterion `json:"criterion"`
	Estimator string             `json:"estimator"`
	Stop      string             `json:"stop"`
	Among     int                `json:"among"`
	Length    int                `json:"length"`
	Misfit    float64            `json:"misfit"`
	Seed      uint64             `json:"seed"`
	Models    int                `json:"calibration_models"` // 0: not calibrated
	Warnings  []string           `json:"warnings,omitempty"`
}

// serviceLimits bound what one request and all of them together may take.
type serviceLimits struct {
	body     int64         // bytes
	requests int           // worked on at once
	time     time.Duration // to send a request
}

// adaptiveHandler is the service. It is stateless and may be called concurrently.
func adaptiveHandler(t *adaptiveTest, limits serviceLimits) http.Handler {
	mux := http.NewServeMux()
	busy := make(chan struct{}, limits.requests)
	mux.HandleFunc("POST /v1/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
		default:
			w.Header().Set("Retry-After", "1")
			replyError(w, http.StatusServiceUnavailable, fmt.Errorf("%d requests are being answered; ask again in a second", limits.requests))
			return
		}
		request, err := readNext(http.MaxBytesReader(w, r.Body, limits.body))
		if err != nil {
			status, err := refusal(err)
			replyError(w, status, err)
			return
		}
		reply, err := t.reply(request)
		if err != nil {
			replyError(w, http.StatusUnprocessableEntity, err)
			return
		}
		replyJSON(w, http.StatusOK, reply)
	})
	mux.HandleFunc("GET /v1/test", func(w http.ResponseWriter, _ *http.Request) {
		o := t.Options()
		info := adaptiveTestInfo{
			Items: len(t.Bank().Items), Criterion: o.Criterion, Estimator: o.Estimator.String(), Stop: o.Stop.String(),
			Among: max(1, o.Among), Length: o.Length, Misfit: o.Misfit, Seed: o.Seed, Warnings: t.warnings,
		}
		if b := t.items.file; b != nil {
			info.Benchmark, info.Metric, info.Models = b.Benchmark, b.Metric, o.Calibration.Models
		}
		replyJSON(w, http.StatusOK, info)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ok\n") // the client may be gone
	})
	for path, method := range map[string]string{"/v1/next": "POST", "/v1/test": "GET, HEAD", "/healthz": "GET, HEAD"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", method)
			replyError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s wants %s, not %s", path, method, r.Method))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		replyError(w, http.StatusNotFound, errors.New("no such path; there are POST /v1/next, GET /v1/test and GET /healthz"))
	})
	return mux
}

// readNext reads the answers of a request. Without a body it is refused: a client that
// lost its answers on the way would be led through the first item for ever.
func readNext(body io.Reader) (adaptive.Request, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return adaptive.Request{}, fmt.Errorf("read answers: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return adaptive.Request{}, errors.New(`the request has no body: send {"answers": []} for the first item, then all answers so far`)
	}
	return adaptive.ReadRequest(bytes.NewReader(text))
}

// refusal tells what is wrong with a request that can't be read.
func refusal(err error) (status int, reason error) {
	var tooLarge *http.MaxBytesError
	var answer *adaptive.AnswerError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, fmt.Errorf("the request has more than %d bytes", tooLarge.Limit)
	case errors.As(err, &answer):
		return http.StatusUnprocessableEntity, answer
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, errors.New("the request did not arrive in time")
	}
	return http.StatusBadRequest, err
}

func replyError(w http.ResponseWriter, status int, err error) {
	replyJSON(w, status, struct {
		Error string `json:"error"`
	}{err.Error()})
}

func replyJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone; there is nobody to tell
}
