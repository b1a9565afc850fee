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

// scoreColumn is one score of a report: the mean, or that of a benchmark.
type scoreColumn struct {
	Name, Title string
	Score       *Score
	Whole       *float64
}

func (r *Report) columns() []scoreColumn {
	columns := []scoreColumn{{Name: "mean", Title: "Mean", Score: r.Mean, Whole: r.wholeMean()}}
	for k := range r.Benchmarks {
		b := &r.Benchmarks[k]
		columns = append(columns, scoreColumn{b.Benchmark, b.Title, b.Score, b.Whole})
	}
	return columns
}

// wholeMean is the mean of the true scores, where all are known.
func (r *Report) wholeMean() *float64 {
	sum := 0.0
	for _, b := range r.Benchmarks {
		if b.Whole == nil {
			return nil
		}
		sum += *b.Whole / float64(len(r.Benchmarks))
	}
	return &sum
}

// Wholes are the benchmarks' true scores where all their questions were answered, and
// that of the mean, by name; empty where none was.
func (r *Report) Wholes() map[string]float64 {
	out := map[string]float64{}
	for _, c := range r.columns() {
		if c.Whole != nil {
			out[c.Name] = *c.Whole
		}
	}
	return out
}

// WriteCSV writes a row a run: the model, the run with its arguments, and of the mean and
// each benchmark the score, the ends of its interval, and the true score where all
// questions were answered. A score that there is none of is an empty cell.
func (b *Batch) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	for k, r := range b.Reports {
		if k == 0 {
			header := []string{"model", "run", "arguments"}
			for _, c := range r.columns() {
				header = append(header, c.Name, c.Name+"_from", c.Name+"_to", c.Name+"_whole")
			}
			if err := out.Write(append(header, "doubtful", "bundle")); err != nil {
				return fmt.Errorf("write scores: %w", err)
			}
		}
		row := []string{r.Model, r.Evaluation.ID, strings.Join(r.Evaluation.Arguments, ";")}
		for _, c := range r.columns() {
			cells := make([]string, 4)
			if s := c.Score; s != nil {
				cells[0], cells[1], cells[2] = number(s.Value), number(s.Lower), number(s.Upper)
			}
			if c.Whole != nil {
				cells[3] = number(*c.Whole)
			}
			row = append(row, cells...)
		}
		if err := out.Write(append(row, strconv.FormatBool(r.Doubtful), r.Bundle)); err != nil {
			return fmt.Errorf("write scores: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

// number is one with four decimals, more than any score is exact to.
func number(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }

// WriteMarkdown writes a table, a row a run, and below it what the calibration was made
// of.
func (b *Batch) WriteMarkdown(w io.Writer) error {
	var text strings.Builder
	names := b.Names()
	for k, r := range b.Reports {
		columns := r.columns()
		if k == 0 {
			text.WriteString("| model |")
			for _, c := range columns {
				text.WriteString(" " + markdown(c.Title) + " |")
			}
			text.WriteString("\n| --- |" + strings.Repeat(" --- |", len(columns)) + "\n")
		}
		text.WriteString("| " + markdown(names[k]) + " |")
		for _, c := range columns {
			cell := "–"
			if s := c.Score; s != nil {
				cell = fmt.Sprintf("%.1f [%.1f, %.1f]", s.Value, s.Lower, s.Upper)
			}
			if c.Whole != nil {
				cell += fmt.Sprintf(", whole %.1f", *c.Whole)
			}
			text.WriteString(" " + cell + " |")
		}
		text.WriteString("\n")
	}
	if len(b.Reports) > 0 {
		r := b.Reports[0]
		fmt.Fprintf(&text, "\nEstimated from the selected items of %s, %s. %s", r.FormName(), r.Promise(), markdown(r.Made()))
		if r.MeanNote != "" {
			text.WriteString(" " + markdown(r.MeanNote))
		}
		text.WriteString("\n")
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	return nil
}

// markdown writes foreign text so that it stays in its cell.
var markdown = strings.NewReplacer("\\", "\\\\", "|", "\\|", "\n", " ", "\r", " ", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]").Replace

//go:embed batch.html
var batchPage string

var batchTemplate = template.Must(template.New("batch").Funcs(template.FuncMap{
	"points": func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"value":  func(p *float64) float64 { return *p },
}).Parse(batchPage))

// WriteHTML writes one self-contained page: that of the report where there is one.
func (b *Batch) WriteHTML(w io.Writer) error {
	if len(b.Reports) == 1 && len(b.Failed) == 0 {
		return b.Reports[0].WriteHTML(w)
	}
	type line struct {
		Name    string
		Columns []scoreColumn
	}
	page := struct {
		*Batch
		First    *Report
		Header   []scoreColumn
		Lines    []line
		Warnings []string
	}{Batch: b, Warnings: b.AllWarnings()}
	for k, name := range b.Names() {
		page.Lines = append(page.Lines, line{name, b.Reports[k].columns()})
	}
	if len(b.Reports) > 0 {
		page.First, page.Header = b.Reports[0], page.Lines[0].Columns
	}
	if err := batchTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	return nil
}
