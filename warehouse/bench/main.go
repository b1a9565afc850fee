// Bench fills a warehouse with an invented population of the real corpus's shape
// (62 files and 28,659 items a model) and measures what metabench and its users do
// with it, beside the aims for 5,000 models on 2 cores.
//
//	go run ./warehouse/bench -models 500,1000,2000,5000
//
// Each size runs in a process of its own, so that memory is its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"metabench/config"
)

func main() {
	sizes := flag.String("models", "500,1000,2000,5000", "numbers of models, separated by commas")
	dir := flag.String("dir", "", "directory to work in; a temporary one when empty")
	child := flag.Int("child", 0, "measure this number of models and print JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *sizes, *dir, *child); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes, dir string, child int) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "bench-warehouse"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if child > 0 {
		benchmarks, err := config.Catalogue("")
		if err != nil {
			return err
		}
		all, err := measure(ctx, newPopulation(benchmarks, 1), child, dir)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	var columns []int
	var results [][]measurement
	for _, field := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return fmt.Errorf("-models %s: want numbers such as 500,5000", sizes)
		}
		measured, err := inChild(ctx, n, filepath.Join(dir, field))
		if err != nil {
			return fmt.Errorf("%d models: %w", n, err)
		}
		columns, results = append(columns, n), append(results, measured)
		fmt.Fprintf(os.Stderr, "measured %d models\n", n)
	}
	return print(os.Stdout, columns, results)
}

// inChild measures one size in a process of its own.
func inChild(ctx context.Context, models int, dir string) ([]measurement, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Args[0], "-child", strconv.Itoa(models), "-dir", dir)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	var measured []measurement
	if err := json.Unmarshal(out.Bytes(), &measured); err != nil {
		return nil, err
	}
	return measured, os.RemoveAll(dir)
}

// print writes a table: a row a measurement, a column a size, and the aim.
func print(w io.Writer, columns []int, results [][]measurement) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "what\t")
	for _, n := range columns {
		fmt.Fprintf(tw, "%d models\t", n)
	}
	fmt.Fprintln(tw, "aim at 5000\t")
	for k, m := range results[0] {
		fmt.Fprintf(tw, "%s\t", m.Name)
		for _, r := range results {
			fmt.Fprintf(tw, "%s\t", r[k].value())
		}
		fmt.Fprintf(tw, "%s\t\n", m.Aim)
	}
	return tw.Flush()
}
