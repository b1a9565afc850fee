-- Who answers one item correctly, and how large are they?
SELECT r.model, r.correct, m.parameters
FROM item_responses('arc', '7') AS r
JOIN model AS m USING (model)
ORDER BY r.correct DESC, m.parameters, r.model;
