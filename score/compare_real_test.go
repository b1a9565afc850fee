package score

import (
	"context"
	"math"
	"testing"

	"metabench/analysis/reconstruct"
	"metabench/analysis/response"
)

// On real answers the interval of a difference holds its nominal share of pairs that no fit
// has seen, of any two models and of relatives, whose intervals are narrower by a quarter at
// least than two independent ones make them.
func TestDifferencesHoldTheirShareOnRealAnswers(t *testing.T) {
	const models, fitted = 700, 240
	in, _ := formB(t, models, 20)
	var train response.TrainSet
	for i := range fitted {
		train.Rows = append(train.Rows, i)
	}
	m, err := reconstruct.Fit(context.Background(), in, train, reconstruct.Options{Seed: 1, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	var sheets [][]reconstruct.Sheet
	var test response.TestSet
	for i := fitted; i < models; i++ {
		sheets, test.Rows = append(sheets, in.Sheets(i)), append(test.Rows, i)
	}
	predictions, err := m.PredictTest(in, test)
	if err != nil {
		t.Fatal(err)
	}
	differ := func(a, b int) float64 {
		n, d := 0.0, 0.0
		for g := range sheets[a] {
			for j, x := range sheets[a][g].Answers {
				n++
				if x != sheets[b][g].Answers[j] {
					d++
				}
			}
		}
		return d / n
	}
	var relatives, strangers [][2]int
	for a := range sheets {
		for b := range a {
			if differ(a, b) <= 0.05 {
				relatives = append(relatives, [2]int{a, b})
			}
		}
		strangers = append(strangers, [2]int{a, (7*a + 31) % len(sheets)}, [2]int{a, (11*a + 3) % len(sheets)})
	}
	for name, pairs := range map[string][][2]int{"relatives": relatives, "any two": strangers} {
		differences, err := m.Compare(t.Context(), sheets, pairs)
		if err != nil {
			t.Fatal(err)
		}
		held, width, apart, n, right, said, told := map[bool]float64{}, map[bool]float64{}, map[bool]float64{}, map[bool]float64{}, 0.0, 0.0, 0.0
		for k, p := range pairs {
			if p[0] == p[1] {
				continue
			}
			a, b := fitted+p[0], fitted+p[1]
			first, second := predictions[p[0]], predictions[p[1]]
			mean := 0.0
			for g, d := range differences[k] {
				isMean := g == len(in.Benchmarks)
				truth := mean
				if !isMean {
					truth = in.Benchmarks[g].Scores[a] - in.Benchmarks[g].Scores[b]
					mean += truth / float64(len(in.Benchmarks))
				}
				n[isMean]++
				if d.Lower <= truth && truth <= d.Upper {
					held[isMean]++
				}
				width[isMean] += d.Upper - d.Lower
				apart[isMean] += math.Hypot(first[g].Upper-first[g].Lower, second[g].Upper-second[g].Lower)
				if math.Abs(truth) > 1e-9 {
					told++
					said += math.Max(d.Better, 1-d.Better)
					if (d.Better > 0.5) == (truth > 0) {
						right++
					}
				}
			}
		}
		for isMean := range n {
			t.Logf("%s, %d pairs, mean %v: intervals hold %.1f %%, width %.2f, %.2f of independent ones", name, len(pairs), isMean,
				100*held[isMean]/n[isMean], width[isMean]/n[isMean], width[isMean]/apart[isMean])
			if share := held[isMean] / n[isMean]; share < 0.86 || name != "relatives" && share > 0.95 {
				t.Errorf("%s, mean %v: intervals of 90 %% hold %.1f %%", name, isMean, 100*share)
			}
			if name == "relatives" && width[isMean] > 0.75*apart[isMean] {
				t.Errorf("mean %v: intervals of relatives have %.2f of the width of independent ones", isMean, width[isMean]/apart[isMean])
			}
		}
		t.Logf("%s: the better one is told right in %.1f %%, said to be %.1f %%", name, 100*right/told, 100*said/told)
		if math.Abs(right-said) > 0.1*told {
			t.Errorf("%s: the better one is told right in %.1f %%, said to be %.1f %%", name, 100*right/told, 100*said/told)
		}
	}
}
