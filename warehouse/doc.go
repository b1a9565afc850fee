// Package warehouse keeps answers, their provenance and the results of the analysis in one
// DuckDB file. It is the only writer of that file and the only package that imports the
// DuckDB driver.
//
// The file has one writer at a time, who holds a kernel lock on a file beside it. While a
// writer has the file open, DuckDB refuses readers, so that everybody else reads a published
// snapshot. A change of answers is one transaction, which also writes the manifest: the
// totals that every benchmark has afterwards. The ledger, a text file beside the warehouse,
// gets a line after each commit: DuckDB drops the torn end of a write-ahead log silently,
// and the ledger is how such a loss is found.
//
// To write: [Create] or [Open], then [Warehouse.Record] and [Warehouse.Import] for answers,
// [Warehouse.BeginRun], [Warehouse.StoreResults] and [Warehouse.FinishRun] for results,
// [Warehouse.Publish] and [Warehouse.Export] for readers. To read: [OpenReadOnly], then
// [Warehouse.Query] for SQL and [Warehouse.Responses] for a matrix of answers.
// [Warehouse.Check] finds damage, [Repair] mends it.
//
// docs/warehouse.md describes the tables and views to those who query them.
package warehouse

//go:generate go run ./reference -o ../docs/warehouse.md -lake ../deploy/lake
