package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"metabench/config"
	"metabench/harness"
	"metabench/table"
)

// pinnedItems are the pinned items of the configuration, by benchmark and form.
func pinnedItems(ctx context.Context, cfg config.Config) (map[string]map[string][]string, error) {
	pinned := map[string]map[string][]string{}
	for _, f := range []struct {
		form      harness.Form
		key, path string
	}{
		{harness.FormA, "build.form_a_items", cfg.Build.FormAItems},
		{harness.FormB, "build.form_b_items", cfg.Build.FormBItems},
	} {
		if f.path == "" {
			continue
		}
		items, err := readFormItems(ctx, f.path, f.form)
		if err != nil {
			return nil, &SettingError{f.key, err}
		}
		for benchmark, keys := range items {
			if pinned[benchmark] == nil {
				pinned[benchmark] = map[string][]string{}
			}
			pinned[benchmark][string(f.form)] = keys
		}
	}
	return pinned, nil
}

// readFormItems reads lists of items by benchmark: those that harness output answers, or
// the rows of a table with the columns benchmark and item. Where they name
// forms, only those of the form are taken.
func readFormItems(ctx context.Context, path string, form harness.Form) (map[string][]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if ext := filepath.Ext(strings.TrimSuffix(path, ".gz")); info.IsDir() || ext == ".json" || ext == ".jsonl" {
		return answeredItems(ctx, path, form)
	}
	frame, err := table.ReadFrame(ctx, path)
	if err != nil {
		return nil, err
	}
	benchmarks, err := frame.Strings("benchmark")
	if err != nil {
		return nil, err
	}
	keys, err := frame.Strings("item")
	if err != nil {
		return nil, err
	}
	var forms []string
	if frame.Has("form") {
		if forms, err = frame.Strings("form"); err != nil {
			return nil, err
		}
	}
	items := map[string][]string{}
	for k, benchmark := range benchmarks {
		if forms == nil || forms[k] == string(form) {
			items[benchmark] = append(items[benchmark], keys[k])
		}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s holds no items of form %s", path, form)
	}
	return items, nil
}

// answeredItems are the items that harness output answers, of the form where it has
// that one.
func answeredItems(ctx context.Context, path string, form harness.Form) (map[string][]string, error) {
	out, err := harness.Read(ctx, path)
	if err != nil {
		return nil, err
	}
	forms := map[harness.Form]bool{}
	for k := range out.Tasks {
		forms[out.Tasks[k].Form] = true
	}
	if !forms[form] && len(forms) > 1 {
		return nil, fmt.Errorf("it answers several forms, and not form %s", form)
	}
	items := map[string][]string{}
	for k := range out.Tasks {
		t := &out.Tasks[k]
		if forms[form] && t.Form != form {
			continue
		}
		for _, key := range t.Items {
			if !slices.Contains(items[t.Benchmark], key) { // plain and permuted ask the same
				items[t.Benchmark] = append(items[t.Benchmark], key)
			}
		}
	}
	return items, nil
}
