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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Run(ctx, os.Args[1:], cli.Stdio())
	stop()
	os.Exit(code)
}
