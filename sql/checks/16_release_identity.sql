-- release_identity: the items of a release are those that its identity was made of.
-- Severity: damage
-- Remedy: restore the warehouse from a snapshot in which the release is whole
WITH present AS (
    SELECT version, left(sha256(string_agg(concat_ws(chr(31), benchmark, form, task, item, coalesce(prompt_hash, '')), chr(30) ORDER BY benchmark, form, position)), 16) AS identity
    FROM released_item GROUP BY version
)
SELECT concat('release ', version) AS object, concat('its items have the identity ', coalesce(p.identity, 'of nothing'), ', it was made with ', r.identity) AS detail
FROM release AS r LEFT JOIN present AS p USING (version)
WHERE p.identity IS DISTINCT FROM r.identity
UNION ALL
SELECT concat('release ', p.version), 'it has items, and is not written down' FROM present AS p ANTI JOIN release USING (version)
