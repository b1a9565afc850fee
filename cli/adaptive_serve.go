package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"metabench/analysis/adaptive"
)

func newAdaptiveServeCommand(a *app) *cobra.Command {
	var f adaptiveTestFlags
	var addr string
	var maxBody int64
	cmd := &cobra.Command{
		Use:   "serve --items FILE",
		Short: "An HTTP service for evaluation loops that ask one question at a time",
		Long: `Serve the adaptive test over HTTP until interrupted. Requests carry all answers so
far; the service remembers nothing.

  POST /v1/next   {"session": "org/model", "answers": [{"item": "17", "correct": true}]}
                  the next item, ability, standard error and expected score
  GET  /v1/test   the test's configuration
  GET  /healthz   ok

Errors are JSON: {"error": "..."} with 400 (not JSON, or a field that is not known),
404, 405, 413 (body beyond --max-body) or 422 (an item that is unknown or was
answered twice). There is no access control: leave it on a loopback address.

The address is printed once the service listens.`,
		Example: `  metabench adaptive serve --items fit/items.csv --stop items=60
  curl -s http://127.0.0.1:8090/v1/next -d '{"answers": []}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if maxBody < 1 {
				return usagef("--max-body %d: need at least 1 byte", maxBody)
			}
			t, err := f.test(cmd.Context())
			if err != nil {
				return err
			}
			return a.serveAdaptive(cmd.Context(), addr, adaptiveHandler(t, maxBody))
		},
	}
	fl := cmd.Flags()
	f.register(fl)
	fl.StringVar(&addr, "addr", "127.0.0.1:8090", "address to listen on; port 0 takes any free one")
	fl.Int64Var(&maxBody, "max-body", 4<<20, "largest request in bytes")
	return cmd
}

// shutdownTime is how long requests may finish after an interrupt.
const shutdownTime = 5 * time.Second

// serveAdaptive serves until the context ends, then lets running requests finish.
func (a *app) serveAdaptive(ctx context.Context, addr string, handler http.Handler) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("adaptive serve: %w", err)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
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
	Items     int                `json:"items"`
	Criterion adaptive.Criterion `json:"criterion"`
	Estimator string             `json:"estimator"`
	Stop      string             `json:"stop"`
	Among     int                `json:"among"`
	Length    int                `json:"length"`
	Misfit    float64            `json:"misfit"`
	Seed      uint64             `json:"seed"`
}

// adaptiveHandler is the service. It is stateless and may be called concurrently.
func adaptiveHandler(t *adaptive.Test, maxBody int64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/next", func(w http.ResponseWriter, r *http.Request) {
		request, err := adaptive.ReadRequest(http.MaxBytesReader(w, r.Body, maxBody))
		var tooLarge *http.MaxBytesError
		var answer *adaptive.AnswerError
		switch {
		case errors.As(err, &tooLarge):
			replyError(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the request has more than %d bytes", tooLarge.Limit))
			return
		case errors.As(err, &answer):
			replyError(w, http.StatusUnprocessableEntity, answer)
			return
		case err != nil:
			replyError(w, http.StatusBadRequest, err)
			return
		}
		reply, err := t.Reply(request)
		if err != nil {
			replyError(w, http.StatusUnprocessableEntity, err)
			return
		}
		replyJSON(w, http.StatusOK, reply)
	})
	mux.HandleFunc("GET /v1/test", func(w http.ResponseWriter, _ *http.Request) {
		o := t.Options()
		replyJSON(w, http.StatusOK, adaptiveTestInfo{
			Items: len(t.Bank().Items), Criterion: o.Criterion, Estimator: o.Estimator.String(), Stop: o.Stop.String(),
			Among: max(1, o.Among), Length: o.Length, Misfit: o.Misfit, Seed: o.Seed,
		})
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
