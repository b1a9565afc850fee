-- unfinished_runs: no run was cut off.
-- Severity: note
-- Remedy: build again; the next command that writes marks it as failed
SELECT concat('run ', run_id, ', attempt ', attempt_id) AS object, concat('began ', started, ' on ', host, ' as process ', pid, ' and did not end') AS detail
FROM run_attempt
WHERE status = 'running'
