package hubtest

import (
	"strings"
	"time"
)

// plan is one evaluation run of a repository: when, how its files are written and
// which tasks it covers.
type plan struct {
	at         time.Time
	colon      bool // 15:58:12 in file names instead of 15-58-12
	generation Generation
	shape      MetricShape
	covers     func(t *task) bool
	limit      int  // rows kept; 0: all
	broken     bool // gsm8k unreadable
}

func everything(*task) bool { return true }

// schedule lists the runs of a repository, oldest first. Without a case a
// repository has one of nine histories, as met on the Hub (§2.4, §2.6).
func (c *Corpus) schedule(e *entry) []plan {
	r := stream(key(c.options.Seed, "schedule", e.model))
	day := func(year, month, days int) time.Time {
		span := time.Duration(days) * 24 * time.Hour
		t := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(span))))
		return t.Truncate(time.Microsecond)
	}
	early := plan{at: day(2023, 7, 31), colon: true, generation: GenerationAEarly, covers: everything}
	august := plan{at: day(2023, 8, 28), colon: true, generation: GenerationA, covers: everything}
	autumn := plan{at: day(2023, 9, 90), generation: GenerationA, covers: everything}
	year24 := plan{at: day(2024, 1, 140), generation: GenerationB, covers: everything}
	text24 := plan{at: day(2024, 1, 140), generation: GenerationBText, covers: everything}
	for _, p := range []*plan{&early, &august, &autumn} {
		switch r.IntN(6) {
		case 0:
			p.shape = MetricBool
		case 1:
			p.shape = MetricInt
		}
	}
	var runs []plan
	switch draw := r.IntN(12); {
	case e.kase == CaseEmptyRepo:
		return nil
	case c.options.Generation == GenerationAEarly:
		runs = []plan{early}
	case c.options.Generation == GenerationA:
		runs = []plan{autumn}
	case c.options.Generation == GenerationB:
		runs = []plan{year24}
	case c.options.Generation == GenerationBText:
		runs = []plan{text24}
	case draw < 3:
		runs = []plan{autumn}
	case draw == 3: // the two youngest benchmarks were added in autumn
		early.covers = func(t *task) bool { return !young(t) }
		autumn.covers = young
		runs = []plan{early, autumn}
	case draw == 4:
		runs = []plan{august, year24}
	case draw < 8:
		runs = []plan{year24}
	case draw == 8:
		runs = []plan{august, autumn}
	case draw == 9:
		runs = []plan{early}
	case draw == 10:
		runs = []plan{early, year24}
	default:
		runs = []plan{text24}
	}
	return c.distort(e, runs, day)
}

// young tells the benchmarks that joined the leaderboard last.
func young(t *task) bool { return t.bench.Name == "winogrande" || t.bench.Name == "gsm8k" }

// distort changes the runs as the repository's case says.
func (c *Corpus) distort(e *entry, runs []plan, day func(year, month, days int) time.Time) []plan {
	full := plan{at: day(2023, 10, 20), generation: GenerationA, covers: everything}
	all := func(change func(p *plan)) {
		for i := range runs {
			change(&runs[i])
		}
	}
	switch e.kase {
	case CaseLimitedLatest:
		smoke := full
		smoke.at, smoke.generation, smoke.limit = day(2024, 6, 5), GenerationB, 10
		runs = append(runs, smoke)
	case CaseLimitedOnly:
		full.limit = 10
		runs = []plan{full}
	case CaseDebugLatest:
		debug := plan{at: day(2024, 6, 5), generation: GenerationB, covers: c.oneSubject}
		runs = append(runs, debug)
	case CaseFallback:
		newer := plan{at: day(2024, 6, 5), generation: GenerationB, covers: everything, broken: true}
		runs = []plan{full, newer}
	case CaseBadResults:
		newer := plan{at: day(2024, 6, 5), generation: GenerationB, covers: everything}
		runs = []plan{full, newer}
	case CaseMissingTasks:
		full.covers = func(t *task) bool { return !young(t) }
		runs = []plan{full}
	case CaseNoFraction:
		all(func(p *plan) { p.at = p.at.Truncate(time.Second) })
	case CaseFuture:
		full.at = day(2099, 1, 300)
		runs = append(runs, full)
	case CaseIntMetric, CaseBoolMetric, CaseTextMetric:
		full.shape = map[Case]MetricShape{CaseIntMetric: MetricInt, CaseBoolMetric: MetricBool, CaseTextMetric: MetricText}[e.kase]
		runs = []plan{full}
	case CaseDottedMetric:
		full.generation, full.shape = GenerationB, MetricDotted
		full.at = day(2024, 1, 60)
		runs = []plan{full}
	case CaseEmptyFile, CaseCutFile, CaseFlippedFile, CaseFlippedPage, CaseHTMLFile, CaseNoMetric, CaseNaNMetric,
		CaseTwoMetric, CaseNullMetric, CaseHugeRows, CaseBomb, CaseShortTask, CaseLongTask, CaseShuffled:
		runs = []plan{full}
		if c.options.Generation == GenerationB || c.options.Generation == "" && e.index%2 == 1 {
			runs[0].generation, runs[0].at = GenerationB, day(2024, 1, 60)
		}
	}
	return runs
}

// oneSubject tells the first task of the first benchmark that has several.
func (c *Corpus) oneSubject(t *task) bool {
	return len(t.bench.Tasks) > 1 && t.Name == t.bench.Tasks[0].Name
}

// stamp is a run's timestamp as its directory and files spell it (§2.4). Zero
// microseconds are left out, as ISO formatting does.
func (p plan) stamp() string {
	layout := "2006-01-02T15:04:05.000000"
	if p.at.Nanosecond() == 0 {
		layout = "2006-01-02T15:04:05"
	}
	s := p.at.Format(layout)
	if !p.colon {
		s = strings.ReplaceAll(s, ":", "-")
	}
	return s
}
