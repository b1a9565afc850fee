// Package table reads users' tables: Parquet, CSV and gzipped CSV, told apart by
// their content, never by their name.
//
// Three views of the same bytes exist. ReadFrame gives named columns of numbers or
// text, ReadResponses a response table for the estimators, and ReadLong the blocks
// and items that the warehouse imports. None of them returns a part of a file:
// an error means that nothing was read.
package table
