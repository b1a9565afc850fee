package irt

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func fitReal(t testing.TB, tag string, opts Options) *Result {
	t.Helper()
	r, err := Fit(context.Background(), realResponses(t, tag), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTwoPLReachesMirt(t *testing.T) {
	for tag, want := range map[string]float64{"arc-B": -120279.173, "truthfulqa-B": -145426.626} {
		r := fitReal(t, tag, Options{Restarts: -1})
		if r.Status != Converged || r.LogLikelihood < want {
			t.Errorf("%s: log-likelihood %.6f, %v; mirt has %.6f", tag, r.LogLikelihood, r.Status, want)
		}
	}
}

// A published fit that hit its limit of cycles, one that stopped far too early.
func TestPublishedAsymptotesAreSurpassed(t *testing.T) {
	if r := fitReal(t, "mmlu-B", Options{Kind: ThreePL, Restarts: -1}); !r.Status.IsMaximum() || r.LogLikelihood < -118930.066 {
		t.Errorf("mmlu-B 3PL: log-likelihood %.3f, %v; mirt has -118930.067", r.LogLikelihood, r.Status)
	}
}

func TestRestartGainsNothing(t *testing.T) {
	r := fitReal(t, "arc-B", Options{Restarts: -1})
	again := fitReal(t, "arc-B", Options{Start: r.Items})
	if gain := again.LogLikelihood - r.LogLikelihood; gain > 0.01 || gain < -0.01 {
		t.Errorf("from the solution: %+.6f", gain)
	}
	mirt := fitReal(t, "arc-B", Options{Start: realItems(t, "reference/arc-B-2PL-params.csv")})
	if gain := mirt.LogLikelihood - r.LogLikelihood; gain > 0.01 {
		t.Errorf("from mirt's parameters: %+.6f", gain)
	}
}

func TestRicherModelIsNeverBelow(t *testing.T) {
	all, err := FitAll(context.Background(), realResponses(t, "hellaswag-B"), Options{Kind: FourPL, Restarts: -1})
	if err != nil {
		t.Fatal(err)
	}
	for k, r := range all {
		if !r.Status.IsMaximum() {
			t.Errorf("%v: %v", r.Kind, r.Status)
		}
		if k > 0 && r.LogLikelihood < all[k-1].LogLikelihood {
			t.Errorf("%v ends at %v, the model nested in it at %v", r.Kind, r.LogLikelihood, all[k-1].LogLikelihood)
		}
	}
}

func TestInformationEqualsMirts(t *testing.T) {
	for _, tag := range []string{"arc-B", "truthfulqa-B"} {
		items := realItems(t, "reference/"+tag+"-2PL-params.csv")
		rows := readReference(t, "reference/"+tag+"-2PL-iteminfo.csv.gz")
		for _, row := range rows[1:] {
			theta := parse(t, row[0])
			for j, it := range items {
				want := parse(t, row[j+1])
				if got := it.Information(theta); math.Abs(got-want) > 1e-8 {
					t.Fatalf("%s, item %d at θ = %v: information %.10g, mirt %.10g", tag, j, theta, got, want)
				}
			}
		}
	}
}

func parse(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAbilityRisesWithTheScore(t *testing.T) {
	m := realResponses(t, "hellaswag-B")
	r, err := Fit(context.Background(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	turned := slices.Clone(r.Items)
	for j := range turned {
		turned[j].A = -turned[j].A
	}
	again, err := Fit(context.Background(), m, Options{Start: turned})
	if err != nil {
		t.Fatal(err)
	}
	for j, it := range again.Items {
		if it.A*r.Items[j].A < 0 {
			t.Fatalf("item %d: slope %v from the turned start, %v from the default", j, it.A, r.Items[j].A)
		}
	}
}

// Neither the number of workers nor the order of the models changes a bit.
func TestSameBytesForAnyWorkersAndOrder(t *testing.T) {
	items := simulatedItems(19, ThreePL, 41)
	m, _ := simulate(items, 300, 0.05, 42)
	models, _ := m.Dims()
	order := rand.New(rand.NewPCG(1, 1)).Perm(models)
	opts := Options{Kind: ThreePL, Restarts: 1, Workers: 1}
	want, err := Fit(context.Background(), m, opts)
	if err != nil {
		t.Fatal(err)
	}
	errors, err := ComputeStandardErrors(context.Background(), m, want, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{3, 16} {
		opts.Workers = workers
		shuffled := m.SelectModels(order)
		got, err := Fit(context.Background(), shuffled, opts)
		if err != nil {
			t.Fatal(err)
		}
		if got.LogLikelihood != want.LogLikelihood || !slices.Equal(got.Items, want.Items) {
			t.Fatalf("%d workers: log-likelihood %v, want %v", workers, got.LogLikelihood, want.LogLikelihood)
		}
		se, err := ComputeStandardErrors(context.Background(), shuffled, got, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(se.Items, errors.Items) {
			t.Fatalf("%d workers: other standard errors", workers)
		}
	}
}

// Parameters come back from simulated answers, and their 95 % intervals hold the
// truth as often as they say.
func TestRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of fits")
	}
	const replicates = 6
	inside, total := 0, 0
	for seed := range uint64(replicates) {
		items := simulatedItems(60, TwoPL, 300+seed)
		m, _ := simulate(items, 1500, 0, 400+seed)
		r, err := Fit(context.Background(), m, Options{Restarts: -1})
		if err != nil {
			t.Fatal(err)
		}
		se, err := ComputeStandardErrors(context.Background(), m, r, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for j, it := range r.Items {
			for _, x := range [][3]float64{{it.A, items[j].A, se.Items[j].A}, {it.D, items[j].D, se.Items[j].D}} {
				total++
				if math.Abs(x[0]-x[1]) < 1.959964*x[2] {
					inside++
				}
			}
		}
	}
	if share := float64(inside) / float64(total); share < 0.93 || share > 0.97 {
		t.Errorf("%.1f %% of the 95 %% intervals hold the truth", 100*share)
	}
}
