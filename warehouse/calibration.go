package warehouse

import (
	"maps"

	"metabench/analysis/result"
)

// keptCalibrations is how many of a released form's calibrations stay besides the first.
const keptCalibrations = 4

// appendCalibrations enters what a build calibrated of released forms in their history.
// What the same run found, or any run that found the same, takes the place of the last.
func (c *change) appendCalibrations(runID string, s result.Set) error {
	forms := map[string][]result.Calibrated{}
	for _, r := range s.Calibrated {
		forms[r.Form] = append(forms[r.Form], r)
	}
	for _, name := range sortedKeys(forms) {
		form, version := result.SplitForm(name)
		last, lastRun, found, err := c.lastCalibration(version, form, s.Benchmark)
		if err != nil {
			return err
		}
		n := last
		if last == 0 || lastRun != runID && !maps.Equal(found, parametersOf(forms[name])) {
			n++
		}
		err = c.exec(`
			DELETE FROM released_calibration WHERE version = ? AND form = ? AND benchmark = ?
				AND (calibration = ? OR calibration > 1 AND calibration <= ?)`, version, form, s.Benchmark, n, n-keptCalibrations)
		if err != nil {
			return err
		}
		for _, r := range forms[name] {
			err := c.append("released_calibration", version, form, s.Benchmark, n, r.Item, int32(r.Models),
				number(r.A), number(r.D), number(r.SEA), number(r.SED), number(r.ShareCorrect), runID)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// parameters are those of an item in a calibration.
type parameters struct {
	models int32
	a, d   float64
}

func parametersOf(rows []result.Calibrated) map[string]parameters {
	all := make(map[string]parameters, len(rows))
	for _, r := range rows {
		all[r.Item] = parameters{int32(r.Models), r.A, r.D}
	}
	return all
}

// lastCalibration is the number of a form's last calibration, 0 for none, its run, and
// what it found by item.
func (c *change) lastCalibration(version, form, benchmark string) (n int32, runID string, found map[string]parameters, err error) {
	if err := c.flush(); err != nil {
		return 0, "", nil, err
	}
	found = map[string]parameters{}
	var item string
	var p parameters
	err = scanEach(c.ctx, c.conn, `
		SELECT calibration, run_id, item, models, a, d FROM released_calibration
		WHERE version = $1 AND form = $2 AND benchmark = $3 AND calibration = (
			SELECT max(calibration) FROM released_calibration WHERE version = $1 AND form = $2 AND benchmark = $3)`,
		[]any{&n, &runID, &item, &p.models, &p.a, &p.d}, func() { found[item] = p }, version, form, benchmark)
	return n, runID, found, err
}
