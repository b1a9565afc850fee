package warehouse

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"metabench/corpus"
	"metabench/internal/refdata"
	"metabench/table"
)

// expected is what an item's row of item_statistics must say.
type expected struct {
	models, correct         int
	share, sd, pointBiseral float64 // NaN for NULL
}

// independent computes item statistics from their textbook definitions, in another
// way than the views: means first, then centred sums.
func independent(blocks []corpus.Block, items int) []expected {
	total := make([]float64, len(blocks))
	for i, b := range blocks {
		for _, a := range b.Correct {
			if a == 1 {
				total[i]++
			}
		}
	}
	all := make([]expected, items)
	for j := range all {
		var x, s []float64
		for i, b := range blocks {
			if j < len(b.Correct) && b.Correct[j] != corpus.Missing {
				x, s = append(x, float64(b.Correct[j])), append(s, total[i])
			}
		}
		e := expected{models: len(x), share: math.NaN(), sd: math.NaN(), pointBiseral: math.NaN()}
		if len(x) > 0 {
			mx, ms := mean(x), mean(s)
			var xx, ss, xs float64
			for k := range x {
				xx += (x[k] - mx) * (x[k] - mx)
				ss += (s[k] - ms) * (s[k] - ms)
				xs += (x[k] - mx) * (s[k] - ms)
				e.correct += int(x[k])
			}
			e.share, e.sd = mx, math.Sqrt(xx/float64(len(x)))
			if slices.Min(x) < slices.Max(x) && slices.Min(s) < slices.Max(s) {
				e.pointBiseral = xs / math.Sqrt(xx*ss)
			}
		}
		all[j] = e
	}
	return all
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// close12 compares to 1e-12; NaN stands for NULL.
func close12(got any, want float64) bool {
	v, ok := got.(float64)
	if !ok || math.IsNaN(want) {
		return !ok && math.IsNaN(want)
	}
	return math.Abs(v-want) <= 1e-12
}

func compareStatistics(t *testing.T, w *Warehouse, benchmark string, blocks []corpus.Block, items int) {
	t.Helper()
	rows := values(t, w, `SELECT position, models, coalesce(correct, 0), share_correct, sd, point_biserial
		FROM item_statistics WHERE benchmark = ? ORDER BY position`, benchmark)
	if len(rows) != items {
		t.Fatalf("%d items, want %d", len(rows), items)
	}
	for j, e := range independent(blocks, items) {
		r := rows[j]
		if fmt.Sprint(r[0]) != fmt.Sprint(j) || fmt.Sprint(r[1]) != fmt.Sprint(e.models) || fmt.Sprint(r[2]) != fmt.Sprint(e.correct) ||
			!close12(r[3], e.share) || !close12(r[4], e.sd) || !close12(r[5], e.pointBiseral) {
			t.Fatalf("item %d: %v, want %+v", j, r, e)
		}
	}
}

// randomBlocks has easy and hard items, missing answers, and short lists.
func randomBlocks(seed uint64, models, items int, missing float64) []corpus.Block {
	rng := rand.New(rand.NewPCG(seed, 7))
	blocks := make([]corpus.Block, models)
	for i := range blocks {
		ability := rng.NormFloat64()
		n := items
		if rng.Float64() < missing {
			n = rng.IntN(items + 1)
		}
		answers := make([]uint8, n)
		for j := range answers {
			p := 1 / (1 + math.Exp(float64(j%7)-3-ability))
			switch {
			case rng.Float64() < missing:
				answers[j] = corpus.Missing
			case j%11 == 10 || rng.Float64() < p:
				answers[j] = 1
			}
		}
		blocks[i] = blockOf("random.csv", fmt.Sprintf("model %04d", i), answers...)
	}
	return blocks
}

func TestItemStatisticsEqualAnIndependentComputation(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		models, items int
		missing       float64
	}{
		"complete":              {200, 40, 0},
		"answers_missing":       {200, 40, 0.3},
		"one_model":             {1, 12, 0},
		"nearly_nothing_there":  {30, 30, 0.95},
		"longer_than_a_segment": {2500, 9, 0.01},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			blocks := randomBlocks(uint64(c.models), c.models, c.items, c.missing)
			keys := make([]string, c.items)
			for k := range keys {
				keys[k] = fmt.Sprint(k + 1)
			}
			w := fresh(t)
			mustImport(t, w, corpus.Import{Blocks: blocks, Items: itemsOf(keys...)})
			compareStatistics(t, w, "quiz", blocks, c.items)
			kept := values(t, w, "FROM item_sums ORDER BY ALL")
			if _, err := w.conn.ExecContext(t.Context(), "DELETE FROM item_sum"); err != nil {
				t.Fatal(err)
			}
			compareStatistics(t, w, "quiz", blocks, c.items) // added up by the view
			if diff := cmp.Diff(kept, values(t, w, "FROM item_sums ORDER BY ALL")); diff != "" {
				t.Errorf("sums kept by the writer and sums of the view differ:\n%s", diff)
			}
		})
	}
}

func TestStatisticsOfRealAnswersEqualAnIndependentComputation(t *testing.T) {
	t.Parallel()
	path := refdata.Path(t, "oll1", "responses", "arc.parquet")
	in, err := table.ReadLong(t.Context(), []string{path}, table.LongOptions{Benchmark: "arc860", ReadAt: clock()})
	if err != nil {
		t.Fatal(err)
	}
	w := fresh(t)
	mustImport(t, w, *in)
	compareStatistics(t, w, "arc860", in.Blocks, len(in.Items))
	compareDuplicates(t, w, "arc860", in.Blocks, len(in.Items))
}

// compareDuplicates looks for equal columns of answers directly.
func compareDuplicates(t *testing.T, w *Warehouse, benchmark string, blocks []corpus.Block, items int) {
	t.Helper()
	first := map[string]int{}
	var want []string
	stats := independent(blocks, items)
	for j := range items {
		column := make([]byte, len(blocks))
		for i, b := range blocks {
			column[i] = corpus.Missing
			if j < len(b.Correct) {
				column[i] = b.Correct[j]
			}
		}
		if stats[j].models < 100 || stats[j].sd <= 0.01 {
			continue
		}
		if k, ok := first[string(column)]; ok {
			want = append(want, fmt.Sprintf("%d of %d", j, k))
			continue
		}
		first[string(column)] = j
	}
	var got []string
	for _, r := range values(t, w, `
		SELECT d.position, i.position FROM duplicate_items AS d JOIN item AS i ON i.task_id = d.task_id AND i.item = d.duplicate_of
		WHERE d.benchmark = ? ORDER BY d.position`, benchmark) {
		got = append(got, fmt.Sprintf("%v of %v", r[0], r[1]))
	}
	if !slices.Equal(got, want) {
		t.Errorf("duplicates %v, want %v", got, want)
	}
}

// TestItemFilterGivesEveryReason has one item for every way to be dropped.
func TestItemFilterGivesEveryReason(t *testing.T) {
	const models, fillers = 1000, 100
	keys := []string{"good", "same question", "same answers", "nobody asked", "all right", "too easy", "noise"}
	items := itemsOf(keys...)
	items[0].Hash, items[1].Hash = "aa", "aa"
	rng := rand.New(rand.NewPCG(1, 2))
	blocks := make([]corpus.Block, models)
	for i := range blocks {
		a := make([]uint8, len(keys)+fillers)
		for k := range a {
			a[k] = uint8(0)
			if rng.IntN(models) < i {
				a[k] = 1
			}
		}
		a[2] = a[0]
		a[3], a[4] = corpus.Missing, 1
		a[5] = 0
		if i > 20 {
			a[5] = 1
		}
		a[6] = uint8(i % 2)
		if i > 0 { // nobody ties with the lowest
			a[len(keys)+i%fillers] = 1
		}
		blocks[i] = blockOf("filter.csv", fmt.Sprintf("m%04d", i), a...)
	}
	for k := range fillers {
		items = append(items, corpus.Item{Benchmark: "quiz", Task: "quiz", Position: len(keys) + k, Key: fmt.Sprint("filler ", k)})
	}
	w := fresh(t)
	mustImport(t, w, corpus.Import{Blocks: blocks, Items: items})
	want := map[string]any{
		"good": nil, "same question": "duplicate of good", "same answers": "duplicate of good", "nobody asked": "no answers",
		"all right": "no variance, too easy", "too easy": "too easy", "noise": "low discrimination",
	}
	for _, r := range values(t, w, `SELECT item, reason, dropped FROM item_filter`) {
		key := r[0].(string)
		if reason, ok := want[key]; (ok && r[1] != reason) || r[2] != (r[1] != nil) || (!ok && r[1] != nil) {
			t.Errorf("item %q: reason %v, dropped %v; want %v", key, r[1], r[2], reason)
		}
	}
	out := values(t, w, `SELECT model FROM outlier_models`)
	if len(out) != 1 || out[0][0] != "m0000" {
		t.Errorf("outliers %v, want the lowest of 1000: m0000", out)
	}
}

func TestThresholdsDecideWhatIsDropped(t *testing.T) {
	w := fresh(t)
	benchmark := corpus.Benchmark{Name: "quiz", Tasks: []corpus.Task{{Name: "quiz"}}}
	mustImport(t, w, corpus.Import{Benchmarks: []corpus.Benchmark{benchmark}, Blocks: randomBlocks(3, 400, 30, 0)})
	kept := func() int { return len(values(t, w, `FROM kept_items`)) }
	before := kept()
	h := DefaultThresholds()
	h.MinPointBiserial = 0.35
	if err := w.SetThresholds(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	stricter := kept()
	if stricter >= before || stricter == 0 {
		t.Fatalf("%d items kept with a stricter limit, %d before", stricter, before)
	}
	benchmark.MinPointBiserial = 0.05
	if err := w.SyncBenchmarks(t.Context(), []corpus.Benchmark{benchmark}); err != nil {
		t.Fatal(err)
	}
	if got := kept(); got != before {
		t.Errorf("%d items kept with the benchmark's own limit, want %d", got, before)
	}
}

func TestStatisticsFollowEveryChange(t *testing.T) {
	w := fresh(t)
	blocks := randomBlocks(5, 50, 10, 0)
	mustImport(t, w, corpus.Import{Blocks: blocks})
	blocks[7].Correct[3] ^= 1
	d := corpus.Delivery{Repo: corpus.RepoState{Repo: "o/r"}, Blocks: blocks[7:8]}
	if err := w.Record(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	compareStatistics(t, w, "quiz", blocks, 10) // the kept sums are old
	if err := w.RefreshStatistics(t.Context()); err != nil {
		t.Fatal(err)
	}
	compareStatistics(t, w, "quiz", blocks, 10)
	if n := values(t, w, `SELECT count(*) FROM item_sum JOIN corpus_state USING (benchmark_id, fingerprint)`)[0][0]; n != int64(10) {
		t.Errorf("%v sums hold after refreshing, want 10", n)
	}
}

// TestFiltersOnNamesAreAppliedBeforeListsAreTakenApart looks at the plan: a filter
// that stands above UNNEST would take the whole corpus apart.
func TestFiltersOnNamesAreAppliedBeforeListsAreTakenApart(t *testing.T) {
	w := fresh(t)
	for _, name := range []string{"a", "needle", "z"} {
		b := blockOf(name, name, 1, 0)
		b.Benchmark, b.Task = name, name
		mustImport(t, w, corpus.Import{Blocks: []corpus.Block{b}})
	}
	for _, column := range []string{"benchmark", "task", "model"} {
		plan := values(t, w, `EXPLAIN SELECT item, correct FROM responses WHERE `+column+` = 'needle'`)[0][1].(string)
		unnest, filter := strings.Index(plan, "UNNEST"), strings.Index(plan, "needle")
		if unnest < 0 || filter < unnest {
			t.Errorf("filter on %s is not below UNNEST:\n%s", column, plan)
		}
	}
}
