package details

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// Cost is how many bytes parts of a file take, as stored.
type Cost struct {
	Answers   int64
	Questions int64  // 0 when the file has none
	Kind      string // the file's columns, and how its questions are compressed
}

// Cost returns the cost of the answers, by a metric, and of the questions. It is known from
// the footer and takes no request.
func (f *File) Cost(metric string) (Cost, error) {
	var c Cost
	column, ok := f.metric(metric)
	if !ok {
		column, ok = f.leaf("metrics")
	}
	if !ok {
		return c, faultf(FaultMetric, "no %s among %s", metric, strings.Join(f.Columns(), ", "))
	}
	var err error
	if c.Answers, _, err = f.stored(column); err != nil {
		return c, err
	}
	if column, ok := f.question(); ok {
		var codec format.CompressionCodec
		if c.Questions, codec, err = f.stored(column); err != nil {
			return c, err
		}
		c.Kind = fmt.Sprint(codec, f.Columns())
	}
	return c, nil
}

// stored is how many bytes a column takes, and how it is compressed.
func (f *File) stored(column int) (bytes int64, codec format.CompressionCodec, err error) {
	chunks, err := f.chunks(column)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range chunks {
		bytes += m.TotalCompressedSize
		codec = m.Codec
	}
	return bytes, codec, nil
}
