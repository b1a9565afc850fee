package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"metabench/corpus"
)

// blockScan reads answers straight from DuckDB's vectors. database/sql hands out
// every answer as a boxed value of its own, which takes twenty times as long as
// DuckDB needs to read it.
type blockScan struct {
	db   mapping.Database
	conn mapping.Connection
}

// openBlockScan makes a connection of its own to the file that is open already:
// DuckDB keeps one instance a file and process, and settings must agree.
func openBlockScan(path string, settings [][2]string) (*blockScan, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return nil, errors.New("make a configuration")
	}
	defer mapping.DestroyConfig(&config)
	for _, s := range append([][2]string{{"duckdb_api", "go"}}, settings...) {
		if mapping.SetConfig(config, s[0], s[1]) == mapping.StateError {
			return nil, fmt.Errorf("setting %s = %s is not known", s[0], s[1])
		}
	}
	var s blockScan
	var message string
	if mapping.GetOrCreateFromCache(duckdb.GetInstanceCache(), path, &s.db, config, &message) == mapping.StateError {
		mapping.Close(&s.db)
		return nil, textError(message)
	}
	if mapping.Connect(s.db, &s.conn) == mapping.StateError {
		mapping.Close(&s.db)
		return nil, errors.New("connect")
	}
	return &s, nil
}

func (s *blockScan) close() {
	mapping.Disconnect(&s.conn)
	mapping.Close(&s.db)
}

// begin begins a transaction and looks at a table.
func (s *blockScan) begin(look string) error {
	for _, statement := range []string{"BEGIN TRANSACTION", look} {
		var result mapping.Result
		state := mapping.Query(s.conn, statement, &result)
		err := resultError(&result)
		mapping.DestroyResult(&result)
		if state == mapping.StateError {
			return err
		}
	}
	return nil
}

// each runs a query for (model_id, task_id, correct) with one integer parameter
// and calls fn with every row. The answers are fn's only until it returns.
func (s *blockScan) each(ctx context.Context, query string, parameter int32, fn func(model, task int32, correct []uint8)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { mapping.Interrupt(s.conn) })
	defer stop()
	var stmt mapping.PreparedStatement
	defer mapping.DestroyPrepare(&stmt)
	if mapping.Prepare(s.conn, query, &stmt) == mapping.StateError {
		return textError(mapping.PrepareError(stmt))
	}
	if mapping.BindInt32(stmt, 1, parameter) == mapping.StateError {
		return errors.New("bind the query's parameter")
	}
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.ExecutePrepared(stmt, &result) == mapping.StateError {
		if err := ctx.Err(); err != nil {
			return err
		}
		return resultError(&result)
	}
	for {
		chunk := mapping.FetchChunk(result)
		if chunk.Ptr == nil {
			return ctx.Err()
		}
		scanChunk(chunk, fn)
		mapping.DestroyDataChunk(&chunk)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// resultError is what DuckDB says of a failed query, typed as the driver types it.
func resultError(result *mapping.Result) error {
	return &duckdb.Error{Type: duckdb.ErrorType(mapping.ResultErrorType(result)), Msg: mapping.ResultError(result)}
}

// textError types what DuckDB says by the beginning that it gives its types, for calls
// that tell no more. Others than these are nothing that anybody asks for.
func textError(text string) error {
	for prefix, kind := range map[string]duckdb.ErrorType{
		"IO Error: ": duckdb.ErrorTypeIO, "FATAL Error: ": duckdb.ErrorTypeFatal, "Serialization Error: ": duckdb.ErrorTypeSerialization,
		"Catalog Error: ": duckdb.ErrorTypeCatalog, "Binder Error: ": duckdb.ErrorTypeBinder, "TransactionContext Error: ": duckdb.ErrorTypeTransaction,
	} {
		if strings.HasPrefix(text, prefix) {
			return &duckdb.Error{Type: kind, Msg: text}
		}
	}
	return &duckdb.Error{Type: duckdb.ErrorTypeInvalid, Msg: text}
}

// scanChunk reads a chunk's vectors: the columns are two INTEGERs and a list of
// UTINYINT without NULL lists. A list is an offset and a length in the child
// vector, whose validity mask, where there is one, has a bit an element.
func scanChunk(chunk mapping.DataChunk, fn func(model, task int32, correct []uint8)) {
	rows := int(mapping.DataChunkGetSize(chunk))
	if rows == 0 {
		return
	}
	models := unsafe.Slice((*int32)(mapping.VectorGetData(mapping.DataChunkGetVector(chunk, 0))), rows)
	tasks := unsafe.Slice((*int32)(mapping.VectorGetData(mapping.DataChunkGetVector(chunk, 1))), rows)
	lists := mapping.DataChunkGetVector(chunk, 2)
	entries := unsafe.Slice((*[2]uint64)(mapping.VectorGetData(lists)), rows)
	child := mapping.ListVectorGetChild(lists)
	size := int(mapping.ListVectorGetSize(lists))
	if size == 0 {
		for r := range rows {
			fn(models[r], tasks[r], nil)
		}
		return
	}
	answers := unsafe.Slice((*uint8)(mapping.VectorGetData(child)), size)
	if mask := mapping.VectorGetValidity(child); mask != nil {
		markMissing(answers, unsafe.Slice((*uint64)(mask), (size+63)/64))
	}
	for r := range rows {
		offset, length := entries[r][0], entries[r][1]
		fn(models[r], tasks[r], answers[offset:offset+length])
	}
}

// markMissing writes corpus.Missing where the mask says that nothing is there.
func markMissing(answers []uint8, valid []uint64) {
	for w, bits := range valid {
		if bits == ^uint64(0) {
			continue
		}
		for k := w * 64; k < min((w+1)*64, len(answers)); k++ {
			if bits>>(k%64)&1 == 0 {
				answers[k] = corpus.Missing
			}
		}
	}
}
