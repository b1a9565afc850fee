package score

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
)

// FormName says which form it is, for people.
func (c *Comparison) FormName() string { return formName(c.Form, c.Release) }

// Promise says with which probability the intervals hold, and what else the figures mean.
func (c *Comparison) Promise() string {
	s := fmt.Sprintf("intervals of %.0f %%", 100*c.Level)
	if n := len(c.Pairs); n > 1 {
		s += fmt.Sprintf("; p is Holm's for %d pairs", n)
	}
	return s
}

// Made says in one sentence what the calibration was made of.
func (c *Comparison) Made() string { return (&Report{Provenance: c.Provenance}).Made() }

// WriteCSV writes a row a pair and score, in the order of the comparison.
func (c *Comparison) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"a", "b", "benchmark", "difference", "from", "to", "probability", "p", "p_holm", "better", "detectable", "whole",
		"common", "items", "right_a", "right_b", "fixed", "regressed", "fixed_items", "regressed_items", "bundle"}}
	for _, p := range c.Pairs {
		for _, s := range p.Scores {
			whole := ""
			if s.Whole != nil {
				whole = number(*s.Whole)
			}
			rows = append(rows, []string{p.A, p.B, s.Benchmark, number(s.Difference), number(s.Lower), number(s.Upper), number(s.Probability),
				significant(s.P), significant(s.Holm), s.Better, number(s.Detectable), whole, strconv.Itoa(s.Common), strconv.Itoa(s.Items),
				strconv.Itoa(s.RightA), strconv.Itoa(s.RightB), strconv.Itoa(len(s.Fixed)), strconv.Itoa(len(s.Regressed)),
				strings.Join(s.Fixed, ";"), strings.Join(s.Regressed, ";"), c.Bundle})
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}

// significant is a number with three digits, however small.
func significant(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// WriteMarkdown writes a table, a row a pair and score, that of the trends of a series, and
// what the calibration was made of.
func (c *Comparison) WriteMarkdown(w io.Writer) error {
	var text strings.Builder
	text.WriteString("| A | B | score | A − B | A better | p | better | detectable | fixed | regressed | of |\n|" + strings.Repeat(" --- |", 11) + "\n")
	for _, p := range c.Pairs {
		for _, s := range p.Scores {
			fmt.Fprintf(&text, "| %s | %s | %s | %+.1f [%+.1f, %+.1f] | %.1f %% | %s | %s | %.1f | %d | %d | %d |\n", markdown(p.A), markdown(p.B), markdown(s.Title),
				s.Difference, s.Lower, s.Upper, 100*s.Probability, significant(s.Holm), s.Better, s.Detectable, len(s.Fixed), len(s.Regressed), s.Common)
		}
	}
	if c.Series != nil {
		text.WriteString("\n| trend | first to last |\n| --- | --- |\n")
		for _, t := range c.Series.Trends {
			fmt.Fprintf(&text, "| %s | %+.1f [%+.1f, %+.1f] |\n", markdown(t.Title), t.Change, t.Lower, t.Upper)
		}
	}
	fmt.Fprintf(&text, "\nDifferences of the scores of whole benchmarks, estimated from the selected items of %s that both answered; %s. %s\n", c.FormName(), c.Promise(), markdown(c.Made()))
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}

//go:embed comparison.html
var comparisonPage string

// reach is the largest difference that a bar shows, in points.
const reach = 20

var comparisonTemplate = template.Must(template.New("comparison").Funcs(template.FuncMap{
	"points":  func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"signed":  func(v float64) string { return fmt.Sprintf("%+.1f", v) },
	"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
	"small":   significant,
	"value":   func(p *float64) float64 { return *p },
	"x": func(v float64) string {
		return fmt.Sprintf("%.1f", (min(max(v, -reach), reach)+reach)*barWidth/(2*reach))
	},
	"short": func(s string) string { return s[:min(12, len(s))] },
}).Parse(comparisonPage))

// mostDetailed is how many pairs a page has with all scores and items: pages stay far below
// 2 MB with as many.
const mostDetailed = 20

// Detailed reports whether the page has all scores and items.
func (c *Comparison) Detailed() bool { return len(c.Pairs) <= mostDetailed }

// WriteHTML writes one page that needs nothing else. Of many pairs it has the first score
// alone, which is the mean where there is one.
func (c *Comparison) WriteHTML(w io.Writer) error {
	if err := comparisonTemplate.Execute(w, c); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}
