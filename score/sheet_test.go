package score

import (
	"testing"

	"metabench/analysis/response"
	"metabench/corpus"
)

// Answers go from logs and blocks to sheets as they are.
func TestAnAnswerIsOneByteEverywhere(t *testing.T) {
	if response.Missing != response.Answer(corpus.Missing) {
		t.Errorf("a missing answer is %d in analysis and %d in blocks", response.Missing, corpus.Missing)
	}
}
