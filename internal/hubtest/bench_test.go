package hubtest_test

import (
	"testing"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

// Opening a corpus of 5,000 repositories must take no longer than a second or two.
func BenchmarkNewCorpus5000(b *testing.B) {
	for b.Loop() {
		hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 5000, Broken: 0.2})
	}
}

// The truth about a model needs size and hash of all its files: what a tree costs the first
// time, 28,659 answers in 62 files.
func BenchmarkRepository(b *testing.B) {
	for _, prompts := range []hubtest.PromptSize{hubtest.PromptSmall, hubtest.PromptRealistic} {
		b.Run(string(prompts), func(b *testing.B) {
			c := hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 5000, Generation: hubtest.GenerationB, Prompts: prompts})
			correct, models := truth.Of(c), c.Models()
			correct.Repo(models[0]) // makes the columns that all models share
			next := 1
			var bytes int64
			for b.Loop() {
				repo, _ := correct.Repo(models[next%len(models)])
				next++
				for _, task := range repo.Tasks {
					bytes += task.Size
				}
			}
			b.ReportMetric(float64(bytes)/float64(next-1)/1e6, "MB/model")
		})
	}
}
