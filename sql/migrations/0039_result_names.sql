-- result_names: the names in the tables of results, as builds write them (analysis/result/names.go).
-- Grain: unchanged. Key: unchanged. Comments only.
COMMENT ON TABLE selected_item IS 'An item that a build selected. One row a benchmark, form and item. What is shipped are the forms A, B and those of releases; the two information forms are what the published filter selects, for comparison.';
COMMENT ON COLUMN selected_item.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form, such as A@2026-11; A information and B information: as many items by the published filter alone.';
COMMENT ON COLUMN selected_item.theta IS 'Ability in logits that it was chosen for; NULL where it was not chosen by information, as in released forms.';
COMMENT ON COLUMN irt_fit.stage IS 'Which items were fitted: bank A and bank B for the candidates that a form is selected from, form A and form B for the form itself, form FORM@VERSION for a released form, which is fitted by 2PL only.';
COMMENT ON COLUMN irt_fit.status IS 'How it ended: converged; local where it converged but no other start led to the same maximum, so that a higher one may exist; iteration_limit, stalled, diverged, degenerate (no item has right and wrong answers), cancelled or unfinished.';
COMMENT ON COLUMN ability.estimator IS 'MAP, EAP or EAPsum (from the sum score).';
COMMENT ON COLUMN selection_search.estimator IS 'Estimator of ability: MAP, EAP or EAPsum.';
COMMENT ON COLUMN split_assignment.part IS 'train, validation or test; none for models without a score on the whole benchmark, and for outliers.';
COMMENT ON COLUMN reconstruction_model.target IS 'Score it predicts: the benchmark itself, or mean for the mean of all.';
COMMENT ON COLUMN reconstruction_model.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form; random for as many random items as form A has.';
COMMENT ON COLUMN reconstruction_model.method IS 'Method of reconstruction: gaussian process. The published methods are only compared, and have no fitted map here.';
COMMENT ON COLUMN prediction.target IS 'Score that is predicted: a benchmark, its mean of tasks (such as "mmlu, mean of tasks"), or mean for the mean of all.';
COMMENT ON COLUMN prediction.form IS 'Items that it was read from: A, or B for the disjoint second form; FORM@VERSION for a released form; random for random items; A information and B information for the published methods'' forms.';
COMMENT ON COLUMN prediction.method IS 'Method of reconstruction: gaussian process, the only one with intervals and what new models are scored by; ability smooth and published recipe, for comparison.';
COMMENT ON COLUMN reconstruction_metric.target IS 'Score that is predicted: a benchmark, its mean of tasks (such as "mmlu, mean of tasks"), or mean for the mean of all.';
COMMENT ON COLUMN reconstruction_metric.form IS 'Items that it was read from: A, or B for the disjoint second form; FORM@VERSION for a released form; random for random items; A information and B information for the published methods'' forms.';
COMMENT ON COLUMN reconstruction_metric.method IS 'Method of reconstruction: gaussian process, what new models are scored by; ability smooth and published recipe, for comparison.';
COMMENT ON COLUMN reconstruction_metric.part IS 'test: errors are measured on test models only.';
COMMENT ON COLUMN reconstruction_metric.grp IS 'all, or a third of those models by their true score: low third, middle third, high third.';
COMMENT ON COLUMN form_reliability.form_a IS 'First form: A.';
COMMENT ON COLUMN form_reliability.form_b IS 'Second form: B, which shares no item with the first.';
COMMENT ON TABLE run IS 'A computation that wrote results, identified by its inputs, settings, seed and program: the same again is the same run.';
