package evallog

import (
	"fmt"
	"strings"
	"testing"
)

// The aim is a million rows in 10 s, reading alone: 10 µs a row.
func BenchmarkHarness(b *testing.B) {
	const rows = 20_000
	var s strings.Builder
	shots := strings.Repeat("Question: what is it? Answer: it is. ", 40)
	for k := range rows {
		fmt.Fprintf(&s, `{"doc_id": %d, "doc": {"question": "What is %d plus %d, and why? %s", "choices": ["a", "b"]}, "target": "a", "arguments": {"gen_args_0": {"arg_0": "%s"}}, "resps": [["a"]], "filter": "none", "metrics": ["acc"], "acc": 1.0}`+"\n",
			k, k, k, strings.Repeat("x ", 80), shots)
	}
	dir := tree(b, map[string]string{"o__m/samples_t.jsonl": s.String()})
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		mustRead(b, dir, Options{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
