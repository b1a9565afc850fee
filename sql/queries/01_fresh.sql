-- What is there, and how fresh is it?
SELECT benchmark, models, items, kept_items, form_a_items, loaded_at, built_at, stale
FROM benchmark_status;
