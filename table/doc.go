// Package table reads users' tables: Parquet, CSV and gzipped CSV, recognised by their
// content and not by their names.
//
// ReadFrame returns named columns of numbers or text, ReadResponses a response table for
// the estimators, and ReadLong the blocks and items that the warehouse imports. None of
// them returns a part of a file: after an error, nothing was read. What a file has wrong is
// a *corpus.DataError.
package table
