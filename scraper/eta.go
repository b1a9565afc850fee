package scraper

import (
	"time"

	"metabench/scraper/hub"
)

// documented are the Hub's quotas per window of 300 s, one entry a plan: anonymous, free,
// PRO, team, enterprise and its larger forms. The quota of the API is known first.
// Source: huggingface/hub-docs, docs/hub/rate-limits.md (September 2025).
var documented = []struct{ api, resolvers int }{
	{500, 3000}, {1000, 5000}, {2500, 12000}, {3000, 20000}, {6000, 50000}, {10000, 100000}, {100000, 500000},
}

const documentedWindow = 300 * time.Second

// quota is what is known of a bucket: what the Hub stated last, else what is documented
// for the plan, which the API's quota identifies.
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

// quotaTime is the least time that need requests take under a fixed window. limit is the
// present state of the window; 5 % of the quota are never used.
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

// eta estimates the time that the rest of a crawl takes: the time that the quota demands, or
// the rest at the speed so far, whichever is longer; 0 when unknown.
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
