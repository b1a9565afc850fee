package adaptive

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"metabench/spelling"
)

// Request is what a caller of a stateless test sends: the answers so far, by the
// names of the items.
type Request struct {
	Session string        `json:"session,omitempty"` // see Test.Next
	Answers []NamedAnswer `json:"answers"`
}

// NamedAnswer is an answer to an item given by name.
type NamedAnswer struct {
	Item    string `json:"item"`
	Correct Mark   `json:"correct"`
}

// Mark is whether an answer is correct: in JSON true, false, 1 or 0. Its zero value
// stands for a mark that was forgotten, which must not count as a wrong answer.
type Mark uint8

// The marks.
const (
	Unmarked Mark = iota
	Wrong
	Right
)

// UnmarshalJSON reads true, false, 1 or 0.
func (m *Mark) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true", "1", "1.0":
		*m = Right
	case "false", "0", "0.0":
		*m = Wrong
	default:
		return fmt.Errorf("correct is %.20s: want true, false, 1 or 0", text)
	}
	return nil
}

// MarshalJSON writes true, false or, for no mark, null.
func (m Mark) MarshalJSON() ([]byte, error) {
	switch m {
	case Right:
		return []byte("true"), nil
	case Wrong:
		return []byte("false"), nil
	}
	return []byte("null"), nil
}

// Reply is a Step with the item's name, as it goes to a caller.
type Reply struct {
	Item        *string `json:"item"` // to ask next; null when done
	Done        bool    `json:"done"`
	Stopped     string  `json:"stopped,omitempty"` // why it is done
	Answered    int     `json:"answered"`
	Theta       float64 `json:"theta"`
	SE          float64 `json:"se"`
	Score       Score   `json:"score"`
	Information float64 `json:"information_left"`
}

// AnswerError says which answer of a request can't be used and why.
type AnswerError struct {
	Number  int    // from 1
	Item    string // its name
	Problem string
}

// Error implements error.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("answer %d, item %q: %s", e.Number, e.Item, e.Problem)
}

// Reply answers a request. An unknown item or one answered twice is an *AnswerError.
func (t *Test) Reply(r Request) (Reply, error) {
	if n := len(t.bank.Items); len(r.Answers) > n {
		return Reply{}, fmt.Errorf("%d answers, but the item bank has %d items", len(r.Answers), n)
	}
	answers := make([]Answer, len(r.Answers))
	seen := make(map[int]int, len(r.Answers)) // item → number of its answer
	for k, a := range r.Answers {
		j, ok := t.bank.Index(a.Item)
		if !ok {
			return Reply{}, &AnswerError{k + 1, a.Item, "is not in the item bank"}
		}
		if before := seen[j]; before > 0 {
			problem := fmt.Sprintf("was answered before, by answer %d", before)
			if r.Answers[before-1].Correct != a.Correct {
				problem += ", and otherwise"
			}
			return Reply{}, &AnswerError{k + 1, a.Item, problem}
		}
		if a.Correct == Unmarked {
			return Reply{}, &AnswerError{k + 1, a.Item, "is not marked correct or not"}
		}
		seen[j] = k + 1
		answers[k] = Answer{j, a.Correct == Right}
	}
	s, err := t.Next(r.Session, answers)
	if err != nil {
		return Reply{}, err
	}
	out := Reply{
		Done: s.Item < 0, Stopped: s.Stopped, Answered: s.Answered,
		Theta: s.Theta, SE: s.SE, Score: s.Score, Information: s.Information,
	}
	if s.Item >= 0 {
		out.Item = &t.bank.Keys[s.Item]
	}
	return out, nil
}

// ReadRequest reads answers in any of these forms:
//
//	{"session": "x", "answers": [{"item": "17", "correct": true}, …]}
//	[{"item": "17", "correct": 1}, …]
//	{"item": "17", "correct": 1}        one object a line, or none at all
//	item,correct                        CSV with this header
//	17,1
//
// Unknown fields are errors, so that a misspelt one is not taken for its default.
func ReadRequest(r io.Reader) (Request, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Request{}, fmt.Errorf("read answers: %w", err)
	}
	var out Request
	switch text := bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff"))); {
	case len(text) == 0:
	case text[0] == '[':
		err = decodeOne(text, &out.Answers)
	case text[0] == '{':
		err = decodeObjects(text, &out)
	default:
		out.Answers, err = decodeCSV(text)
	}
	if err != nil {
		return Request{}, fmt.Errorf("read answers: %w", err)
	}
	for k, a := range out.Answers {
		if a.Item == "" {
			return Request{}, &AnswerError{k + 1, "", "has no name"}
		}
		if a.Correct == Unmarked {
			return Request{}, &AnswerError{k + 1, a.Item, "is not marked correct or not"}
		}
	}
	return out, nil
}

// decodeOne decodes a single JSON value and refuses what follows it.
func decodeOne(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("JSON: %w", spelling.JSON(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("JSON: more text after the end of the value")
	}
	return nil
}

// decodeObjects decodes a request, or answers one after another.
func decodeObjects(text []byte, to *Request) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var first json.RawMessage
	if err := d.Decode(&first); err != nil {
		return fmt.Errorf("JSON: %w", spelling.JSON(err))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(first, &fields); err != nil {
		return fmt.Errorf("JSON: %w", spelling.JSON(err))
	}
	if _, one := fields["item"]; !one {
		return decodeOne(text, to)
	}
	d = json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	for {
		var a NamedAnswer
		err := d.Decode(&a)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("JSON of answer %d: %w", len(to.Answers)+1, spelling.JSON(err))
		}
		to.Answers = append(to.Answers, a)
	}
}

func decodeCSV(text []byte) ([]NamedAnswer, error) {
	r := csv.NewReader(bytes.NewReader(text))
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("CSV: %w", err)
	}
	item, correct := -1, -1
	for k, name := range header {
		switch strings.TrimSpace(name) {
		case "item":
			item = k
		case "correct":
			correct = k
		}
	}
	if item < 0 || correct < 0 {
		return nil, fmt.Errorf("neither JSON nor CSV with the columns item and correct: it begins with %.40q", text)
	}
	var out []NamedAnswer
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("CSV: %w", err)
		}
		var m Mark
		if err := m.UnmarshalJSON([]byte(strings.ToLower(strings.TrimSpace(row[correct])))); err != nil {
			return nil, &AnswerError{len(out) + 1, row[item], err.Error()}
		}
		out = append(out, NamedAnswer{row[item], m})
	}
}
