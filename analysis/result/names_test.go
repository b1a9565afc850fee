package result_test

import (
	"slices"
	"strings"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/result"
)

// What the parts of the analysis call things is what the tables say.
func TestNamesAreThoseOfTheParts(t *testing.T) {
	var statuses []string
	for s := irt.Status(0); !strings.HasPrefix(s.String(), "status("); s++ {
		statuses = append(statuses, s.String())
	}
	for column, want := range map[[2]string][]string{
		{"irt_fit", "status"}:        statuses,
		{"irt_fit", "kind"}:          {irt.TwoPL.String(), irt.ThreePL.String(), irt.FourPL.String()},
		{"ability", "estimator"}:     {ability.MAP.String(), ability.EAP.String(), ability.EAPSum.String()},
		{"selection_search", "grid"}: {string(distill.ObservedGrid), string(distill.EvenGrid)},
	} {
		got := slices.Sorted(slices.Values(result.Enumerations()[column]))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("%s.%s is one of %q, and %q are written", column[0], column[1], got, want)
		}
	}
}
