package evallog

import (
	"testing"

	"metabench/corpus"
)

const compassDetails = `{"accuracy": 50.0, "details": {"type": "GEN", "0": {"prompt": "Q", "predictions": ["a"], "references": "a", "correct": true},
 "10": {"prompt": "R", "predictions": ["a"], "references": "b", "correct": [false]}, "9": {"prompt": "S", "references": "c", "correct": null}}}`

func TestOpenCompassDetails(t *testing.T) {
	wantSheet(t, tree(t, map[string]string{"results/m-7b/gsm8k.json": compassDetails}), Options{}, "gsm8k correct gsm8k m-7b 0:1 9:- 10:0")
	wantSheet(t, tree(t, map[string]string{"results/m-7b/a.json": `{"score": 1, "details": [{"pred": "x", "answer": "x", "correct": true}, {"pred": "x", "answer": "y", "correct": false}]}`}),
		Options{}, "a correct a m-7b 0:1 1:0")
}

func TestOpenCompassRefusals(t *testing.T) {
	refused(t, tree(t, map[string]string{"m-7b/gsm8k.json": compassDetails}), Options{}, corpus.KindName, "results/MODEL")
	refused(t, tree(t, map[string]string{"results/m/a.json": `{"details": "none"}`}), Options{}, corpus.KindFormat, "dump_details")
	refused(t, tree(t, map[string]string{"results/m/a.json": `{"details": [{"answer": "x", "correct": true}]}`, "results/n/a.json": `{"details": [{"answer": "y", "correct": true}]}`}),
		Options{}, corpus.KindItem, "something else")
}

func FuzzOpenCompass(f *testing.F) {
	f.Add([]byte(compassDetails))
	f.Fuzz(func(t *testing.T, content []byte) {
		sound(t, tree(t, map[string]string{"results/m/a.json": string(content)}), Options{Metric: []string{"correct"}})
	})
}
