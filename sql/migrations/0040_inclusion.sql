-- inclusion: how an item was selected, and where a model stands to those of the calibration.
-- Grain: of selected_item, one row a benchmark, form and item; of prediction, one a benchmark, target, form, method, scheme, part and model.
ALTER TABLE selected_item ADD COLUMN inclusion DOUBLE;
COMMENT ON COLUMN selected_item.inclusion IS 'Probability with which the selection included it: 1 where it was chosen by answers, less where it was sampled; NULL where nobody drew it.';
ALTER TABLE prediction ADD COLUMN place VARCHAR;
ALTER TABLE prediction ADD COLUMN reason VARCHAR;
COMMENT ON COLUMN prediction.place IS 'Where the model stands to those of the calibration: inside, near the edge or outside; NULL when the method does not say.';
COMMENT ON COLUMN prediction.reason IS 'Why it stands there, with figures; NULL when the method does not say.';
COMMENT ON COLUMN reconstruction_model.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form.';
COMMENT ON COLUMN prediction.form IS 'Items that it was read from: A, or B for the disjoint second form; FORM@VERSION for a released form; A information and B information for the published methods'' forms.';
COMMENT ON COLUMN reconstruction_metric.form IS 'Items that it was read from: A, or B for the disjoint second form; FORM@VERSION for a released form; random A and random B for as many random items, of which errors are means over 20 draws; A information and B information for the published methods'' forms.';
COMMENT ON COLUMN reconstruction_metric.grp IS 'all, or a third of those models by their true score: low third, middle third, high third; spread of draws for the standard deviations of the errors of random items over their draws.';
