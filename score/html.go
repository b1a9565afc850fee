package score

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var reportPage string

// barWidth is the width of an interval's drawing, in pixels for 0 to 100 points.
const barWidth = 240

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"points": func(v float64) string { return fmt.Sprintf("%.1f", v) },
	"x":      func(v float64) string { return fmt.Sprintf("%.1f", v*barWidth/100) },
	"width":  func(from, to float64) string { return fmt.Sprintf("%.1f", (to-from)*barWidth/100) },
	"short": func(s string) string {
		if len(s) > 12 {
			return s[:12]
		}
		return s
	},
	"percent": func(v float64) string { return fmt.Sprintf("%.0f %%", v*100) },
	"value": func(p *float64) float64 {
		if p == nil {
			return 0
		}
		return *p
	},
}).Parse(reportPage))

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	if err := reportTemplate.Execute(w, r); err != nil {
		return fmt.Errorf("write report of %s: %w", r.Model, err)
	}
	return nil
}
