package harness

import (
	"context"
	"testing"

	"metabench/internal/refdata"
)

// 16 real logs of 4 MB in all, most of it prompts.
func BenchmarkRead(b *testing.B) {
	dir := refdata.Path(b, "harness", "structure")
	for b.Loop() {
		if _, err := Read(context.Background(), dir); err != nil {
			b.Fatal(err)
		}
	}
}
