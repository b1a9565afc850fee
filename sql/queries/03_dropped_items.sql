-- How many items does the variance filter drop, and why?
SELECT benchmark, coalesce(regexp_replace(reason, 'duplicate of .*', 'duplicate'), 'kept') AS reason, count(*) AS items
FROM item_filter
GROUP BY ALL
ORDER BY benchmark, items DESC, reason;
