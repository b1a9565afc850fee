package table

import (
	"context"
	"testing"
)

// One row per answer, 4.4 million of them, by dictionary.
func BenchmarkReadResponsesLongParquet(b *testing.B) {
	path := sharedData(b, "oll2", "mmlu_pro_math.parquet")
	for b.Loop() {
		if _, err := ReadResponses(context.Background(), path, ResponseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A row per model, a column per item, gzipped.
func BenchmarkReadResponsesWideCSV(b *testing.B) {
	path := sharedData(b, "metabench-r", "responses-gsm8k-B.csv.gz")
	for b.Loop() {
		if _, err := ReadResponses(context.Background(), path, ResponseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadFrameNumbers(b *testing.B) {
	path := sharedData(b, "metabench-r", "gam-grand-B.csv.gz")
	for b.Loop() {
		if _, err := ReadFrame(context.Background(), path); err != nil {
			b.Fatal(err)
		}
	}
}
