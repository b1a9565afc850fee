package cli

import (
	"strconv"

	"metabench/analysis/adaptive"
)

// points writes an error for people.
func points(v float64) string { return fixed(v, 3) }

// comparison adds what each test did at its stop, and errors and coverage on the way
// there.
func (p *page) comparison(r *adaptiveReport) {
	p.line("%s: %d items, %d train and %d test models\n", r.Source, r.Items, r.Train, r.Test)
	g := newGrid("test", "items", "RMSE raw", "RMSE calibrated", "MAE calibrated", "reaches", "coverage", "lowest", "highest", "width",
		"item model", "misfit", "used", "most", "overlap", "seconds")
	row := func(name, items string, e adaptive.Errors, i adaptive.Interval, reaches, used, most, overlap, seconds string) {
		g.row(name, items, points(e.Raw.RMSE), points(e.Calibrated.RMSE), points(e.Calibrated.MAE), reaches,
			percent(i.Coverage), percent(i.Lowest), percent(i.Highest), points(i.Width), percent(i.ItemModel), points(i.Misfit),
			used, most, overlap, seconds)
	}
	for _, form := range r.Fixed {
		n := strconv.Itoa(form.Items)
		row("fixed form "+form.Estimator.String(), n, form.Errors, form.Interval, dash, n, percent(1), percent(1), dash)
	}
	for _, t := range r.Tests {
		reaches := dash
		if t.Reaches > 0 {
			reaches = strconv.Itoa(t.Reaches)
		}
		row(t.Name(), fixed(t.Items.Mean, 1), t.Errors, t.Interval, reaches,
			strconv.Itoa(t.Exposure.Used), percent(t.Exposure.Largest), percent(t.Exposure.Overlap), fixed(t.Seconds, 2))
	}
	p.table(g)
	p.curves(r.Tests, "RMSE raw, after so many items", func(at adaptive.AtLength) string { return points(at.Raw.RMSE) })
	p.curves(r.Tests, "RMSE calibrated, after so many items", func(at adaptive.AtLength) string { return points(at.Calibrated.RMSE) })
	p.curves(r.Tests, "coverage of the 90 % intervals, after so many items", func(at adaptive.AtLength) string { return percent(at.Coverage) })
	p.line("")
}

// curves adds one figure of every test at every length.
func (p *page) curves(tests []adaptive.TimedTest, title string, of func(adaptive.AtLength) string) {
	if len(tests) == 0 || len(tests[0].Curve) == 0 {
		return
	}
	p.line("\n%s", title)
	header := []string{"items"}
	for _, t := range tests {
		header = append(header, t.Name())
	}
	g := newGrid(header...)
	for k, at := range tests[0].Curve {
		row := []string{strconv.Itoa(at.Items)}
		for _, t := range tests {
			row = append(row, of(t.Curve[k]))
		}
		g.row(row...)
	}
	p.table(g)
}
