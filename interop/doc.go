// Package interop brings the program together with what its users have: the official
// client of the Hub, other versions of DuckDB, the libraries that write evaluation files,
// systemd. Its tests have the build tag interop, since they install those; `make interop`
// runs them, and docs/interop.md says what they found.
//
// A partner is a directory with a lock file, requirements.txt, and a script, check.py. The
// script reads facts as JSON from standard input and prints a JSON object a line.
package interop
