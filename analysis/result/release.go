package result

import "strings"

// ReleasedForm is how results name a form of a release: "A@2026-11".
func ReleasedForm(form, version string) string { return form + "@" + version }

// SplitForm takes the name of a released form apart; the version of others is empty.
func SplitForm(name string) (form, version string) {
	form, version, _ = strings.Cut(name, "@")
	return form, version
}

// Calibrated is an item of a released form as a calibration found it, by the
// two-parameter model P(θ) = 1/(1+exp(−(a·θ+d))). Standard errors are NaN where they
// were not computed.
type Calibrated struct {
	Form         string // "A@2026-11"
	Item         string
	Models       int // training models
	A, D         float64
	SEA, SED     float64
	ShareCorrect float64 // of all models that answered
}
