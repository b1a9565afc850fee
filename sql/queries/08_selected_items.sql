-- Which questions are in form A, and what do they measure?
SELECT s.position, s.item, s.theta, s.information, p.a, -p.d / p.a AS difficulty, i.prompt
FROM selected_item AS s
JOIN benchmark AS b ON b.benchmark = s.benchmark
JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = s.item
LEFT JOIN item_parameter AS p ON p.benchmark = s.benchmark AND p.item = s.item AND p.stage = 'form A' AND p.kind = '2PL'
WHERE s.benchmark = 'arc' AND s.form = 'A'
ORDER BY s.position;
