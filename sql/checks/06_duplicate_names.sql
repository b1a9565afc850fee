-- duplicate_names: names and keys of benchmarks, tasks, models, items, files, revisions and runs occur once.
-- Severity: damage
-- Remedy: restore the latest snapshot, or quarantine the file and load everything again
SELECT concat('benchmark ', benchmark) AS object, concat(count(*), ' times') AS detail FROM benchmark GROUP BY benchmark HAVING count(*) > 1
UNION ALL
SELECT concat('task ', task, ' of benchmark ', benchmark_id), concat(count(*), ' times') FROM task GROUP BY benchmark_id, task HAVING count(*) > 1
UNION ALL
SELECT concat('model ', model), concat(count(*), ' times') FROM model GROUP BY model HAVING count(*) > 1
UNION ALL
SELECT concat('item ', item, ' of benchmark ', benchmark_id), concat(count(*), ' times') FROM item GROUP BY benchmark_id, item HAVING count(*) > 1
UNION ALL
SELECT concat('file ', pattern, ' of run ', stamp), concat(count(*), ' times') FROM source_file GROUP BY revision_id, pattern, stamp HAVING count(*) > 1
UNION ALL
SELECT concat('key of file ', file_id), concat(count(*), ' times') FROM source_file GROUP BY file_id HAVING count(*) > 1
UNION ALL
SELECT concat('revision ', repo, ' ', commit_hash), concat(count(*), ' times') FROM revision GROUP BY repo, commit_hash HAVING count(*) > 1
UNION ALL
SELECT concat('run ', run_id), concat(count(*), ' times') FROM run GROUP BY run_id HAVING count(*) > 1
UNION ALL
SELECT concat('repository ', repo), concat(count(*), ' times') FROM repo_state GROUP BY repo HAVING count(*) > 1
