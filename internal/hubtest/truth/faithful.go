package truth

import (
	"regexp"
	"strings"

	"metabench/internal/hubtest"
)

var nonWord = regexp.MustCompile(`\W`)

// choices returns the choices by task.
func (t Truth) choices(e *hubtest.Entry) []hubtest.Choice {
	runs := t.c.Runs(e)
	if t.faithful {
		return chooseFaithfully(t.c, e, runs)
	}
	return t.c.Choose(e, runs)
}

// prefix is what the names of a task's files begin with, before the timestamp.
func prefix(t *hubtest.Task) string {
	name := t.FileName(hubtest.Run{})
	return name[:strings.LastIndex(name, "_")]
}

// chooseFaithfully applies the original scraper's rule: it takes one file of each task, and
// tries no other when that one can't be used.
func chooseFaithfully(c *hubtest.Corpus, e *hubtest.Entry, runs []hubtest.Run) []hubtest.Choice {
	latest := map[string]string{} // base name of a config's first path in the split "latest"
	if card := c.Card(e, len(runs)); card != nil {
		for _, config := range card.Configs {
			for _, s := range config.Files {
				if s.Split == "latest" {
					latest[config.Name] = strings.TrimPrefix(s.Path[0], "**/")
				}
			}
		}
	}
	byBase := map[string]*hubtest.File{}
	oldest := map[*hubtest.Task]*hubtest.File{}
	for _, f := range c.Files(e, len(runs)) {
		base := f.Path[strings.LastIndex(f.Path, "/")+1:]
		if !f.HoldsAnswers() || !strings.HasPrefix(base, prefix(f.Task)) {
			continue
		}
		byBase[base] = f
		if oldest[f.Task] == nil {
			oldest[f.Task] = f
		}
	}
	out := make([]hubtest.Choice, len(c.Tasks()))
	for _, t := range c.Tasks() {
		f := byBase[latest[nonWord.ReplaceAllString(strings.TrimPrefix(prefix(t), "details_"), "_")]]
		if f == nil {
			f = oldest[t]
		}
		candidates := []int{}
		if f != nil {
			candidates = append(candidates, f.Run)
		}
		out[t.Index] = c.ChooseTask(e, runs, candidates, t)
	}
	return out
}
