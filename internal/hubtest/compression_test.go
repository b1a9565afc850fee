package hubtest_test

import (
	"bytes"
	"testing"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

// Which codec the real files have is not known (§12.5): the replica writes any.
func TestCompressions(t *testing.T) {
	for _, codec := range []hubtest.Compression{hubtest.CompressionSnappy, hubtest.CompressionZstd, hubtest.CompressionGzip, hubtest.CompressionNone} {
		t.Run(string(codec), func(t *testing.T) {
			c := serve(t, hubtest.CorpusOptions{Models: 1, Generation: hubtest.GenerationB, Compression: codec}, hubtest.ServerOptions{})
			correct := truth.Of(c.corpus)
			repo := correct.Repos()[0]
			for _, task := range repo.Tasks[:1] {
				got := metricOf(t, c.fetch(repo.Repo, repo.Commit, task.Path), "acc_norm")
				if want := correct.Answers(repo.Model, task.Benchmark, task.Task); !bytes.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			}
		})
	}
}
