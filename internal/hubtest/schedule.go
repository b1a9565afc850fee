package hubtest

import (
	"strings"
	"time"
)

// Run is one evaluation run of a repository: when, how its files are written and
// which tasks it covers.
type Run struct {
	At time.Time

	colon      bool // 15:58:12 in file names instead of 15-58-12
	generation Generation
	shape      MetricShape
	covers     func(t *Task) bool
	limit      int  // rows kept; 0: all
	broken     bool // gsm8k unreadable
}

func everything(*Task) bool { return true }

// schedule lists the runs of a repository, oldest first. Without a case a
// repository has one of nine histories, as met on the Hub (§2.4, §2.6).
func (c *Corpus) schedule(e *Entry) []Run {
	r := stream(key(c.options.Seed, "schedule", e.Model))
	day := func(year, month, days int) time.Time {
		span := time.Duration(days) * 24 * time.Hour
		t := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(span))))
		return t.Truncate(time.Microsecond)
	}
	early := Run{At: day(2023, 7, 31), colon: true, generation: GenerationAEarly, covers: everything}
	august := Run{At: day(2023, 8, 28), colon: true, generation: GenerationA, covers: everything}
	autumn := Run{At: day(2023, 9, 90), generation: GenerationA, covers: everything}
	year24 := Run{At: day(2024, 1, 140), generation: GenerationB, covers: everything}
	text24 := Run{At: day(2024, 1, 140), generation: GenerationBText, covers: everything}
	for _, p := range []*Run{&early, &august, &autumn} {
		switch r.IntN(6) {
		case 0:
			p.shape = MetricBool
		case 1:
			p.shape = MetricInt
		}
	}
	var runs []Run
	switch draw := r.IntN(12); {
	case e.Case == CaseEmptyRepo:
		return nil
	case c.options.Generation == GenerationAEarly:
		runs = []Run{early}
	case c.options.Generation == GenerationA:
		runs = []Run{autumn}
	case c.options.Generation == GenerationB:
		runs = []Run{year24}
	case c.options.Generation == GenerationBText:
		runs = []Run{text24}
	case draw < 3:
		runs = []Run{autumn}
	case draw == 3: // the two youngest benchmarks were added in autumn
		early.covers = func(t *Task) bool { return !young(t) }
		autumn.covers = young
		runs = []Run{early, autumn}
	case draw == 4:
		runs = []Run{august, year24}
	case draw < 8:
		runs = []Run{year24}
	case draw == 8:
		runs = []Run{august, autumn}
	case draw == 9:
		runs = []Run{early}
	case draw == 10:
		runs = []Run{early, year24}
	default:
		runs = []Run{text24}
	}
	return c.distort(e, runs, day)
}

// young reports whether a task's benchmark joined the leaderboard last.
func young(t *Task) bool { return t.Bench.Name == "winogrande" || t.Bench.Name == "gsm8k" }

// distort changes the runs as the repository's case says.
func (c *Corpus) distort(e *Entry, runs []Run, day func(year, month, days int) time.Time) []Run {
	full := Run{At: day(2023, 10, 20), generation: GenerationA, covers: everything}
	all := func(change func(p *Run)) {
		for i := range runs {
			change(&runs[i])
		}
	}
	switch e.Case {
	case CaseLimitedLatest:
		smoke := full
		smoke.At, smoke.generation, smoke.limit = day(2024, 6, 5), GenerationB, 10
		runs = append(runs, smoke)
	case CaseLimitedOnly:
		full.limit = 10
		runs = []Run{full}
	case CaseDebugLatest:
		debug := Run{At: day(2024, 6, 5), generation: GenerationB, covers: c.oneSubject}
		runs = append(runs, debug)
	case CaseFallback:
		newer := Run{At: day(2024, 6, 5), generation: GenerationB, covers: everything, broken: true}
		runs = []Run{full, newer}
	case CaseBadResults:
		newer := Run{At: day(2024, 6, 5), generation: GenerationB, covers: everything}
		runs = []Run{full, newer}
	case CaseMissingTasks:
		full.covers = func(t *Task) bool { return !young(t) }
		runs = []Run{full}
	case CaseNoFraction:
		all(func(p *Run) { p.At = p.At.Truncate(time.Second) })
	case CaseFuture:
		full.At = day(2099, 1, 300)
		runs = append(runs, full)
	case CaseIntMetric, CaseBoolMetric, CaseTextMetric:
		full.shape = map[Case]MetricShape{CaseIntMetric: MetricInt, CaseBoolMetric: MetricBool, CaseTextMetric: MetricText}[e.Case]
		runs = []Run{full}
	case CaseDottedMetric:
		full.generation, full.shape = GenerationB, MetricDotted
		full.At = day(2024, 1, 60)
		runs = []Run{full}
	case CaseEmptyFile, CaseCutFile, CaseFlippedFile, CaseFlippedPage, CaseHTMLFile, CaseNoMetric, CaseNaNMetric,
		CaseTwoMetric, CaseNullMetric, CaseHugeRows, CaseBomb, CaseShortTask, CaseLongTask, CaseShuffled:
		runs = []Run{full}
		if c.options.Generation == GenerationB || c.options.Generation == "" && e.index%2 == 1 {
			runs[0].generation, runs[0].At = GenerationB, day(2024, 1, 60)
		}
	}
	return runs
}

// oneSubject reports whether a task is the first of a benchmark that has several.
func (c *Corpus) oneSubject(t *Task) bool {
	return len(t.Bench.Tasks) > 1 && t.Name == t.Bench.Tasks[0].Name
}

// Stamp is a run's timestamp as its directory and files spell it (§2.4). Zero
// microseconds are left out, as ISO formatting does.
func (p Run) Stamp() string {
	layout := "2006-01-02T15:04:05.000000"
	if p.At.Nanosecond() == 0 {
		layout = "2006-01-02T15:04:05"
	}
	s := p.At.Format(layout)
	if !p.colon {
		s = strings.ReplaceAll(s, ":", "-")
	}
	return s
}
