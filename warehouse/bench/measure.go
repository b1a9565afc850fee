package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"metabench/corpus"
	"metabench/warehouse"
)

// measurement is one line of the table. A time has the processor's time beside it,
// which a busy machine does not stretch.
type measurement struct {
	Name    string
	Aim     string
	Seconds float64 // wall clock
	CPU     float64 // seconds of all cores
	MB      float64 // a size, instead of a time
}

func (m measurement) value() string {
	switch {
	case m.MB > 0:
		return fmt.Sprintf("%.1f MB", m.MB)
	case m.Seconds < 1:
		return fmt.Sprintf("%.1f ms (%.1f)", 1000*m.Seconds, 1000*m.CPU)
	}
	return fmt.Sprintf("%.2f s (%.2f)", m.Seconds, m.CPU)
}

// batch is how many deliveries share a transaction when loading in bulk.
const batch = 100

// bench is a warehouse under measurement.
type bench struct {
	w    *warehouse.Warehouse
	all  []measurement
	path string
}

func measure(ctx context.Context, p *population, models int, dir string) (all []measurement, err error) {
	b := &bench{path: filepath.Join(dir, "w.duckdb")}
	options := warehouse.Options{Path: b.path, MemoryLimit: "1GB", Threads: 2}
	if b.w, err = warehouse.Create(ctx, options); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.w.Close()) }()
	if err := b.w.SyncBenchmarks(ctx, p.benchmarks); err != nil {
		return nil, err
	}
	if err := b.load(ctx, p, models); err != nil {
		return nil, err
	}
	steps := []func() error{
		func() error {
			return b.time("item statistics, from nothing", "4 s", func() error { return b.w.RefreshStatistics(ctx) })
		},
		func() error {
			return b.time("item statistics, nothing changed", "50 ms", func() error { return b.w.RefreshStatistics(ctx) })
		},
		func() error { return b.replace(ctx, p) },
		func() error { return b.w.RefreshStatistics(ctx) },
		func() error {
			return b.time("HellaSwag into a bit matrix", "300 ms", func() error {
				_, _, err := b.w.Responses(ctx, "hellaswag", warehouse.All)
				return err
			})
		},
		func() error {
			return b.time("HellaSwag, kept items", "", func() error {
				_, _, err := b.w.Responses(ctx, "hellaswag", warehouse.Kept)
				return err
			})
		},
		func() error { return b.publish(ctx, p, dir) },
		func() error {
			return b.time("check --read-data", "", func() error {
				found, err := b.w.Check(ctx, warehouse.CheckOptions{ReadData: true})
				if err == nil && warehouse.Damaged(found) {
					err = fmt.Errorf("damage found: %v", found)
				}
				return err
			})
		},
		func() error {
			return b.time("export the lake", "", func() error {
				lake, err := b.w.Export(ctx, warehouse.ExportOptions{Dir: filepath.Join(dir, "lake")})
				b.size("lake", "", lake.Bytes)
				return err
			})
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	peak, err := peakMemory()
	if err != nil {
		return nil, err
	}
	b.size("peak memory", "1500 MB", peak)
	return b.all, nil
}

// load records the population. Only recording is timed, not making it up.
func (b *bench) load(ctx context.Context, p *population, models int) error {
	var total measurement
	for from := 0; from < models; from += batch {
		deliveries := make([]corpus.Delivery, 0, batch)
		for i := from; i < min(from+batch, models); i++ {
			deliveries = append(deliveries, p.delivery(i, 0))
		}
		m, err := timed(func() error { return b.w.RecordAll(ctx, deliveries) })
		if err != nil {
			return err
		}
		total.Seconds, total.CPU = total.Seconds+m.Seconds, total.CPU+m.CPU
	}
	total.Name, total.Aim = "load crawled blocks", "10 s"
	b.all = append(b.all, total)
	return nil
}

// replace records models that are there already with other answers; the median of
// many, since now and then one waits for a checkpoint.
func (b *bench) replace(ctx context.Context, p *population) error {
	var each []measurement
	for i := range 40 {
		d := p.delivery(i, 1)
		m, err := timed(func() error { return b.w.Record(ctx, d) })
		if err != nil {
			return err
		}
		each = append(each, m)
	}
	slices.SortFunc(each, func(x, y measurement) int { return int(1e9 * (x.Seconds - y.Seconds)) })
	m := each[len(each)/2]
	m.Name, m.Aim = "replace one model", "10 ms"
	b.all = append(b.all, m)
	return nil
}

// publish measures the snapshot, and what its readers ask.
func (b *bench) publish(ctx context.Context, p *population, dir string) error {
	var s warehouse.Snapshot
	err := b.time("publish", "", func() (err error) {
		s, err = b.w.Publish(ctx, warehouse.PublishOptions{Dir: filepath.Join(dir, "public"), Keep: 1})
		return err
	})
	if err != nil {
		return err
	}
	r, err := warehouse.OpenReadOnly(ctx, warehouse.Options{Path: s.Path, Threads: 2})
	if err != nil {
		return err
	}
	model := p.delivery(0, 0).Repo.Model
	for _, q := range [][2]string{
		{"SQL: item_statistics", "FROM item_statistics"},
		{"SQL: variance filter", "FROM item_filter"},
		{"SQL: scores of a benchmark", "FROM scores WHERE benchmark = 'hellaswag'"},
		{"SQL: status of all benchmarks", "FROM benchmark_status"},
		{"SQL: what became of the models", "FROM crawl_status"},
		{"SQL: what can't be had", "FROM failure"},
		{"SQL: one item", "FROM item_responses('hellaswag', '17')"},
		{"SQL: one model's answers", "FROM responses WHERE model = '" + model + "'"},
	} {
		if err := b.time(q[0], "", func() error { return drain(ctx, r, q[1]) }); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	answers, err := tableBytes(ctx, r, "response_block")
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	b.size("snapshot: answers", "26 MB", answers)
	b.size("snapshot: answers, provenance, items", "", s.Bytes)
	info, err := os.Stat(b.path)
	if err != nil {
		return err
	}
	b.size("private file, before compaction", "", info.Size())
	return nil
}

// tableBytes is what a table's blocks take.
func tableBytes(ctx context.Context, r *warehouse.Warehouse, table string) (int64, error) {
	rows, err := r.Query(ctx, `SELECT count(DISTINCT block_id) * (SELECT any_value(block_size) FROM pragma_database_size())
		FROM (SELECT block_id FROM pragma_storage_info('`+table+`') WHERE persistent AND block_id >= 0)`)
	if err != nil {
		return 0, err
	}
	values, _, err := rows.Next()
	if err := errors.Join(err, rows.Close()); err != nil {
		return 0, err
	}
	return strconv.ParseInt(fmt.Sprint(values[0]), 10, 64)
}

func drain(ctx context.Context, r *warehouse.Warehouse, query string) (err error) {
	rows, err := r.Query(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		if _, ok, err := rows.Next(); err != nil || !ok {
			return err
		}
	}
}

// time runs a step and keeps how long it took.
func (b *bench) time(name, aim string, step func() error) error {
	m, err := timed(step)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	m.Name, m.Aim = name, aim
	b.all = append(b.all, m)
	return nil
}

func (b *bench) size(name, aim string, bytes int64) {
	b.all = append(b.all, measurement{Name: name, Aim: aim, MB: float64(bytes) / 1e6})
}

func timed(step func() error) (measurement, error) {
	cpu, began := cpuTime(), time.Now()
	err := step()
	return measurement{Seconds: time.Since(began).Seconds(), CPU: (cpuTime() - cpu).Seconds()}, err
}

// cpuTime is what this process has used of all processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most this process ever had resident, in bytes.
func peakMemory() (int64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return 1024 * kb, err
		}
	}
	return 0, errors.New("/proc/self/status has no VmHWM")
}
