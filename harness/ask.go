package harness

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"metabench/corpus"
)

// Ask turns a question as an evaluation file has it into one that can be asked again in the
// benchmark's style. lm-evaluation-harness writes a space between prompt and choice, so
// that a model sees the same text as in the evaluation:
//
//   - continuation: a choice loses the one space that it begins with. Under mc1 the choices
//     of mc2 may follow, which begin with the right answer again; they are removed.
//   - lettered: the options are cut out of the prompt, so that they can be listed in
//     another order.
//   - context: each choice is an option and the rest of the sentence, which all choices end
//     with; or the choices are the options, and the prompt has a blank "_" for them.
//   - generated: the reference answer ends in "#### number"; where the file has the
//     number alone, that is put before it.
//
// The error says what the question lacks.
func Ask(b corpus.Benchmark, q corpus.Question) (Question, error) {
	asked := Question{Key: q.Key, Hash: q.Hash, Prompt: q.Prompt, Gold: q.Gold}
	var err error
	switch b.Asked {
	case corpus.Continuation:
		asked.askContinuations(b.Metric, q.Choices)
	case corpus.Lettered:
		err = asked.askLettered(q.Choices)
	case corpus.Context:
		err = asked.askContexts(q.Choices)
	case corpus.Generated:
		asked.Target, err = target(q.Target)
	default:
		err = fmt.Errorf("is asked in the unknown style %q", b.Asked)
	}
	if err != nil {
		return Question{}, fmt.Errorf("export harness: %s, item %q: %w", b.Name, q.Key, err)
	}
	return asked, nil
}

func (q *Question) askContinuations(metric string, choices []string) {
	if metric == "mc1" && len(choices) > 1 {
		if k := slices.Index(choices[1:], choices[0]); k >= 0 {
			choices = choices[:k+1]
		}
	}
	spaced := !slices.ContainsFunc(choices, func(c string) bool { return !strings.HasPrefix(c, " ") })
	if !spaced { // the prompt may end with that space
		q.Prompt = strings.TrimSuffix(q.Prompt, " ")
	}
	for _, c := range choices {
		if spaced {
			c = c[1:]
		}
		q.Choices = append(q.Choices, c)
	}
}

const answerMark = "Answer:"

func (q *Question) askLettered(choices []string) error {
	body, ok := strings.CutSuffix(strings.TrimRight(q.Prompt, " \t\n"), answerMark)
	if !ok {
		return fmt.Errorf("its prompt doesn't end with %q", answerMark)
	}
	body = strings.TrimRight(body, " \t\n")
	stem, options, listed := cutOptions(body, len(choices))
	switch {
	case listed:
		q.Prompt, q.Choices = stem, options
		return nil
	case slices.ContainsFunc(choices, isLetter):
		return fmt.Errorf("its prompt doesn't list the options A. to %c. before %q", 'A'+rune(len(choices)-1), answerMark)
	}
	q.Prompt = body
	for _, c := range choices {
		q.Choices = append(q.Choices, strings.TrimPrefix(c, " "))
	}
	return nil
}

func isLetter(choice string) bool {
	c := strings.TrimSpace(choice)
	return len(c) == 1 && c[0] >= 'A' && c[0] <= 'Z'
}

// cutOptions cuts the last list of n options, each on a line that begins with its
// letter and a full stop, off the end of a text.
func cutOptions(text string, n int) (stem string, options []string, ok bool) {
	options = make([]string, n)
	for k := n - 1; k >= 0; k-- {
		mark := fmt.Sprintf("\n%c.", 'A'+rune(k))
		at := strings.LastIndex(text, mark)
		if at < 0 {
			return "", nil, false
		}
		options[k] = strings.TrimPrefix(text[at+len(mark):], " ")
		text = text[:at]
	}
	return text, options, n > 0
}

func (q *Question) askContexts(choices []string) error {
	options := make([]string, len(choices))
	for k, c := range choices {
		options[k] = strings.TrimSpace(c)
	}
	before, after, blank := cutBlank(q.Prompt)
	switch rest := commonEnd(options); {
	case blank && (after == "" || strings.Contains(after, "\n")):
		return errors.New("its prompt has a blank, but no rest of a sentence after it")
	case blank:
		q.Target = after
	case rest == "":
		return errors.New("its choices have no end in common, and its prompt has no blank _ to put them in")
	default:
		before, q.Target = strings.TrimRight(q.Prompt, " \t\n")+" ", rest
	}
	for _, o := range options {
		q.Choices = append(q.Choices, before+strings.TrimSuffix(o, " "+q.Target))
	}
	q.Prompt = ""
	return nil
}

// cutBlank cuts a prompt at the blank of its last paragraph.
func cutBlank(prompt string) (before, after string, ok bool) {
	last := strings.LastIndex(prompt, "\n\n") + 1
	if strings.Count(prompt[last:], "_") != 1 {
		return "", "", false
	}
	at := last + strings.Index(prompt[last:], "_")
	return prompt[:at], strings.TrimSpace(prompt[at+1:]), true
}

// commonEnd is the longest run of words that all texts end with, and that leaves
// each of them at least one word before.
func commonEnd(texts []string) string {
	if len(texts) < 2 {
		return ""
	}
	first := strings.Split(texts[0], " ")
	n := len(first) - 1
	for _, t := range texts[1:] {
		words := strings.Split(t, " ")
		n = min(n, len(words)-1)
		for k := range n {
			if words[len(words)-1-k] != first[len(first)-1-k] {
				n = k
				break
			}
		}
	}
	return strings.Join(first[len(first)-n:], " ")
}

var bareNumber = regexp.MustCompile(`^-?\$?[0-9][0-9.,]*$`)

// target is a reference answer that ends in "#### number".
func target(answer string) (string, error) {
	answer = strings.TrimPrefix(answer, " ")
	switch {
	case strings.Contains(answer, "####"):
		return answer, nil
	case bareNumber.MatchString(strings.TrimSpace(answer)):
		return "#### " + strings.TrimSpace(answer), nil
	}
	return "", fmt.Errorf("its reference answer %q neither ends in #### and a number nor is one", corpus.Clip(answer, 40))
}
