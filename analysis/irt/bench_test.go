package irt

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"runtime"
	"testing"

	"metabench/internal/refdata"

	"gonum.org/v1/gonum/stat"
)

// published is what summary.json says of a reference fit.
type published struct {
	Kind string `json:"itemtype"`
	Fit  struct {
		LogLik  float64            `json:"logLik"`
		Cycles  int                `json:"cycles"`
		Seconds map[string]float64 `json:"seconds"`
	} `json:"stored_fit"`
}

// realTags are the real response tables, from the smallest to the largest.
var realTags = []string{"hellaswag-B", "arc-B", "mmlu-B", "winogrande-B", "truthfulqa-B", "arc-A", "gsm8k-A", "gsm8k-B"}

func publishedFits(t testing.TB) map[string]published {
	t.Helper()
	text, err := os.ReadFile(refdata.Path(t, "metabench-r", "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	fits := map[string]published{}
	for _, tag := range realTags {
		var p published
		if json.Unmarshal(raw[tag], &p) == nil && p.Fit.LogLik != 0 {
			fits[tag] = p
		}
	}
	return fits
}

// BenchmarkFit fits every real table with every model. Beside the time it reports
// the log-likelihood and, where a fit of mirt is published, mirt's seconds, how many
// times they are ours, and by how much the log-likelihood is above mirt's. It fails
// where a fit doesn't converge, is below mirt's or below that of the poorer model.
func BenchmarkFit(b *testing.B) {
	fits := publishedFits(b)
	for _, tag := range realTags {
		m := realResponses(b, tag)
		poorer := 0.0
		for _, kind := range Kinds() {
			b.Run(tag+"/"+kind.String(), func(b *testing.B) {
				var r *Result
				for b.Loop() {
					var err error
					if r, err = Fit(context.Background(), m, Options{Kind: kind}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(r.LogLikelihood, "logLik")
				b.ReportMetric(float64(r.Passes), "passes")
				if r.Status != Converged {
					b.Errorf("%v", r.Status)
				}
				if poorer != 0 && r.LogLikelihood < poorer {
					b.Errorf("log-likelihood %.3f, below the poorer model's %.3f", r.LogLikelihood, poorer)
				}
				poorer = r.LogLikelihood
				if p, ok := fits[tag]; ok && p.Kind == kind.String() {
					mirt := p.Fit.Seconds["TOTAL:"]
					b.ReportMetric(mirt, "mirt-s")
					b.ReportMetric(mirt/(b.Elapsed().Seconds()/float64(b.N)), "×faster")
					b.ReportMetric(r.LogLikelihood-p.Fit.LogLik, "above-mirt")
					if r.LogLikelihood < p.Fit.LogLik {
						b.Errorf("log-likelihood %.3f, mirt's is %.3f", r.LogLikelihood, p.Fit.LogLik)
					}
				}
			})
		}
	}
}

// BenchmarkSingleStart is the 2PL from one start only, as mirt does it.
func BenchmarkSingleStart(b *testing.B) {
	fits := publishedFits(b)
	for _, tag := range realTags {
		m := realResponses(b, tag)
		b.Run(tag, func(b *testing.B) {
			for b.Loop() {
				if _, err := Fit(context.Background(), m, Options{Restarts: -1}); err != nil {
					b.Fatal(err)
				}
			}
			if p, ok := fits[tag]; ok && p.Kind == "2PL" {
				b.ReportMetric(p.Fit.Seconds["TOTAL:"]/(b.Elapsed().Seconds()/float64(b.N)), "×faster")
			}
		})
	}
}

// BenchmarkEStep is one evaluation of likelihood and expected counts at the maximum,
// over all nodes and within the windows that matter, on one core.
func BenchmarkEStep(b *testing.B) {
	for _, tag := range []string{"arc-B", "gsm8k-B"} {
		m := realResponses(b, tag)
		r, err := Fit(context.Background(), m, Options{Restarts: -1})
		if err != nil {
			b.Fatal(err)
		}
		e := newEStep(newPatterns(m), NormalGrid(DefaultNodes, DefaultLimit), 1)
		for name, full := range map[string]bool{"all": true, "windows": false} {
			b.Run(tag+"/"+name, func(b *testing.B) {
				e.run(r.Items, true)
				for b.Loop() {
					e.run(r.Items, full)
				}
			})
		}
	}
}

// BenchmarkStandardErrors inverts the full observed information.
func BenchmarkStandardErrors(b *testing.B) {
	m := realResponses(b, "arc-B")
	r, err := Fit(context.Background(), m, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ComputeStandardErrors(context.Background(), m, r, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLarge fits a whole leaderboard's benchmark in one piece: 10,042 items,
// 5,000 models.
func BenchmarkLarge(b *testing.B) {
	items := simulatedItems(10042, TwoPL, 1)
	m, _ := simulate(items, 5000, 0, 2)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var r *Result
	for b.Loop() {
		var err error
		if r, err = Fit(context.Background(), m, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Sys-before.Sys)/1e6, "MB")
	b.ReportMetric(float64(r.Passes), "passes")
	if r.Status != Converged {
		b.Errorf("%v", r.Status)
	}
}

// BenchmarkRecovery fits the 2PL to simulated answers of 4,000 models to 350 items
// and reports how parameters and their intervals recover the truth. It fails outside
// the limits that are promised.
func BenchmarkRecovery(b *testing.B) {
	const replicates = 4
	var ra, rb, biasA, biasB, inside, total float64
	for b.Loop() {
		ra, rb, biasA, biasB, inside, total = 1, 1, 0, 0, 0, 0
		for seed := range uint64(replicates) {
			items := simulatedItems(350, TwoPL, 500+seed)
			m, _ := simulate(items, 4000, 0, 600+seed)
			r, err := Fit(context.Background(), m, Options{})
			if err != nil {
				b.Fatal(err)
			}
			se, err := ComputeStandardErrors(context.Background(), m, r, Options{})
			if err != nil {
				b.Fatal(err)
			}
			var a, trueA, d, trueD []float64
			for j, it := range r.Items {
				a, trueA = append(a, it.A), append(trueA, items[j].A)
				d, trueD = append(d, it.Difficulty()), append(trueD, items[j].Difficulty())
				biasA += (it.A - items[j].A) / (replicates * 350)
				biasB += (it.Difficulty() - items[j].Difficulty()) / (replicates * 350)
				for _, x := range [][3]float64{{it.A, items[j].A, se.Items[j].A}, {it.D, items[j].D, se.Items[j].D}} {
					total++
					if math.Abs(x[0]-x[1]) < 1.959964*x[2] {
						inside++
					}
				}
			}
			ra, rb = min(ra, stat.Correlation(a, trueA, nil)), min(rb, stat.Correlation(d, trueD, nil))
		}
	}
	b.ReportMetric(ra, "r(a)")
	b.ReportMetric(rb, "r(b)")
	b.ReportMetric(biasA, "bias(a)")
	b.ReportMetric(biasB, "bias(b)")
	b.ReportMetric(inside/total, "coverage")
	if ra < 0.97 || rb < 0.99 || math.Abs(biasA) > 0.05 || math.Abs(biasB) > 0.05 || inside/total < 0.93 || inside/total > 0.97 {
		b.Error("outside the limits")
	}
}
