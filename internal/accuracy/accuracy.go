package accuracy

import (
	"context"
	"fmt"
	"slices"
)

// Options say what to measure.
type Options struct {
	Seeds    int      // random splits of the joint study; 0 means 5
	Only     []string // names of sections; empty for all but rivals
	Workers  int      // 0 means one a processor
	Progress func(section string, done, total int)
}

// section is one part of the study, which makes one or more tables.
type section struct {
	name  string
	run   func(ctx context.Context, s *study) ([]Table, error)
	needs func() []string // files, see check
	asked bool            // only where it is named: it takes as long as all others together
}

var sections = []section{
	{"joint", joint, sixNeeds, false},
	{"family", family, sixNeeds, false},
	{"items", itemCurve, sixNeeds, false},
	{"models", modelCurve, sixNeeds, false},
	{"frames", frames, framesNeeds, false},
	{"single", single, singleNeeds, false},
	{"few", few, fewNeeds, false},
	{"rivals", rivals, rivalsNeeds, true},
}

// Sections returns the names that Options.Only may have, in the order of the study.
func Sections() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return names
}

// study is what the sections share.
type study struct {
	dir  string
	opts Options
	data *sixData // read once, by whichever section first needs it
	name string   // of the section that runs
}

func (s *study) progress(done, total int) {
	if s.opts.Progress != nil {
		s.opts.Progress("accuracy: "+s.name, done, total)
	}
}

// Run makes the tables from the data in a directory. A *MissingError says what it lacks.
func Run(ctx context.Context, dir string, opts Options) ([]Table, error) {
	if opts.Seeds <= 0 {
		opts.Seeds = 5
	}
	for _, name := range opts.Only {
		if !slices.Contains(Sections(), name) {
			return nil, fmt.Errorf("accuracy: there is no section %q, only %v", name, Sections())
		}
	}
	chosen := func(part *section) bool {
		return len(opts.Only) == 0 && !part.asked || slices.Contains(opts.Only, part.name)
	}
	if err := check(dir, chosen); err != nil {
		return nil, err
	}
	s := &study{dir: dir, opts: opts}
	var tables []Table
	for k := range sections {
		part := &sections[k]
		if !chosen(part) {
			continue
		}
		s.name = part.name
		some, err := part.run(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("accuracy, section %s: %w", part.name, err)
		}
		tables = append(tables, some...)
	}
	return tables, nil
}
