// Package service is the adaptive test over HTTP, for evaluation loops that ask one
// question at a time. Requests carry all answers so far; nothing is remembered.
package service

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

	"metabench/analysis/adaptive"
	"metabench/score"
)

// shutdownTime is how long running requests may take to finish after an interrupt,
// replyTime how long a reply may take: to compute it takes milliseconds.
const (
	shutdownTime = 5 * time.Second
	replyTime    = 10 * time.Second
)

// Serve serves a handler until the context ends, then lets running requests finish. A
// request has requestTime to arrive.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, requestTime time.Duration) error {
	server := &http.Server{
		Handler:        h,
		ReadTimeout:    requestTime, // of the header and the body
		WriteTimeout:   requestTime + replyTime,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return fmt.Errorf("requests still running after %s: %w", shutdownTime, errors.Join(err, server.Close()))
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Limits bound what one request and all of them together may take.
type Limits struct {
	Body     int64         // bytes
	Requests int           // worked on at once
	Time     time.Duration // to send a request
}

// NewHandler is the service. It is stateless and may be called concurrently.
func NewHandler(t *score.AdaptiveTest, limits Limits) http.Handler {
	mux := http.NewServeMux()
	busy := make(chan struct{}, limits.Requests)
	mux.HandleFunc("POST /v1/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
		default:
			w.Header().Set("Retry-After", "1")
			Error(w, http.StatusServiceUnavailable, fmt.Errorf("%d requests are being answered; ask again in a second", limits.Requests))
			return
		}
		request, err := readNext(http.MaxBytesReader(w, r.Body, limits.Body))
		if err != nil {
			status, err := refusal(err)
			Error(w, status, err)
			return
		}
		reply, err := t.Reply(request)
		if err != nil {
			Error(w, http.StatusUnprocessableEntity, err)
			return
		}
		replyJSON(w, http.StatusOK, reply)
	})
	mux.HandleFunc("GET /v1/test", func(w http.ResponseWriter, _ *http.Request) {
		replyJSON(w, http.StatusOK, t.Info())
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ok\n") // the client may be gone
	})
	for path, method := range map[string]string{"/v1/next": "POST", "/v1/test": "GET, HEAD", "/healthz": "GET, HEAD"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", method)
			Error(w, http.StatusMethodNotAllowed, fmt.Errorf("%s wants %s, not %s", path, method, r.Method))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		Error(w, http.StatusNotFound, errors.New("no such path; there are POST /v1/next, GET /v1/test and GET /healthz"))
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

// refusal says what is wrong with a request that can't be read.
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

// Error replies with an error as JSON.
func Error(w http.ResponseWriter, status int, err error) {
	replyJSON(w, status, struct {
		Error string `json:"error"`
	}{err.Error()})
}

func replyJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone; then nobody reads it
}
