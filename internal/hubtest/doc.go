// Package hubtest is a faithful local replica of the Hub: the datasets of the
// retired Open LLM Leaderboard with their evaluation files, the results and
// requests repositories and the model information, served over real HTTP on
// loopback with the Hub's redirects, headers, quotas and failures.
//
// A Corpus knows everything: which models there are, what each answered to every
// question, which runs its repository holds and in what way the repository is
// broken. All of it is a pure function of the seed, so that a corpus of thousands of
// repositories takes next to no memory, and a file has the same bytes whenever
// it is asked for. What a correct crawl of it delivers is computed by package truth.
//
// A Server puts a Corpus behind two listeners of different host names, one for the
// Hub and one for its file servers (the CDN), so that a crawler that lets its
// credentials travel is caught. Faults are switched on and off while it runs, every
// request is recorded.
//
// The specification is docs/hub-protocol.md; section numbers in comments refer to it.
package hubtest
