-- What did the last loads bring?
SELECT m.load_id, b.benchmark, m.source, m.loaded_at, m.blocks_added, m.blocks_removed, m.blocks
FROM manifest AS m
JOIN benchmark AS b USING (benchmark_id)
ORDER BY m.load_id DESC, b.benchmark
LIMIT 20;
