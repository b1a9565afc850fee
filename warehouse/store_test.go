package warehouse

import (
	"database/sql"
	"testing"

	"metabench/corpus"
	"metabench/internal/storetest"
	"metabench/scraper"
)

var _ scraper.Store = (*Warehouse)(nil)

func TestWarehouseKeepsTheContractOfTheCrawlsStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		w := fresh(t)
		if err := w.SyncBenchmarks(t.Context(), storetest.Benchmarks()); err != nil {
			t.Fatal(err)
		}
		return storetest.Opened{
			Store:  w,
			Blocks: func() []corpus.Block { return storedBlocks(t, w) },
			Models: func() []corpus.Model { return storedModels(t, w) },
			Scores: func() []corpus.Score { return storedScores(t, w) },
		}
	})
}

func storedBlocks(t *testing.T, w *Warehouse) []corpus.Block {
	var all []corpus.Block
	var b corpus.Block
	var list any
	err := scanEach(t.Context(), w.db, `
		SELECT m.model, b.benchmark, t.task, f.repo, f.commit_hash, f.path, f.size, f.sha256, f.verified, r.correct
		FROM response_block AS r JOIN model AS m USING (model_id) JOIN task AS t USING (task_id)
		JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id JOIN file AS f USING (file_id) ORDER BY ALL`,
		[]any{&b.Model, &b.Benchmark, &b.Task, &b.File.Repo, &b.File.Commit, &b.File.Path, &b.File.Size, &b.File.SHA256, &b.File.Verified, &list},
		func() {
			b.Correct = nil
			for _, x := range list.([]any) {
				a, ok := x.(uint8)
				if !ok {
					a = corpus.Missing
				}
				b.Correct = append(b.Correct, a)
			}
			all = append(all, b)
		})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func storedModels(t *testing.T, w *Warehouse) []corpus.Model {
	rows, err := w.db.QueryContext(t.Context(), `SELECT * EXCLUDE (model_id) FROM model ORDER BY model`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []corpus.Model
	for rows.Next() {
		var m corpus.Model
		var text [6]sql.NullString
		err := rows.Scan(&m.Name, &m.Parameters, &text[0], &text[1], &text[2], &text[3], &text[4], &m.Flagged, &m.Merged, &m.MoE, &m.Available, &text[5])
		if err != nil {
			t.Fatal(err)
		}
		m.ParamsSource, m.Architecture, m.Precision = text[0].String, text[1].String, text[2].String
		m.BaseModel, m.License, m.Revision = text[3].String, text[4].String, text[5].String
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func storedScores(t *testing.T, w *Warehouse) []corpus.Score {
	var all []corpus.Score
	var s corpus.Score
	err := scanEach(t.Context(), w.db, `
		SELECT m.model, b.benchmark, l.metric, l.score, f.repo, f.commit_hash, f.path, f.size, f.sha256, f.verified
		FROM leaderboard_score AS l JOIN model AS m USING (model_id) JOIN benchmark AS b USING (benchmark_id) JOIN file AS f USING (file_id) ORDER BY ALL`,
		[]any{&s.Model, &s.Benchmark, &s.Metric, &s.Value, &s.File.Repo, &s.File.Commit, &s.File.Path, &s.File.Size, &s.File.SHA256, &s.File.Verified},
		func() { all = append(all, s) })
	if err != nil {
		t.Fatal(err)
	}
	return all
}
