package score

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"metabench/analysis/result"
	"metabench/harness"
)

// A release's bundle has what its own rows of the results say, not those of the form
// that is selected now, and keeps its name in the file.
func TestComposeOfAReleaseTakesItsOwnRows(t *testing.T) {
	sources, whole, _ := built(t)
	release := Release{Version: "v1", Identity: "0123456789abcdef", Gone: []string{"arc/9"}}
	if _, err := ComposeRelease(release, harness.FormA, whole.Run, sources, nil, nil); err == nil || !strings.Contains(err.Error(), "A@v1") {
		t.Errorf("a release without results: %v", err)
	}
	for _, src := range sources {
		set := src.Results
		name := result.ReleasedForm("A", "v1")
		for k := range set.Selected {
			if set.Selected[k].Form == "A" {
				set.Selected[k].Form = name
			}
		}
		for k := range set.Items {
			set.Items[k].Stage = "form " + name
		}
		set.Models[0].Form, set.Metrics[0].Form = name, name
	}
	b, err := ComposeRelease(release, harness.FormA, whole.Run, sources, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, _, err := Read(&file)
	if err != nil || fmt.Sprint(*read.Release) != fmt.Sprint(release) || read.Form != harness.FormA || read.Name() != "form A of release v1" {
		t.Errorf("%v: %+v", err, read)
	}
}

func TestTaskOfAnotherReleaseIsMarked(t *testing.T) {
	b := &Benchmark{Name: "arc", Items: []Item{{Key: "1"}, {Key: "2"}}}
	v1, v2 := &Release{Version: "v1", Identity: "aa"}, &Release{Version: "v2", Identity: "bb"}
	cases := map[string]struct {
		bundle  *Release
		asked   *Release
		items   []string
		warning string
	}{
		"the_same":                       {v1, v1, []string{"1", "2"}, ""},
		"the_same_of_which_some_is_gone": {v1, v1, []string{"1", "2", "3"}, ""},
		"another_with_the_same_items":    {v1, v2, []string{"2", "1"}, ""},
		"another":                        {v1, v2, []string{"1", "3"}, "of release v2, and the calibration is of release v1: metabench export bundle FILE --release v2"},
		"proposal_by_a_release":          {v1, nil, []string{"1", "3"}, ""},
		"release_by_a_proposal":          {nil, v2, []string{"1", "3"}, "of release v2, and the calibration is of no release"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			task := &harness.Task{Items: c.items}
			if c.asked != nil {
				task.Settings.Release, task.Settings.Identity = c.asked.Version, c.asked.Identity
			}
			var r BenchmarkReport
			r.compareRelease(c.bundle, b, task)
			if got := strings.Join(r.Warnings, "; "); (got == "") != (c.warning == "") || !strings.Contains(got, c.warning) {
				t.Errorf("warnings %q, want %q", got, c.warning)
			}
		})
	}
}
