// Command metabench crawls, keeps and analyses per-item results of language
// models, and estimates full benchmark scores from few questions.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"metabench/cli"
)

func main() {
	// Writing to a closed pipe must be an error like any other, which closes the
	// warehouse, and not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Run(ctx, os.Args[1:], cli.Stdio())
	stop()
	os.Exit(code)
}
