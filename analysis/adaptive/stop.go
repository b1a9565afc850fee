package adaptive

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// State is what a stop rule looks at.
type State struct {
	Answered    int
	SE          float64 // of the ability, SD
	Information float64 // largest information at the ability among the items left, 1/SD²
	Width       float64 // of the predicted interval of the score, points
}

// Rule decides when a test ends. Its String is the form that ParseRule reads.
type Rule interface {
	Holds(State) bool
	String() string
}

// Answers holds once so many answers are in. In an All it is the least number.
type Answers int

// SEBelow holds once the ability's standard error is at most this, in SD.
type SEBelow float64

// InformationBelow holds once no item left has more information at the ability, in
// 1/SD².
type InformationBelow float64

// WidthBelow holds once the 90 % interval of the predicted score is at most so many
// points wide.
type WidthBelow float64

// Any holds once one of the rules does; an empty Any never.
type Any []Rule

// All holds once all of the rules do.
type All []Rule

// Holds implements Rule.
func (r Answers) Holds(s State) bool { return s.Answered >= int(r) }

// Holds implements Rule.
func (r SEBelow) Holds(s State) bool { return s.SE <= float64(r) }

// Holds implements Rule.
func (r InformationBelow) Holds(s State) bool { return s.Information <= float64(r) }

// Holds implements Rule.
func (r WidthBelow) Holds(s State) bool { return s.Width <= float64(r) }

// Holds implements Rule.
func (r Any) Holds(s State) bool { return holding(r, s) != nil }

// Holds implements Rule.
func (r All) Holds(s State) bool {
	for _, one := range r {
		if !one.Holds(s) {
			return false
		}
	}
	return true
}

// holding returns the first rule that holds, nil if none does.
func holding(rules Any, s State) Rule {
	for _, one := range rules {
		if one.Holds(s) {
			return one
		}
	}
	return nil
}

func (r Answers) String() string          { return fmt.Sprintf("items=%d", int(r)) }
func (r SEBelow) String() string          { return "se=" + plain(float64(r)) }
func (r InformationBelow) String() string { return "information=" + plain(float64(r)) }
func (r WidthBelow) String() string       { return "width=" + plain(float64(r)) }
func (r Any) String() string              { return join(r, ",") }
func (r All) String() string              { return join(r, "+") }

// plain writes a number without an exponent, whose sign would join conditions.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func join(rules []Rule, between string) string {
	parts := make([]string, len(rules))
	for i, r := range rules {
		parts[i] = r.String()
	}
	return strings.Join(parts, between)
}

// ParseRule reads conditions joined by + (all must hold) in alternatives joined by
// commas (one must hold), such as "items=60,se=0.2+items=10": stop at 60 answers, or
// at a standard error of 0.2 once there are 10. Conditions are items, se, information
// and width.
func ParseRule(s string) (Any, error) {
	var rules Any
	for alternative := range strings.SplitSeq(s, ",") {
		var all All
		for condition := range strings.SplitSeq(alternative, "+") {
			r, err := parseCondition(strings.TrimSpace(condition))
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		if len(all) == 1 {
			rules = append(rules, all[0])
		} else {
			rules = append(rules, all)
		}
	}
	return rules, nil
}

func parseCondition(s string) (Rule, error) {
	name, text, ok := strings.Cut(s, "=")
	if !ok {
		return nil, fmt.Errorf("stop condition %q: want NAME=NUMBER, such as se=0.2", s)
	}
	if name == "items" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("stop condition %q: want a number of items of at least 1", s)
		}
		return Answers(n), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v <= 0 {
		return nil, fmt.Errorf("stop condition %q: want a positive number", s)
	}
	switch name {
	case "se":
		return SEBelow(v), nil
	case "information":
		return InformationBelow(v), nil
	case "width":
		return WidthBelow(v), nil
	}
	return nil, fmt.Errorf("stop condition %q: %q is none of items, se, information, width", s, name)
}
