-- orphan_files: something was read from every file.
-- Severity: note
-- Remedy: metabench check --repair forgets them
SELECT concat_ws(' ', nullif(repo, ''), path) AS object, 'nothing in the warehouse comes from it any more' AS detail
FROM file
WHERE file_id NOT IN (
    SELECT file_id FROM response_block
    UNION SELECT file_id FROM response_part
    UNION SELECT file_id FROM leaderboard_score
    UNION SELECT file_id FROM question
    UNION SELECT file_id FROM file_state WHERE file_id IS NOT NULL)
