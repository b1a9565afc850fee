package hubtest

// Case is a way in which a model's repository departs from the plain one: a
// peculiarity that a crawler must cope with, or damage that it must report.
type Case string

// The cases. Each comment says what a correct crawl makes of it; a task that is not
// mentioned is done as usual.
const (
	CaseHealthy Case = "" // one or more runs, nothing odd

	// Odd, and complete: every task is done.
	CaseLimitedLatest Case = "limited_latest" // newest run is a --limit smoke test: an earlier run counts
	CaseDebugLatest   Case = "debug_latest"   // newest run holds a single MMLU subject: the run with all of them counts
	CaseFallback      Case = "fallback"       // newest gsm8k file is unreadable: the earlier run counts
	CaseShuffled      Case = "shuffled"       // rows of some tasks in another order: realigned by content
	CaseNoCard        Case = "no_card"        // no README.md
	CaseEmptyCard     Case = "empty_card"     // README.md of no bytes
	CaseCardGhost     Case = "card_ghost"     // card lists files the tree lacks: the tree wins
	CaseCardPartial   Case = "card_partial"   // tree holds files the card lacks: the tree wins
	CaseNoLatest      Case = "no_latest"      // configs without a latest split
	CaseFlat          Case = "flat"           // evaluation files in the root
	CaseNoFraction    Case = "no_fraction"    // timestamps without microseconds
	CaseFuture        Case = "future"         // a run dated 2099, the newest
	CaseOtherSuites   Case = "other_suites"   // original|mmlu:… and lighteval|… beside harness|…
	CaseIntMetric     Case = "int_metric"     // metrics stored as int64
	CaseBoolMetric    Case = "bool_metric"    // metrics stored as bool
	CaseTextMetric    Case = "text_metric"    // metrics stored as "1", "0.0", "True"
	CaseDottedMetric  Case = "dotted_metric"  // a column literally named metrics.acc
	CaseUnderscores   Case = "underscores"    // model id that contains "__"
	CaseHostileName   Case = "hostile_name"   // SQL, Unicode, NUL or 10 kB in the model id that the card and results give
	CaseHostilePaths  Case = "hostile_paths"  // tree entries that leave the directory: refused
	CaseRenamed       Case = "renamed"        // listed under a former name that answers 307
	CaseBadResults    Case = "bad_results"    // newest results JSON is cut short: step back to the one before

	// Some tasks can't be had.
	CaseMissingTasks Case = "missing_tasks" // never evaluated on winogrande and gsm8k: missing
	CaseLimitedOnly  Case = "limited_only"  // nothing but a smoke test: all permanent
	CaseShortTask    Case = "short_task"    // winogrande lacks its last rows: permanent
	CaseLongTask     Case = "long_task"     // winogrande has rows too many: permanent
	CaseEmptyFile    Case = "empty_file"    // gsm8k is a file of no bytes: permanent
	CaseCutFile      Case = "cut_file"      // gsm8k lacks its second half: permanent
	CaseFlippedFile  Case = "flipped_file"  // gsm8k's footer is damaged: permanent
	CaseFlippedPage  Case = "flipped_page"  // a bit of gsm8k's metric pages is flipped, and their checksum is wrong: permanent
	CaseHTMLFile     Case = "html_file"     // gsm8k is an error page: permanent
	CaseNoMetric     Case = "no_metric"     // gsm8k lacks the metric column: permanent
	CaseNaNMetric    Case = "nan_metric"    // a NaN among gsm8k's answers: permanent
	CaseTwoMetric    Case = "two_metric"    // a 2 among gsm8k's answers: permanent
	CaseNullMetric   Case = "null_metric"   // a null among gsm8k's answers: permanent
	CaseHugeRows     Case = "huge_rows"     // gsm8k's footer claims 10⁹ rows: permanent
	CaseBomb         Case = "bomb"          // gsm8k's pages claim to unpack to 2 GB: permanent
	CaseEmptyRepo    Case = "empty_repo"    // no evaluation files at all: all missing

	// The repository can't be had.
	CaseGated    Case = "gated"    // metadata public, bytes refused: policy
	CaseDisabled Case = "disabled" // policy
	CaseDeleted  Case = "deleted"  // listed, then gone: permanent
	CasePrivate  Case = "private"  // like deleted, to strangers: permanent
)

// Cases returns every case, in the order of their declaration.
func Cases() []Case {
	return []Case{
		CaseLimitedLatest, CaseDebugLatest, CaseFallback, CaseShuffled, CaseNoCard, CaseEmptyCard, CaseCardGhost,
		CaseCardPartial, CaseNoLatest, CaseFlat, CaseNoFraction, CaseFuture, CaseOtherSuites, CaseIntMetric,
		CaseBoolMetric, CaseTextMetric, CaseDottedMetric, CaseUnderscores, CaseHostileName, CaseHostilePaths,
		CaseRenamed, CaseBadResults,
		CaseMissingTasks, CaseLimitedOnly, CaseShortTask, CaseLongTask, CaseEmptyFile, CaseCutFile, CaseFlippedFile,
		CaseFlippedPage, CaseHTMLFile, CaseNoMetric, CaseNaNMetric, CaseTwoMetric, CaseNullMetric, CaseHugeRows,
		CaseBomb, CaseEmptyRepo,
		CaseGated, CaseDisabled, CaseDeleted, CasePrivate,
	}
}
