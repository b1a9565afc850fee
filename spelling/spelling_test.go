package spelling

import "testing"

func TestNearest(t *testing.T) {
	cases := map[string]struct {
		word       string
		candidates []string
		want       string
		ok         bool
	}{
		"swapped_letters":          {"warehosue", []string{"warehouse", "hub"}, "warehouse", true},
		"missing_letter":           {"modl", []string{"item", "model"}, "model", true},
		"case_only":                {"Model", []string{"item", "model"}, "model", true},
		"too_far":                  {"temperature", []string{"item", "model"}, "", false},
		"short_word_all_different": {"ab", []string{"xy"}, "", false},
		"no_candidates":            {"model", nil, "", false},
		"empty_word":               {"", []string{"a"}, "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := Nearest(c.word, c.candidates)
			if ok != c.ok || (ok && got != c.want) {
				t.Fatalf("Nearest(%q, %q) = %q, %v, want %q, %v", c.word, c.candidates, got, ok, c.want, c.ok)
			}
		})
	}
}

func TestSuggestionIsEmptyWithoutNeighbour(t *testing.T) {
	if got := Suggestion("temperature", []string{"item"}); got != "" {
		t.Fatalf("Suggestion = %q", got)
	}
	if got := Suggestion("itme", []string{"item"}); got != ` (did you mean "item"?)` {
		t.Fatalf("Suggestion = %q", got)
	}
}
