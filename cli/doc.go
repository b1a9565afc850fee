// Package cli is the command line. There is a file a command: it parses flags and
// configuration, calls one or two functions of other packages, and prints what they
// return, as text for people or as JSON for programs. What is computed, read or written
// is theirs; cli gives errors their exit codes.
//
// Run is all that main needs. Results go to IO.Out, everything else to IO.Err.
package cli
