package cli

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"metabench/score/service"
)

func newAdaptiveServeCommand(a *app) *cobra.Command {
	var f adaptiveTestFlags
	var addr string
	limits := service.Limits{}
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
			case limits.Body < 1:
				return usagef("--max-body %d: need at least 1 byte", limits.Body)
			case limits.Requests < 1:
				return usagef("--max-requests %d: need at least 1", limits.Requests)
			case limits.Time <= 0:
				return usagef("--max-time %s: need a duration such as 15s", limits.Time)
			}
			t, err := f.test(cmd.Context())
			if err != nil {
				return err
			}
			a.warn(t.Warnings)
			listener, err := net.Listen("tcp", addr)
			if err != nil {
				return fmt.Errorf("adaptive serve: %w", err)
			}
			if _, err := fmt.Fprintf(a.Out, "http://%s\n", listener.Addr()); err != nil {
				return errors.Join(err, listener.Close())
			}
			if err := service.Serve(cmd.Context(), listener, a.withoutPanics(service.NewHandler(t, limits)), limits.Time); err != nil {
				return fmt.Errorf("adaptive serve: %w", err)
			}
			return nil
		},
	}
	fl := cmd.Flags()
	f.register(fl)
	fl.StringVar(&addr, "addr", "127.0.0.1:8090", "address to listen on; port 0 takes any free one")
	fl.Int64Var(&limits.Body, "max-body", 4<<20, "largest request in bytes")
	fl.IntVar(&limits.Requests, "max-requests", 64, "requests to work on at once; more get status 503")
	fl.DurationVar(&limits.Time, "max-time", 15*time.Second, "how long a request may take to arrive")
	return cmd
}
