package evallog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
)

type lightevalDoc struct {
	ID      string   `parquet:"id"`
	Query   string   `parquet:"query"`
	Choices []string `parquet:"choices,list"`
}

type lightevalScores struct {
	Acc  *float64 `parquet:"acc,optional"`
	Norm *bool    `parquet:"acc_norm,optional"`
	F1   *float64 `parquet:"f1,optional"`
}

type lightevalRow struct {
	Doc    lightevalDoc    `parquet:"doc"`
	Metric lightevalScores `parquet:"metric"`
}

type underscoredRow struct {
	Doc    lightevalDoc    `parquet:"__doc__"`
	Metric lightevalScores `parquet:"__metric__"`
}

type flatRow struct {
	Example string          `parquet:"example"`
	Choices []string        `parquet:"choices,list"`
	Metrics lightevalScores `parquet:"metrics"`
}

func parquetOf[T any](t testing.TB, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func lightevalForms(t testing.TB) map[string]string {
	one, zero, yes := 1.0, 0.0, true
	a, b := lightevalScores{Acc: &one}, lightevalScores{Acc: &zero, Norm: &yes}
	docs := []lightevalDoc{{"", "Q1", []string{"x", "y"}}, {"", "Q2", []string{"x"}}}
	return map[string]string{
		"structures":  parquetOf(t, lightevalRow{docs[0], a}, lightevalRow{docs[1], b}),
		"underscores": parquetOf(t, underscoredRow{docs[0], a}, underscoredRow{docs[1], b}),
		"flat":        parquetOf(t, flatRow{docs[0].Query, docs[0].Choices, a}, flatRow{docs[1].Query, docs[1].Choices, b}),
	}
}

func TestLightevalForms(t *testing.T) {
	hashes := map[string]string{}
	for name, content := range lightevalForms(t) {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"details/org/m/2026-01-21T03-44-18.458309/details_leaderboard|arc:challenge|25_2026-01-21T03-44-18.458309.parquet": content})
			refused(t, dir, Options{}, corpus.KindAmbiguous, ": acc, acc_norm.")
			in := mustRead(t, dir, Options{Metric: []string{"acc"}})
			if got, want := sheet(in), "arc:challenge acc arc:challenge org/m 0:1 1:0"; got != want || in.Benchmarks[0].Shots != 25 {
				t.Errorf("read %s with %d shots, want %s", got, in.Benchmarks[0].Shots, want)
			}
			wantSheet(t, dir, Options{Metric: []string{"acc_norm"}}, "arc:challenge acc_norm arc:challenge org/m 0:- 1:1")
			hashes[name] = in.Items[0].Hash
		})
	}
	if hashes["flat"] != hashes["structures"] || len(hashes["flat"]) != 64 {
		t.Errorf("the forms give one item different hashes: %v", hashes)
	}
}

func TestLightevalModel(t *testing.T) {
	content := lightevalForms(t)["structures"]
	o := Options{Metric: []string{"acc"}}
	wantSheet(t, tree(t, map[string]string{"details_org__m_private/2026/details_gsm8k|0_2026-01-21T03-44-18.458309.parquet": content}), o, "gsm8k acc gsm8k org/m 0:1 1:0")
	wantSheet(t, tree(t, map[string]string{"x/details_gsm8k|0_2026-01-21T03-44-18.458309.parquet": content,
		"y/results_2026-01-21T03-44-18.458309.json": `{"config_general": {"model_config": {"model_name": "o/n", "revision": "v2"}}, "results": {}}`}), o, "gsm8k acc gsm8k o/n@v2 0:1 1:0")
	refused(t, tree(t, map[string]string{"x/details_gsm8k|0_2026.parquet": content}), o, corpus.KindName, "which model")
}

func TestLightevalDamagedFileIsRefused(t *testing.T) {
	content := lightevalForms(t)["structures"]
	k := strings.Index(content, "Q1")
	damaged := content[:k-12] + strings.Repeat("\xff", 12) + content[k:]
	refused(t, tree(t, map[string]string{"details/o/m/1/details_a|0_2026.parquet": damaged}), Options{Metric: []string{"acc"}}, corpus.KindFormat, "can't be read")
}

func FuzzLighteval(f *testing.F) {
	for _, content := range lightevalForms(f) {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		sound(t, tree(t, map[string]string{"details/o/m/1/details_a|0.parquet": string(content)}), Options{Metric: []string{"acc"}, Threshold: []string{"1"}})
	})
}
