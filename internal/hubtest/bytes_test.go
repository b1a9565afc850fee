package hubtest

import (
	"bytes"
	"crypto/sha256"
	"sync"
	"testing"
)

// A file has the same bytes every time: the tree's hash is computed at one time, and the bytes
// are sent at another.
func TestBytesNeverChange(t *testing.T) {
	benchmarks := Scaled(Leaderboard(), 0.02, 5)
	benchmarks[2].Tasks = benchmarks[2].Tasks[:3]
	options := CorpusOptions{Seed: 9, Models: 12, Broken: 0.3, RowGroupRows: 13, Benchmarks: benchmarks}
	sums := map[string][32]byte{}
	for _, c := range []*Corpus{NewCorpus(options), NewCorpus(options)} {
		var mu sync.Mutex
		var workers sync.WaitGroup
		for w := range 4 {
			workers.Go(func() {
				for _, e := range c.entries {
					files := c.Files(e, c.revisions(e))
					for i := range files {
						f := files[(i*(2*w+1)+w)%len(files)] // each in an order of its own
						var b bytes.Buffer
						must(c.build(f).WriteTo(&b))
						sum := sha256.Sum256(b.Bytes())
						mu.Lock()
						if first, ok := sums[e.Repo+"/"+f.Path]; ok && first != sum {
							t.Errorf("%s %s differs from the first time", e.Repo, f.Path)
						}
						sums[e.Repo+"/"+f.Path] = sum
						mu.Unlock()
					}
				}
			})
		}
		workers.Wait()
	}
}
