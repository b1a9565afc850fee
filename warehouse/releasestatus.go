package warehouse

import (
	"context"
	"fmt"
)

// Gain is what a new release would gain over the newest one in use, as release_status
// says it.
type Gain struct {
	Version   string  `json:"version"` // that it is compared with
	Form      string  `json:"form"`
	Benchmark string  `json:"benchmark"` // mean for the mean of all
	Points    float64 `json:"points"`    // of RMSE on the same test models
	SE        float64 `json:"se"`        // its standard error
}

// ReleaseGains are the gains over the newest release in use that are more than two
// standard errors.
func (w *Warehouse) ReleaseGains(ctx context.Context) ([]Gain, error) {
	var all []Gain
	var g Gain
	err := scanEach(ctx, w.db, `
		SELECT version, form, benchmark, gain, gain_se FROM release_status
		WHERE better AND version = (SELECT arg_max(version, (created_at, version)) FROM release WHERE retired_at IS NULL)
		ORDER BY form, benchmark = 'mean', benchmark`,
		[]any{&g.Version, &g.Form, &g.Benchmark, &g.Points, &g.SE}, func() { all = append(all, g) })
	if err != nil {
		return nil, fmt.Errorf("compare the newest release with the selection: %w", err)
	}
	return all, nil
}

// Calibrations are the numbers of the last calibrations of every release's forms, by
// version: they change when it is calibrated anew.
func (w *Warehouse) Calibrations(ctx context.Context) (map[string]string, error) {
	var version, numbers string
	all := map[string]string{}
	err := scanEach(ctx, w.db, `
		SELECT version, string_agg(last, ' ' ORDER BY benchmark, form) FROM (
			SELECT version, form, benchmark, max(calibration) AS last
			FROM released_calibration GROUP BY version, form, benchmark) GROUP BY version`,
		[]any{&version, &numbers}, func() { all[version] = numbers })
	if err != nil {
		return nil, fmt.Errorf("read the calibrations of releases: %w", err)
	}
	return all, nil
}
