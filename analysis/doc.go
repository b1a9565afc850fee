// Package analysis is a build: the stages that turn a benchmark's answers into a
// distilled benchmark and reconstructed scores, in order. It is pure computation;
// what it reads and keeps goes through the interfaces Cache and Reporter.
package analysis
