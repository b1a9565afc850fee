package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// checkLost reports loads that the ledger has and the file has not.
func (w *Warehouse) checkLost(context.Context) ([]Finding, error) {
	var found []Finding
	for _, l := range w.Lost() {
		from, file := l.Source, "that file"
		if len(l.Sources) > 0 {
			from, file = strings.Join(l.Sources, ", "), "each of these files"
		}
		found = append(found, Finding{
			Check: "lost_loads", Severity: Damage, Object: fmt.Sprintf("load %d from %s", l.ID, from),
			Detail: fmt.Sprintf("was committed on %s and is gone: the end of the write-ahead log was lost", l.At.Format("2006-01-02 15:04:05")),
			Remedy: "import " + file + " again, or crawl: what is missing is read again; then metabench check --repair forgets the loss",
		})
	}
	return found, nil
}

// checkLedger reports a ledger from which losses can't be found: it is missing, cut off, or
// of another file. A published snapshot has none and needs none.
func (w *Warehouse) checkLedger(ctx context.Context) ([]Finding, error) {
	if _, err := os.Stat(lockPath(w.path)); errors.Is(err, fs.ErrNotExist) { // nobody ever wrote here
		return nil, nil
	}
	loads, err := loadIDs(ctx, w.db)
	if err != nil {
		return nil, err
	}
	f := Finding{Check: "ledger", Severity: Warning, Object: ledgerPath(w.path),
		Remedy: "metabench check --repair writes it anew; compare the numbers of metabench status with what you expect"}
	behind, last, newest := 0, int32(0), int32(0)
	for _, l := range w.loadsAtOpen {
		last = max(last, l.ID)
	}
	for id := range loads {
		newest = max(newest, id)
		if id > last {
			behind++
		}
	}
	switch {
	case newest == 0:
	case len(w.loadsAtOpen) == 0:
		f.Detail = "is missing or has no whole line: losses before now can't be found"
	case behind > 1: // a crash between a commit and its line leaves one
		f.Detail = fmt.Sprintf("ends at load %d and the warehouse at load %d: it was cut off, or is of an older copy", last, newest)
	}
	var found []Finding
	if f.Detail != "" {
		found = append(found, f)
	}
	replaced, err := w.checkReplaced(ctx, loads)
	return append(found, replaced...), err
}

// checkReplaced compares the ledger's last totals of each benchmark, among the loads that
// are in the file, with those of the manifest. Totals include all earlier loads.
func (w *Warehouse) checkReplaced(ctx context.Context, loads map[int32]bool) ([]Finding, error) {
	type counted struct {
		load int32
		LoadTotal
	}
	want, got := map[string]counted{}, map[string]counted{}
	for _, l := range w.loadsAtOpen {
		for _, t := range l.Benchmarks {
			if loads[l.ID] && l.ID >= want[t.Benchmark].load {
				want[t.Benchmark] = counted{l.ID, t}
			}
		}
	}
	var t counted
	err := scanEach(ctx, w.db, `
		SELECT m.load_id, b.benchmark, m.blocks, m.observed, m.correct, m.fingerprint
		FROM manifest AS m JOIN benchmark AS b USING (benchmark_id) ORDER BY m.load_id`,
		[]any{&t.load, &t.Benchmark, &t.Blocks, &t.Observed, &t.Correct, &t.Fingerprint}, func() {
			if t.load <= want[t.Benchmark].load {
				got[t.Benchmark] = t
			}
		})
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, benchmark := range sortedKeys(want) {
		ledger, file := want[benchmark], got[benchmark]
		if file.LoadTotal == ledger.LoadTotal {
			continue
		}
		found = append(found, Finding{Check: "replaced_file", Severity: Damage, Object: w.path,
			Detail: fmt.Sprintf("by the ledger it had %d answers to %s after load %d, by its own manifest %d: another file was put in its place", ledger.Observed, benchmark, ledger.load, file.Observed),
			Remedy: "put the file back that the ledger belongs to, or, if the exchange was meant, move " + ledgerPath(w.path) + " away"})
	}
	return found, nil
}
