package cli

import (
	"fmt"
	"strconv"

	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
)

// pointsText and shareText write errors and shares for people; dash is what there is none of.
func pointsText(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
func shareText(v float64) string  { return strconv.FormatFloat(100*v, 'f', 1, 64) + "%" }

const dash = "–"

// printAdaptive prints a study: what each test did at its stop, and errors and
// coverage on the way there.
func (a *app) printAdaptive(r *adaptiveReport) error {
	if _, err := fmt.Fprintf(a.Out, "%s: %d items, %d train and %d test models\n\n", r.Source, r.Items, r.Train, r.Test); err != nil {
		return err
	}
	if r.Status != "" && r.Status != irt.Converged.String() {
		fmt.Fprintf(a.Err, "the fit of the items ended with: %s\n", r.Status)
	}
	g := newGrid("test", "items", "RMSE raw", "RMSE calibrated", "MAE calibrated", "reaches", "coverage", "lowest", "highest", "width",
		"item model", "misfit", "used", "most", "overlap", "seconds")
	row := func(name, items string, e adaptive.Errors, i adaptive.Interval, reaches, used, most, overlap, seconds string) {
		g.row(name, items, pointsText(e.Raw.RMSE), pointsText(e.Calibrated.RMSE), pointsText(e.Calibrated.MAE), reaches,
			shareText(i.Coverage), shareText(i.Lowest), shareText(i.Highest), pointsText(i.Width), shareText(i.ItemModel), pointsText(i.Misfit),
			used, most, overlap, seconds)
	}
	for _, form := range r.Fixed {
		n := strconv.Itoa(form.Items)
		row("fixed form "+form.Estimator.String(), n, form.Errors, form.Interval, dash, n, shareText(1), shareText(1), dash)
	}
	for _, t := range r.Tests {
		reaches := dash
		if t.Reaches > 0 {
			reaches = strconv.Itoa(t.Reaches)
		}
		row(t.name(), strconv.FormatFloat(t.TestReport.Items.Mean, 'f', 1, 64), t.Errors, t.Interval, reaches,
			strconv.Itoa(t.Exposure.Used), shareText(t.Exposure.Largest), shareText(t.Exposure.Overlap), strconv.FormatFloat(t.Seconds, 'f', 2, 64))
	}
	if err := g.print(a.Out); err != nil {
		return err
	}
	for _, c := range []struct {
		title string
		of    func(adaptive.AtLength) string
	}{
		{"RMSE raw, after so many items", func(at adaptive.AtLength) string { return pointsText(at.Raw.RMSE) }},
		{"RMSE calibrated, after so many items", func(at adaptive.AtLength) string { return pointsText(at.Calibrated.RMSE) }},
		{"coverage of the 90 % intervals, after so many items", func(at adaptive.AtLength) string { return shareText(at.Coverage) }},
	} {
		if err := a.printCurves(r, c.title, c.of); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(a.Out)
	return err
}

func (t *adaptiveTestReport) name() string { return t.Criterion.String() + " " + t.Estimator.String() }

// printCurves prints one figure of every test at every length.
func (a *app) printCurves(r *adaptiveReport, title string, of func(adaptive.AtLength) string) error {
	if len(r.Tests) == 0 || len(r.Tests[0].Curve) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(a.Out, "\n%s\n", title); err != nil {
		return err
	}
	header := []string{"items"}
	for _, t := range r.Tests {
		header = append(header, t.name())
	}
	g := newGrid(header...)
	for k, at := range r.Tests[0].Curve {
		row := []string{strconv.Itoa(at.Items)}
		for _, t := range r.Tests {
			row = append(row, of(t.Curve[k]))
		}
		g.row(row...)
	}
	return g.print(a.Out)
}
