package warehouse

import (
	"fmt"

	"metabench/analysis/result"
)

// copied are the results that a form has, by its name or by the stage of its own fit. Of
// item response models, releases have the two-parameter one only.
var copied = []string{
	`INSERT INTO selected_item SELECT * REPLACE ($3 AS form) FROM selected_item WHERE benchmark = $1 AND form = $2`,
	`INSERT INTO reconstruction_model SELECT * REPLACE ($3 AS form) FROM reconstruction_model WHERE benchmark = $1 AND form = $2`,
	`INSERT INTO prediction SELECT * REPLACE ($3 AS form) FROM prediction WHERE benchmark = $1 AND form = $2`,
	`INSERT INTO reconstruction_metric SELECT * REPLACE ($3 AS form) FROM reconstruction_metric WHERE benchmark = $1 AND form = $2`,
	`INSERT INTO irt_fit SELECT * REPLACE ('form ' || $3 AS stage) FROM irt_fit WHERE benchmark = $1 AND stage = 'form ' || $2 AND kind = '2PL'`,
	`INSERT INTO item_parameter SELECT * REPLACE ('form ' || $3 AS stage) FROM item_parameter WHERE benchmark = $1 AND stage = 'form ' || $2 AND kind = '2PL'`,
	`INSERT INTO ability SELECT * REPLACE ('form ' || $3 AS stage) FROM ability WHERE benchmark = $1 AND stage = 'form ' || $2 AND kind = '2PL'`,
}

// firstCalibration enters a form's parameters as the first calibration of a release.
const firstCalibration = `
	INSERT INTO released_calibration
	SELECT $4, $2, $1, 1, p.item, f.persons, p.a, p.d, p.se_a, p.se_d, s.share_correct, p.run_id
	FROM item_parameter AS p
	JOIN irt_fit AS f ON f.benchmark = p.benchmark AND f.stage = p.stage AND f.kind = p.kind
	JOIN item_statistics AS s ON s.benchmark = p.benchmark AND s.item = p.item
	WHERE p.benchmark = $1 AND p.stage = 'form ' || $3 AND p.kind = '2PL' AND s.share_correct IS NOT NULL`

// copyResults gives a release the results that its forms have now; those of all
// benchmarks together where it has all that these are of.
func (c *change) copyResults(r *Release, together string) error {
	for _, f := range r.Forms {
		name := result.ReleasedForm(f.Form, r.Version)
		if err := c.copyForm(f.Benchmark, f.Form, name); err != nil {
			return err
		}
		if err := c.exec(firstCalibration, f.Benchmark, f.Form, name, r.Version); err != nil {
			return fmt.Errorf("calibrate form %s of %s: %w", f.Form, f.Benchmark, err)
		}
	}
	for _, form := range []string{"A", "B"} {
		of := []string{together}
		for _, f := range r.Forms {
			if f.Form == form {
				of = append(of, f.Benchmark)
			}
		}
		var whole bool
		row := c.conn.QueryRowContext(c.ctx, `
			SELECT count(*) > 0 AND bool_and(list_contains($3::VARCHAR[], target)) FROM reconstruction_metric WHERE benchmark = $1 AND form = $2`,
			together, form, of)
		if err := row.Scan(&whole); err != nil {
			return err
		}
		if !whole {
			continue
		}
		if err := c.copyForm(together, form, result.ReleasedForm(form, r.Version)); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) copyForm(benchmark, form, name string) error {
	for _, statement := range copied {
		if err := c.exec(statement, benchmark, form, name); err != nil {
			return fmt.Errorf("copy the results of form %s of %s: %w", form, benchmark, err)
		}
	}
	return nil
}
