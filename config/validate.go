package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var memorySize = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?\s*([KMGT]i?B|%)$`)

// validate returns every rule that a well-typed configuration breaks.
func validate(l *Loaded) []Problem {
	v := validator{values: flatten(l.Config), origins: l.origins}
	for _, key := range sortedKeys(v.values) {
		if allowed := v.values[key].oneOf; allowed != "" {
			v.check(key, slices.Contains(strings.Fields(allowed), fmt.Sprint(v.values[key].value)),
				"must be one of: "+allowed)
		}
	}
	v.check("warehouse.path", l.Warehouse.Path != "", "must not be empty")
	v.check("warehouse.memory_limit", memorySize.MatchString(l.Warehouse.MemoryLimit), "must be a size such as 512MB or 1.5GB")
	v.check("warehouse.threads", l.Warehouse.Threads >= 0, "must not be negative")
	v.check("warehouse.wait_lock", l.Warehouse.WaitLock >= 0, "must not be negative")
	v.check("hub.parallel", l.Hub.Parallel >= 1 && l.Hub.Parallel <= 64, "must be 1 to 64")
	v.check("hub.timeout", l.Hub.Timeout >= 0, "must not be negative")
	v.share("hub.max_failed", l.Hub.MaxFailed)
	v.share("filter.min_sd", l.Filter.MinSD)
	v.share("filter.max_share_correct", l.Filter.MaxShareCorrect)
	v.share("filter.min_point_biserial", l.Filter.MinPointBiserial)
	v.share("filter.outlier_share", l.Filter.OutlierShare)
	b := l.Build
	v.check("build.workers", b.Workers >= 0, "must not be negative")
	v.check("build.validation_share", b.ValidationShare > 0 && b.ValidationShare < 1, "must be between 0 and 1")
	v.check("build.test_share", b.TestShare > 0 && b.TestShare < 1, "must be between 0 and 1")
	v.check("build.test_share", b.TestShare+b.ValidationShare < 0.9, "build.test_share and build.validation_share must leave a tenth of the models to train on")
	v.check("build.preselect", b.Preselect >= 2, "must be 2 or more")
	v.check("build.subsets", b.Subsets >= 1, "must be 1 or more")
	v.check("build.items", b.Items >= 0, "must not be negative")
	v.check("build.lambda", b.Lambda >= 0, "must not be negative")
	v.check("build.forms", b.Forms == 1 || b.Forms == 2, "must be 1 or 2")
	v.share("build.min_given", b.MinGiven)
	v.check("build.min_models", b.MinModels >= 20, "must be 20 or more")
	v.share("build.min_observed", b.MinObserved)
	v.check("publish.dir", l.Publish.Dir != "", "must not be empty")
	v.check("publish.keep", l.Publish.Keep >= 1, "must be 1 or more")
	v.share("publish.max_loss", l.Publish.MaxLoss)
	v.share("publish.max_item_loss", l.Publish.MaxItemLoss)
	v.share("publish.max_failed", l.Publish.MaxFailed)
	v.check("refresh.deadline", l.Refresh.Deadline >= 0, "must not be negative")
	v.bundles(l)
	return v.problems
}

type validator struct {
	values   map[string]field
	origins  map[string]string
	problems []Problem
}

func (v *validator) check(key string, ok bool, rule string) {
	if !ok {
		v.problems = append(v.problems, Problem{key, fmt.Sprint(v.values[key].value), v.origins[key], rule})
	}
}

func (v *validator) share(key string, x float64) {
	v.check(key, x >= 0 && x <= 1, "must be a proportion from 0 to 1")
}
