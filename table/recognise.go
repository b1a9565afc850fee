package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"metabench/corpus"
)

// Columns names the columns of a long table, one row an answer.
type Columns struct {
	Model   string `json:"model"`
	Item    string `json:"item,omitempty"`    // empty in a wide table
	Correct string `json:"correct,omitempty"` // empty in a wide table
}

// role is what a column can be in a table of answers.
type role struct {
	what string // for messages
	flag string // that names the column

	// known are the names by which the column is recognised, whatever their case, blanks
	// and underscores. Earlier groups win; two columns of one group are ambiguous.
	known [][]string
	// perhaps are names of which an error asks: the column may as well be something else.
	perhaps []string
}

// The roles, and the names that writers of response tables give them. The published
// corpus calls the model source; id, item, resp are the columns of the Item Response
// Warehouse.
var (
	modelRole = role{"model", "--model-column", [][]string{
		{"model"}, {"source"}, {"modelname", "modelid", "llm", "respondent", "person", "personid", "participant", "examinee", "student", "studentid"}, {"id"},
	}, []string{"name", "system", "user", "subject"}}
	itemRole = role{"item", "--item-column", [][]string{
		{"item"}, {"itemid", "itemname", "itemkey"}, {"questionid", "qid", "docid", "exampleid", "problemid", "promptid"}, {"question", "example", "problem"},
	}, []string{"task", "prompt", "index", "number"}}
	correctRole = role{"correct", "--correct-column", [][]string{
		{"correct", "iscorrect"}, {"acc", "accnorm", "exactmatch", "mc1", "resp", "response", "right", "isright", "correctness"},
	}, []string{"score", "result", "value", "answer", "outcome", "grade", "label", "accuracy", "pass", "passed", "success", "points", "mc2"}}
)

// folded is a column's name in lower case, without blanks and signs.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// named returns the column of a name: in the same spelling, else with other case and signs.
func named(have []string, name string) (string, bool) {
	if slices.Contains(have, name) {
		return name, true
	}
	for _, h := range have {
		if folded(h) == folded(name) {
			return h, true
		}
	}
	return "", false
}

// among returns the columns that may have a role, more than one if they are equally likely.
func (r role) among(have []string) []string {
	if slices.Contains(have, r.known[0][0]) {
		return []string{r.known[0][0]}
	}
	for _, group := range r.known {
		var found []string
		for _, h := range have {
			if slices.Contains(group, folded(h)) {
				found = append(found, h)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// roles are the columns of a long table, by their names.
type roles struct {
	named                Columns  // by the user
	have                 []string // of the file, also those that can't be read
	model, item, correct []string // candidates; one where it is clear
}

// recognise finds the columns of model, item and answer. Every reader of tables of answers
// uses it.
func recognise(src source, user Columns) roles {
	have := slices.Clone(src.columns())
	for _, e := range src.unreadColumns() {
		name, _, _ := strings.Cut(e.Column, ".")
		have = append(have, name)
	}
	pick := func(r role, name string) []string {
		if name != "" {
			return []string{name}
		}
		return r.among(have)
	}
	return roles{named: user, have: have,
		model: pick(modelRole, user.Model), item: pick(itemRole, user.Item), correct: pick(correctRole, user.Correct)}
}

// long reports whether the columns are those of a long table.
func (r *roles) long() bool {
	return r.item != nil && r.correct != nil || r.named.Item != "" || r.named.Correct != ""
}

// columns returns the columns of a long table. A role with no or several possible columns is
// an error that names the flag that decides.
func (r *roles) columns(path string) (Columns, error) {
	var c Columns
	for _, part := range []struct {
		role
		found []string
		to    *string
	}{{modelRole, r.model, &c.Model}, {itemRole, r.item, &c.Item}, {correctRole, r.correct, &c.Correct}} {
		switch len(part.found) {
		case 0:
			return c, part.missing(path, r.have)
		case 1:
			if *part.to = part.found[0]; !slices.Contains(r.have, *part.to) {
				return c, missingColumn(path, *part.to, r.have)
			}
		default:
			return c, &corpus.DataError{Kind: corpus.KindColumn, File: path,
				Reason: fmt.Sprintf("several columns can be the %s: %s", part.what, list(part.found)),
				Remedy: fmt.Sprintf("Choose one, for instance with %s %s", part.flag, part.found[0])}
		}
	}
	return c, nil
}

// missing is the error for a role that no column has.
func (r role) missing(path string, have []string) *corpus.DataError {
	e := missingColumn(path, r.known[0][0], have)
	for _, h := range have {
		if slices.Contains(r.perhaps, folded(h)) {
			e.Remedy = fmt.Sprintf("If %q is the %s, say %s %s. %s", corpus.Clip(h, 60), r.what, r.flag, corpus.Clip(h, 60), e.Remedy)
			return e
		}
	}
	e.Remedy += ". Another one is named with " + r.flag
	return e
}

// guess says which columns were taken for what, where their names are not the usual ones
// and the user named none; empty otherwise.
func (c Columns) guess(user Columns) string {
	usual := func(name, byUser string, role role) bool {
		return byUser != "" || name == role.known[0][0] || role.flag == modelRole.flag && name == "source"
	}
	if usual(c.Model, user.Model, modelRole) && usual(c.Item, user.Item, itemRole) && usual(c.Correct, user.Correct, correctRole) {
		return ""
	}
	return fmt.Sprintf("read as a long table: models from the column %q, items from %q, answers from %q", c.Model, c.Item, c.Correct)
}

// metricOf is the metric that a column of answers is named after; empty for others.
func metricOf(column string) string {
	return map[string]string{"acc": "acc", "accnorm": "acc_norm", "exactmatch": "exact_match", "mc1": "mc1"}[folded(column)]
}
