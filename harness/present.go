package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Keep reads which tasks of the same group a directory has already, so that an export of
// some benchmarks leaves the group whole: those of the same form, release and run stay in
// it. Tasks that another build selected are not the group's; they are returned.
func (g *Group) Keep(dir string) (others []string, err error) {
	content, err := os.ReadFile(filepath.Join(dir, g.Name()+".yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var before groupConfig
	if err := yaml.Unmarshal(content, &before); err != nil {
		return nil, fmt.Errorf("%s: it is no task group: %w. Export into another directory", filepath.Join(dir, g.Name()+".yaml"), err)
	}
	written := map[string]bool{}
	for _, set := range g.Sets {
		written[g.task(set)] = true
	}
	g.present = nil
	for _, task := range before.Task {
		if written[task] {
			continue
		}
		switch _, err := os.Stat(filepath.Join(dir, task+".yaml")); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case before.Metadata != g.metadata():
			others = append(others, task)
		default:
			g.present = append(g.present, task)
		}
	}
	slices.Sort(others)
	return others, nil
}
