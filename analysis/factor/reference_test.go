package factor

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"metabench/internal/refdata"
)

// reference is one model of fa.json.
type reference struct {
	N        int                           `json:"n"`
	Loadings map[string]map[string]float64 `json:"loadings"`
	Uniq     map[string]float64            `json:"uniq"`
	RMSEA    map[string]float64            `json:"RMSEA"`
	TLI      float64                       `json:"TLI"`
	CFI      float64                       `json:"CFI"`
	RMS      float64                       `json:"rms"`
	CRMS     float64                       `json:"crms"`
	Chi      float64                       `json:"chi"`
	Stat     float64                       `json:"STATISTIC"`
	DOF      int                           `json:"dof"`
	Null     float64                       `json:"null_chisq"`
	BIC      float64                       `json:"BIC"`
	Phi      json.RawMessage               `json:"Phi"` // {} for one factor
	Weights  [][]float64                   `json:"weights"`
	Cor      [][]float64                   `json:"cor"`
}

func readTrain(t testing.TB, tag string, names []string) [][]float64 {
	t.Helper()
	records := refdata.ReadCSV(t, filepath.Join(refdata.Path(t, "metabench-r"), tag+".csv.gz"))
	x := make([][]float64, len(names))
	set := slices.Index(records[0], "set")
	for k, name := range names {
		c := slices.Index(records[0], name)
		for _, r := range records[1:] {
			if r[set] != "train" {
				continue
			}
			v, err := strconv.ParseFloat(r[c], 64)
			if err != nil {
				t.Fatal(err)
			}
			x[k] = append(x[k], v)
		}
	}
	return x
}

func TestAgreesWithPsych(t *testing.T) {
	raw, err := os.ReadFile(refdata.Path(t, "metabench-r", "reference", "fa.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]reference
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{
		"theta": {"arc", "gsm8k", "hellaswag", "mmlu", "truthfulqa", "winogrande"},
		"lm":    {"arc.l", "gsm8k.l", "hs.l", "mmlu.l", "tfqa.l", "wg.l"},
	}
	for key, want := range all { // frame/kind/factors
		t.Run(key, func(t *testing.T) {
			part := strings.Split(key, "/")
			k, err := strconv.Atoi(part[2])
			if err != nil {
				t.Fatal(err)
			}
			names := columns[part[1]]
			s, err := Fit(context.Background(), names, readTrain(t, part[0], names), k)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, s, want, k)
		})
	}
}

func compare(t *testing.T, s *Solution, want reference, k int) {
	t.Helper()
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s = %v, psych has %v", what, got, want)
		}
	}
	if s.Rows != want.N || s.Fit.DOF != want.DOF {
		t.Errorf("%d rows, %d degrees of freedom; psych has %d, %d", s.Rows, s.Fit.DOF, want.N, want.DOF)
	}
	worst := 0.0
	for i, name := range s.Columns {
		for a := range k {
			d := math.Abs(s.Loadings.At(i, a) - want.Loadings[name]["MR"+strconv.Itoa(a+1)])
			worst = max(worst, d)
		}
		near("uniqueness of "+name, s.Uniqueness[i], want.Uniq[name], 4e-4)
	}
	if worst > 2e-4 { // psych stops short of the minimum

		t.Errorf("a loading differs by %v from psych's", worst)
	}
	if k > 1 {
		var phi [][]float64
		if err := json.Unmarshal(want.Phi, &phi); err != nil {
			t.Fatal(err)
		}
		near("factor correlation", s.Phi.At(0, 1), phi[0][1], 2e-4)
	}
	near("RMSEA", s.Fit.RMSEA, want.RMSEA["RMSEA"], 1e-4)
	near("RMSEA lower", s.Fit.RMSEALower, want.RMSEA["lower"], 1e-4)
	near("RMSEA upper", s.Fit.RMSEAUpper, want.RMSEA["upper"], 1e-4)
	near("TLI", s.Fit.TLI, want.TLI, 1e-4)
	near("CFI", s.Fit.CFI, want.CFI, 1e-4)
	near("RMS", s.Fit.RMS, want.RMS, 1e-4)
	near("CRMS", s.Fit.CRMS, want.CRMS, 1e-4)
	near("null chi-square", s.Fit.NullChi, want.Null, 1e-9*want.Null)
	near("chi-square", s.Fit.ChiSquare, want.Stat, 3e-4*want.Stat)
	near("BIC", s.Fit.BIC, want.BIC, 3e-4*want.Stat)
	for i := range s.Columns {
		for a := range k {
			near("weight", s.Weights.At(i, a), want.Weights[i][a], 0.01)
		}
	}
	if s.Fit.Empirical > want.Chi*(1+1e-6) {
		t.Errorf("residuals %v are larger than psych's %v", s.Fit.Empirical, want.Chi)
	}
}
