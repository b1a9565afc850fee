-- Which bytes do a model's answers come from?
SELECT benchmark, task, repo, commit_hash, path, sha256, verified
FROM lineage
WHERE model = 'org/model-3'
ORDER BY benchmark, task;
