-- left_out_without_run: what is left out belongs to a run that is written down.
-- Severity: damage
-- Remedy: build the benchmark again
SELECT DISTINCT concat('left_out of ', benchmark) AS object, concat('run ', run_id, ' is not there') AS detail
FROM left_out ANTI JOIN run USING (run_id)
