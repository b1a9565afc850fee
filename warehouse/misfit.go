package warehouse

import "fmt"

// fits checks the length of a block against its task: an error where it has more answers
// than the task has items, which would be read as answers to the next task. A shorter block
// is allowed; items beyond its end were not observed.
func fits(answers, items int) error {
	if answers > items {
		return fmt.Errorf("has %d answers to %d items", answers, items)
	}
	return nil
}

// takeOutMisfits deletes blocks that are longer than their task, and makes the crawl read
// their files again. Where most blocks of a task are longer, items were lost and not blocks
// damaged: then it deletes none.
func (c *change) takeOutMisfits() error {
	var keys []blockKey
	var key blockKey
	err := scanEach(c.ctx, c.conn, `
		WITH size AS (SELECT task_id, count(*) AS items FROM item GROUP BY task_id),
		block AS (SELECT model_id, task_id, len(correct) > coalesce(items, 0) AS misfit FROM response_block LEFT JOIN size USING (task_id))
		SELECT model_id, task_id FROM block QUALIFY misfit AND 2 * count(*) FILTER (misfit) OVER (PARTITION BY task_id) <= count(*) OVER (PARTITION BY task_id)`,
		[]any{&key.model, &key.task}, func() { keys = append(keys, key) })
	if err != nil || len(keys) == 0 {
		return err
	}
	gone := map[int32]bool{}
	if err := c.removeBlocks(keys, gone); err != nil {
		return err
	}
	c.source, c.orphaned = "check --repair", true
	files := sortedKeys(gone)
	for _, statement := range []string{
		`UPDATE repo_state SET status = 'pending' WHERE repo IN (SELECT repo FROM file WHERE file_id IN (SELECT unnest(?::INTEGER[])))`,
		`UPDATE file_state SET status = 'pending' WHERE file_id IN (SELECT unnest(?::INTEGER[]))`,
	} {
		if err := c.exec(statement, files); err != nil {
			return err
		}
	}
	return nil
}
