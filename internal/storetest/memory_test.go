package storetest_test

import (
	"testing"

	"metabench/internal/storetest"
	"metabench/scraper"
)

var _ scraper.Store = (*storetest.Memory)(nil)

func TestMemoryKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Opened {
		m := &storetest.Memory{}
		return storetest.Opened{Store: m, Blocks: m.Blocks, Models: m.Models, Scores: m.Scores}
	})
}
