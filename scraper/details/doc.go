// Package details reads the leaderboard's evaluation files. It parses their names, chooses
// which run to read, and reads from a Parquet file, by ranges of bytes, each row's answer (0
// or 1), question and text.
package details
