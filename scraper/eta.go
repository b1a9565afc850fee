package scraper

import (
	"time"

	"metabench/scraper/hub"
)

// documented are the Hub's quotas per window of 300 s, by the quota of the API, which
// is the first to be known: anonymous, free, PRO, team, enterprise and its plus forms.
// Source: huggingface/hub-docs, docs/hub/rate-limits.md (September 2025).
var documented = []struct{ api, resolvers int }{
	{500, 3000}, {1000, 5000}, {2500, 12000}, {3000, 20000}, {6000, 50000}, {10000, 100000}, {100000, 500000},
}

const documentedWindow = 300 * time.Second

// quota is what is known of a bucket: what the Hub said last, else what is
// documented for the plan that the other bucket gives away.
func (c *Crawl) quota(bucket string) (QuotaInUse, hub.Limit) {
	limit, stated := c.Hub.Quota(bucket)
	if !stated || limit.Quota == 0 {
		plan := documented[0]
		if !c.Hub.Anonymous() {
			plan = documented[1]
		}
		if api, ok := c.Hub.Quota(hub.BucketAPI); ok && api.Quota > 0 {
			for _, d := range documented {
				if d.api <= api.Quota {
					plan = d
				}
			}
		}
		q := plan.resolvers
		if bucket == hub.BucketAPI {
			q = plan.api
		}
		limit = hub.Limit{Bucket: bucket, Remaining: q, Quota: q, Window: documentedWindow, Reset: documentedWindow}
	}
	return QuotaInUse{Bucket: bucket, Quota: limit.Quota, Remaining: limit.Remaining,
		Window: int(limit.Window / time.Second), Stated: stated}, limit
}

// quotaTime is how long need requests take at least, under a fixed window of which
// limit tells the present state and of which 5 % are left untouched.
func quotaTime(need int, limit hub.Limit) time.Duration {
	reserve := limit.Quota / 20
	now := max(0, limit.Remaining-reserve)
	if need <= now || limit.Quota == 0 {
		return 0
	}
	perWindow := max(1, limit.Quota-reserve)
	full := (need - now - 1) / perWindow // windows used up entirely after this one
	return limit.Reset + time.Duration(full)*limit.Window
}

// eta is how long the rest of a crawl will take: what the quota demands, or what the
// pace so far promises, whichever is longer. Zero when nothing can be said.
func (c *Crawl) eta(p Progress) time.Duration {
	left := p.Models - p.ModelsDone
	if left <= 0 {
		return 0
	}
	files := p.FilesPlanned - p.FilesDone
	_, api := c.quota(hub.BucketAPI)
	_, resolvers := c.quota(hub.BucketResolvers)
	perModel := 2
	if c.NoModels {
		perModel = 1
	}
	byQuota := max(quotaTime(perModel*left, api), quotaTime(files, resolvers))
	var byPace time.Duration
	if p.FilesDone > 0 && files > 0 {
		byPace = time.Duration(float64(p.Elapsed) / float64(p.FilesDone) * float64(files))
	}
	return max(byQuota, byPace)
}
