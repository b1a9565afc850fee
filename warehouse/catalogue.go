package warehouse

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"

	"metabench/corpus"
)

// taskKey names a task.
type taskKey struct{ benchmark, task string }

// total is what a benchmark holds; the fingerprint is the sum of the blocks'
// hashes modulo 2^64, which neither order nor number of loads changes.
type total struct {
	blocks, observed, correct int64
	fingerprint               uint64
}

func (t *total) add(s blockSum, sign int64) {
	t.blocks += sign
	t.observed += sign * int64(s.observed)
	t.correct += sign * int64(s.correct)
	t.fingerprint += uint64(sign) * s.hash
}

func (t total) named(benchmark string) LoadTotal {
	return LoadTotal{Benchmark: benchmark, Blocks: t.blocks, Observed: t.observed, Correct: t.correct, Fingerprint: t.fingerprint}
}

// catalogue is what the writer knows by heart: the keys of the dimensions, so that
// a load needs no look-ups, and the totals of the manifest. It is copied at the
// start of a transaction and the copy taken over when that commits.
type catalogue struct {
	benchmarks map[string]int32
	names      map[int32]string // benchmark_id → benchmark
	tasks      map[taskKey]int32
	taskOf     map[int32]taskKey // task_id → names
	items      map[int32]int     // task_id → number of items
	models     map[string]int32
	described  map[int32]*corpus.Model // what is known of a model, by model_id; never changed in place
	revisions  map[revisionKey]int32
	// revisionsOf are the revisions of each repository that a state or a file is stored of.
	revisionsOf  map[string][]int32
	totals       map[int32]total // by benchmark_id
	lastFile     int32
	lastRevision int32
	lastLoad     int32 // highest number given to a load
	newestLoad   int32 // last load that the file knows
	hasParts     bool  // some blocks were given by several files
}

func (c *catalogue) clone() *catalogue {
	d := *c
	d.benchmarks = maps.Clone(c.benchmarks)
	d.names = maps.Clone(c.names)
	d.tasks = maps.Clone(c.tasks)
	d.taskOf = maps.Clone(c.taskOf)
	d.items = maps.Clone(c.items)
	d.models = maps.Clone(c.models)
	d.described = maps.Clone(c.described)
	d.revisions = maps.Clone(c.revisions)
	d.revisionsOf = maps.Clone(c.revisionsOf)
	d.totals = maps.Clone(c.totals)
	return &d
}

func loadCatalogue(ctx context.Context, conn *sql.Conn) (*catalogue, error) {
	c := &catalogue{
		benchmarks: map[string]int32{}, names: map[int32]string{}, tasks: map[taskKey]int32{},
		taskOf: map[int32]taskKey{}, items: map[int32]int{}, models: map[string]int32{}, described: map[int32]*corpus.Model{}, totals: map[int32]total{},
	}
	var id int32
	var name string
	err := scanEach(ctx, conn, `SELECT benchmark_id, benchmark FROM benchmark`, []any{&id, &name}, func() {
		c.benchmarks[name], c.names[id] = id, name
	})
	if err != nil {
		return nil, fmt.Errorf("read benchmarks: %w", err)
	}
	var benchmark int32
	err = scanEach(ctx, conn, `SELECT task_id, benchmark_id, task FROM task`, []any{&id, &benchmark, &name}, func() {
		key := taskKey{c.names[benchmark], name}
		c.tasks[key], c.taskOf[id] = id, key
	})
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	var items int
	err = scanEach(ctx, conn, `SELECT task_id, count(*) FROM item GROUP BY task_id`, []any{&id, &items}, func() { c.items[id] = items })
	if err != nil {
		return nil, fmt.Errorf("count items: %w", err)
	}
	if err := c.loadModels(ctx, conn); err != nil {
		return nil, err
	}
	if err := c.loadRevisions(ctx, conn); err != nil {
		return nil, err
	}
	var t total
	err = scanEach(ctx, conn, `SELECT benchmark_id, blocks, observed, correct, fingerprint FROM corpus_state`,
		[]any{&id, &t.blocks, &t.observed, &t.correct, &t.fingerprint}, func() { c.totals[id] = t })
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	err = conn.QueryRowContext(ctx, `
		SELECT coalesce((SELECT max(file_id) FROM source_file), 0), coalesce((SELECT max(load_id) FROM manifest), 0),
			EXISTS (FROM response_part)`).
		Scan(&c.lastFile, &c.lastLoad, &c.hasParts)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	c.newestLoad = c.lastLoad
	return c, nil
}

// scanEach reads every row into dst and calls fn after each.
func scanEach(ctx context.Context, q querier, query string, dst []any, fn func(), args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		fn()
	}
	return rows.Err()
}

// SyncBenchmarks makes the warehouse know a catalogue of benchmarks: new ones and
// new tasks are added, descriptions are replaced. Nothing is ever taken away,
// since answers may refer to it.
func (w *Warehouse) SyncBenchmarks(ctx context.Context, benchmarks []corpus.Benchmark) error {
	return w.change(ctx, func(c *change) error {
		for _, b := range benchmarks {
			if err := c.describeBenchmark(b, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// describeBenchmark adds a benchmark with its tasks or replaces its description.
// One of the catalogue is not described anew by a user's import.
func (c *change) describeBenchmark(b corpus.Benchmark, inCatalogue bool) error {
	if err := validName("benchmark", b.Name); err != nil {
		return &corpus.DataError{File: "catalogue", Object: "benchmark", Reason: err.Error()}
	}
	var least any
	if b.MinPointBiserial > 0 {
		least = b.MinPointBiserial
	}
	mean := string(cmp.Or(b.PublishedMean, corpus.MeanOfItems))
	id, known := c.benchmarks[b.Name]
	if known {
		err := c.exec(`
			UPDATE benchmark SET title = ?, metric = ?, shots = ?, options = ?, min_point_biserial = ?, in_catalogue = ?, published_mean = ?
			WHERE benchmark_id = ? AND (? OR NOT in_catalogue)
			  AND (title, metric, shots, options, min_point_biserial, in_catalogue, published_mean)
				IS DISTINCT FROM (?, ?, ?::INTEGER, ?::INTEGER, ?::DOUBLE, ?::BOOLEAN, ?)`,
			b.Title, b.Metric, b.Shots, b.Options, least, inCatalogue, mean, id, inCatalogue,
			b.Title, b.Metric, b.Shots, b.Options, least, inCatalogue, mean)
		if err != nil {
			return fmt.Errorf("describe benchmark %s: %w", b.Name, err)
		}
	} else {
		var err error
		if id, err = c.addBenchmark(b, least, inCatalogue); err != nil {
			return err
		}
	}
	for k, t := range b.Tasks {
		if err := c.describeTask(id, b.Name, t, k); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) addBenchmark(b corpus.Benchmark, least any, inCatalogue bool) (int32, error) {
	id := int32(len(c.benchmarks) + 1)
	err := c.exec(`INSERT INTO benchmark VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, b.Name, b.Title, b.Metric, b.Shots, b.Options, least, inCatalogue, string(cmp.Or(b.PublishedMean, corpus.MeanOfItems)))
	if err != nil {
		return 0, fmt.Errorf("add benchmark %s: %w", b.Name, err)
	}
	c.benchmarks[b.Name], c.names[id] = id, b.Name
	return id, nil
}

func (c *change) describeTask(benchmarkID int32, benchmark string, t corpus.Task, position int) error {
	if err := validName("task", t.Name); err != nil {
		return &corpus.DataError{File: "catalogue", Object: "benchmark " + benchmark, Reason: err.Error()}
	}
	var expected any
	if t.Items > 0 {
		expected = t.Items
	}
	key := taskKey{benchmark, t.Name}
	id, known := c.tasks[key]
	if known {
		err := c.exec(`
			UPDATE task SET harness = ?, position = ?, expected_items = coalesce(?, expected_items) WHERE task_id = ?
			  AND (harness, position, expected_items) IS DISTINCT FROM (?, ?::INTEGER, coalesce(?::INTEGER, expected_items))`,
			t.Harness, position, expected, id, t.Harness, position, expected)
		if err != nil {
			return fmt.Errorf("describe task %s of %s: %w", t.Name, benchmark, err)
		}
		return nil
	}
	id = int32(len(c.tasks) + 1)
	if err := c.exec(`INSERT INTO task VALUES (?, ?, ?, ?, ?, ?)`, id, benchmarkID, t.Name, t.Harness, position, expected); err != nil {
		return fmt.Errorf("add task %s of %s: %w", t.Name, benchmark, err)
	}
	c.tasks[key], c.taskOf[id] = id, key
	return nil
}

// ensureTask returns a task's key and adds it, with its benchmark, if need be.
func (c *change) ensureTask(benchmark, task string) (int32, error) {
	if id, ok := c.tasks[taskKey{benchmark, task}]; ok {
		return id, nil
	}
	benchmarkID, err := c.ensureBenchmark(benchmark)
	if err != nil {
		return 0, err
	}
	if err := c.describeTask(benchmarkID, benchmark, corpus.Task{Name: task}, c.countTasks(benchmark)); err != nil {
		return 0, err
	}
	return c.tasks[taskKey{benchmark, task}], nil
}

func (c *change) ensureBenchmark(name string) (int32, error) {
	if id, ok := c.benchmarks[name]; ok {
		return id, nil
	}
	return c.addBenchmark(corpus.Benchmark{Name: name, Title: name}, nil, false)
}

func (c *change) countTasks(benchmark string) int {
	n := 0
	for key := range c.tasks {
		if key.benchmark == benchmark {
			n++
		}
	}
	return n
}

// SetThresholds stores the limits of the filters, which the views read.
func (w *Warehouse) SetThresholds(ctx context.Context, t Thresholds) error {
	return w.change(ctx, func(c *change) error {
		var old Thresholds
		row := c.conn.QueryRowContext(c.ctx, `FROM threshold`)
		if err := row.Scan(&old.MinSD, &old.MaxShareCorrect, &old.MinPointBiserial, &old.OutlierShare, &old.DuplicateMinModels, &old.IncludeVanished); err != nil {
			return fmt.Errorf("read thresholds: %w", err)
		}
		if old == t {
			return nil
		}
		err := c.exec(`UPDATE threshold SET min_sd = ?, max_share_correct = ?, min_point_biserial = ?, outlier_share = ?, duplicate_min_models = ?, include_vanished = ?`,
			t.MinSD, t.MaxShareCorrect, t.MinPointBiserial, t.OutlierShare, t.DuplicateMinModels, t.IncludeVanished)
		if err != nil {
			return fmt.Errorf("store thresholds: %w", err)
		}
		return nil
	})
}

// Thresholds are the limits of the item and model filters; the table threshold
// says what each means.
type Thresholds struct {
	MinSD              float64
	MaxShareCorrect    float64
	MinPointBiserial   float64 // Benchmark.MinPointBiserial overrides it
	OutlierShare       float64
	DuplicateMinModels int
	IncludeVanished    bool // whether models that are not on the Hub any more count
}

// DefaultThresholds are those of the published method, and 100 models for
// duplicates by equal answers. Vanished models count.
func DefaultThresholds() Thresholds {
	return Thresholds{MinSD: 0.01, MaxShareCorrect: 0.95, MinPointBiserial: 0.05, OutlierShare: 0.001, DuplicateMinModels: 100, IncludeVanished: true}
}
