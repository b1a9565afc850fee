package table

import (
	"context"
	"strings"
	"testing"

	"metabench/internal/refdata"
)

// One row per answer, 4.4 million of them, by dictionary.
func BenchmarkReadResponsesLongParquet(b *testing.B) {
	path := refdata.Path(b, "oll2", "mmlu_pro_math.parquet")
	for b.Loop() {
		if _, err := ReadResponses(context.Background(), path, ResponseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A row per model, a column per item, gzipped.
func BenchmarkReadResponsesWideCSV(b *testing.B) {
	path := refdata.Path(b, "metabench-r", "responses-gsm8k-B.csv.gz")
	for b.Loop() {
		if _, err := ReadResponses(context.Background(), path, ResponseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadFrameNumbers(b *testing.B) {
	path := refdata.Path(b, "metabench-r", "gam-grand-B.csv.gz")
	for b.Loop() {
		if _, err := ReadFrame(context.Background(), path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadLongParquet(b *testing.B) {
	path := refdata.Path(b, "oll2", "mmlu_pro_math.parquet")
	for b.Loop() {
		if _, err := ReadLong(context.Background(), []string{path}, LongOptions{Benchmark: "mmlu_pro_math"}); err != nil {
			b.Fatal(err)
		}
	}
}

// The same 4.4 million rows as text, which is what a user without Parquet has.
func BenchmarkReadLongCSV(b *testing.B) {
	f, err := ReadFrame(context.Background(), refdata.Path(b, "oll2", "mmlu_pro_math.parquet"))
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("model,item,correct\n")
	for i := range f.Rows() {
		for k := range f.columns {
			if k > 0 {
				text.WriteByte(',')
			}
			text.WriteString(f.columns[k].text(i))
		}
		text.WriteByte('\n')
	}
	paths := write(b, map[string]string{"a.csv": text.String()})
	for b.Loop() {
		if _, err := ReadLong(context.Background(), paths, LongOptions{Benchmark: "mmlu_pro_math"}); err != nil {
			b.Fatal(err)
		}
	}
}
