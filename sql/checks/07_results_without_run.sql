-- results_without_run: every result belongs to a run that is written down.
-- Severity: damage
-- Remedy: build the benchmark again
WITH result AS (
    SELECT 'split_assignment' AS tbl, benchmark, run_id FROM split_assignment
    UNION SELECT 'irt_fit', benchmark, run_id FROM irt_fit
    UNION SELECT 'item_parameter', benchmark, run_id FROM item_parameter
    UNION SELECT 'ability', benchmark, run_id FROM ability
    UNION SELECT 'selection_search', benchmark, run_id FROM selection_search
    UNION SELECT 'selected_item', benchmark, run_id FROM selected_item
    UNION SELECT 'reconstruction_model', benchmark, run_id FROM reconstruction_model
    UNION SELECT 'prediction', benchmark, run_id FROM prediction
    UNION SELECT 'reconstruction_metric', benchmark, run_id FROM reconstruction_metric
    UNION SELECT 'form_reliability', benchmark, run_id FROM form_reliability
    UNION SELECT 'learning_curve', benchmark, run_id FROM learning_curve
)
SELECT concat(tbl, ' of ', benchmark) AS object, concat('run ', run_id, ' is not there') AS detail
FROM result ANTI JOIN run USING (run_id)
