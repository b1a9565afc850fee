package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// runHub runs metabench with the arguments until it ends.
func runHub(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = Run(ctx, append([]string{"hub"}, args...), IO{In: strings.NewReader(""), Out: &out, Err: &err})
	return code, out.String(), err.String()
}

func TestHubServeUntilInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan int, 1)
	go func() {
		var stderr bytes.Buffer
		done <- Run(ctx, []string{"hub", "serve", "--addr", "127.0.0.1:0", "--models", "3", "--scale", "0.01"},
			IO{In: strings.NewReader(""), Out: write, Err: &stderr})
	}()
	endpoint, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(strings.TrimSpace(endpoint) + "/api/datasets?search=details_")
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Error(res.Status, err)
	}
	interrupt()
	select {
	case code := <-done:
		if code != int(ExitOK) {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(2 * time.Second):
		t.Fatal("still serving two seconds after the interrupt")
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestHubServeListsFaults(t *testing.T) {
	code, out, _ := runHub(t.Context(), "serve", "--fault", "list")
	if code != 0 || !strings.Contains(out, "retry_after=TEXT") {
		t.Errorf("code %d: %s", code, out)
	}
}

func TestHubServeRefusesNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown_fault":      {[]string{"--fault", "nonsense"}, "no such fault"},
		"no_models":          {[]string{"--models", "0"}, "at least 1"},
		"scale_beyond_one":   {[]string{"--scale", "2"}, "between 0 and 1"},
		"share_beyond_one":   {[]string{"--broken", "1.5"}, "between 0 and 1"},
		"unknown_plan":       {[]string{"--quota", "gold=1/1/1"}, "no plan"},
		"quota_of_two":       {[]string{"--quota", "free=1/1"}, "API/RESOLVERS/PAGES"},
		"quota_of_nothing":   {[]string{"--quota", "free=0/1/1"}, "at least 1"},
		"unknown_prompts":    {[]string{"--prompts", "huge"}, "small or realistic"},
		"unknown_generation": {[]string{"--generation", "C"}, "A-early"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			code, _, stderr := runHub(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, c.args...)...)
			if code != int(ExitUsage) || !strings.Contains(stderr, c.want) {
				t.Errorf("code %d: %s", code, stderr)
			}
		})
	}
}
