package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// revisionKey names a repository at one commit.
type revisionKey struct{ repo, commit string }

// internRepo makes a repository known, before anything is stored of one of its revisions.
func (c *catalogue) internRepo(repo string) {
	if _, ok := c.revisionsOf[repo]; !ok {
		c.revisionsOf[repo] = nil
	}
}

// addRevision enters a revision in the catalogue. The list is copied: the one of
// before belongs to the catalogue that this one was cloned from too.
func (c *catalogue) addRevision(id int32, key revisionKey) {
	c.revisions[key] = id
	c.revisionsOf[key.repo] = append(slices.Clip(c.revisionsOf[key.repo]), id)
	c.lastRevision = max(c.lastRevision, id)
}

// ensureRevision returns a revision's key, and whether it had to be added.
func (c *change) ensureRevision(repo, commit string) (id int32, isNew bool, err error) {
	key := revisionKey{repo, commit}
	if id, ok := c.revisions[key]; ok {
		return id, false, nil
	}
	id = c.lastRevision + 1
	c.addRevision(id, key)
	return id, true, c.append("revision", id, repo, commit)
}

// loadRevisions reads the revisions in place of those known so far.
func (c *catalogue) loadRevisions(ctx context.Context, conn *sql.Conn) error {
	c.revisions, c.revisionsOf = map[revisionKey]int32{}, map[string][]int32{}
	var id int32
	var key revisionKey
	err := scanEach(ctx, conn, `SELECT revision_id, repo, commit_hash FROM revision ORDER BY revision_id`,
		[]any{&id, &key.repo, &key.commit}, func() { c.addRevision(id, key) })
	if err == nil {
		err = scanEach(ctx, conn, `SELECT repo FROM repo_state`, []any{&key.repo}, func() { c.internRepo(key.repo) })
	}
	if err != nil {
		return fmt.Errorf("read repositories: %w", err)
	}
	return nil
}
