package score

import (
	"fmt"
	"strings"
)

// Provenance says what a bundle was made of: whose answers, how many models, when they
// were evaluated, and under what licence that may be used.
type Provenance struct {
	Corpus      string `json:"corpus"`                // "Open LLM Leaderboard"
	Models      int    `json:"models"`                // that the calibration has seen
	From        string `json:"from,omitempty"`        // first and last evaluation or, where only that is known, publication; dates or months
	To          string `json:"to,omitempty"`          //
	Simulated   bool   `json:"simulated"`             // no model has given these answers
	Licence     string `json:"licence,omitempty"`     // of the answers; empty when unknown
	Attribution string `json:"attribution,omitempty"` // whom the licence wants named
	Source      string `json:"source,omitempty"`      // where the answers come from
}

// String is the provenance in one line.
func (o Provenance) String() string {
	kind := "real"
	if o.Simulated {
		kind = "simulated"
	}
	s := fmt.Sprintf("calibrated on %s answers of %d models: %s", kind, o.Models, o.Corpus)
	switch {
	case o.From != "" && o.To != "" && o.From != o.To:
		s += ", " + o.From + " to " + o.To
	case o.From+o.To != "":
		s += ", " + max(o.From, o.To)
	}
	for _, part := range []string{o.Attribution, o.Source} {
		if part != "" {
			s += ", " + part
		}
	}
	if o.Licence != "" {
		s += "; licence " + o.Licence
	}
	return s
}

func (o *Provenance) check() error {
	if o != nil && (strings.TrimSpace(o.Corpus) == "" || o.Models <= 0) {
		return fmt.Errorf("its provenance needs a corpus and a number of models")
	}
	return nil
}
