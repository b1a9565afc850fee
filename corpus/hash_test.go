package corpus

import "testing"

func TestQuestionHashIgnoresOnlyWhiteSpace(t *testing.T) {
	want := QuestionHash("Question: What floats?\nAnswer:")
	cases := map[string]struct {
		text string
		same bool
	}{
		"other_line_ends":   {"Question: What floats?\r\nAnswer:", true},
		"indented":          {"  Question:  What\tfloats? Answer: \n", true},
		"other_letter_case": {"question: What floats?\nAnswer:", false},
		"other_word":        {"Question: What sinks?\nAnswer:", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := QuestionHash(c.text); (got == want) != c.same {
				t.Errorf("QuestionHash(%q) = %s, reference %s", c.text, got, want)
			}
		})
	}
	if got := QuestionHash(" \n"); got != "" {
		t.Errorf("a question without text has the hash %q", got)
	}
}
