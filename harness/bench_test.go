package harness

import (
	"context"
	"testing"
)

// 16 real logs of 4 MB in all, most of it prompts.
func BenchmarkRead(b *testing.B) {
	dir := sharedData(b, "harness", "structure")
	for b.Loop() {
		if _, err := Read(context.Background(), dir); err != nil {
			b.Fatal(err)
		}
	}
}
