package score

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"metabench/analysis/ability"
	"metabench/analysis/adaptive"
	"metabench/analysis/irt"
	"metabench/analysis/response"
	"metabench/analysis/simulate"
	"metabench/corpus"
)

// itemBank calibrates thirty items on simulated models.
func itemBank(t testing.TB) *ItemBank {
	t.Helper()
	const models = 120
	items, theta, _ := simulate.Study{Models: models, Items: 30, Kind: irt.TwoPL, Replicates: 1, Seed: 3}.Truth(0)
	table := &response.Table{Answers: simulate.Answers(rand.New(rand.NewPCG(1, 2)), items, theta)}
	for j := range items {
		table.Items = append(table.Items, fmt.Sprint("q", j+1))
	}
	for i := range models {
		table.Models = append(table.Models, fmt.Sprint("org/m", i))
	}
	b := &ItemBank{Benchmark: "quiz", Metric: "acc", Kind: irt.TwoPL, Fit: "converged", Models: models,
		Origin: Origin{Source: "quiz.csv", Input: "0123"}, Items: NewItems(table.Items, items)}
	bank, err := b.Bank()
	if err != nil {
		t.Fatal(err)
	}
	c, err := adaptive.Calibrator{Bank: bank, Answers: 12}.Run(context.Background(), adaptive.Options{}, table)
	if err != nil {
		t.Fatal(err)
	}
	b.Calibrations = []adaptive.Calibration{*c}
	return b
}

func written(t testing.TB, b *ItemBank) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestItemBankIsReadAsItWasWritten(t *testing.T) {
	b := itemBank(t)
	file := written(t, b)
	if !bytes.Equal(file, written(t, b)) {
		t.Error("two writes of one bank differ")
	}
	again, checksum, err := ReadItemBank(bytes.NewReader(file))
	if err != nil || len(checksum) != 64 {
		t.Fatalf("checksum %q, %v", checksum, err)
	}
	if !bytes.Equal(file, written(t, again)) {
		t.Error("a bank that was read is written otherwise")
	}
	if _, ok := again.Calibration(adaptive.MaximumInformation, ability.MAP); !ok {
		t.Error("the calibration is lost")
	}
	if _, ok := again.Calibration(adaptive.Random, ability.MAP); ok {
		t.Error("a calibration that was never made is there")
	}
	t.Logf("%d bytes", len(file))
}

func TestItemBankRefusesWhatIsDamaged(t *testing.T) {
	b := itemBank(t)
	file := written(t, b)
	in, curves := corpusOf(60)
	var bundle bytes.Buffer
	if err := calibrated(t, in, curves, true).Write(&bundle); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		say     string
	}{
		"empty":            {nil, "isn't an item bank"},
		"csv":              {[]byte("item,a1,d\nq1,1,0\n"), "isn't an item bank"},
		"cut":              {file[:len(file)/2], "too early"},
		"later_version":    {regzip(t, file, `"version":1`, `"version":2`), "version 2"},
		"changed_within":   {regzip(t, file, `"quiz"`, `"quid"`), "checksum"},
		"a_bundle_instead": {bundle.Bytes(), "but a metabench bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ReadItemBank(bytes.NewReader(c.content))
			var e *corpus.DataError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
	for name, spoil := range map[string]func(*ItemBank){
		"no_items":              func(b *ItemBank) { b.Items = nil },
		"item_twice":            func(b *ItemBank) { b.Items[1] = b.Items[0] },
		"impossible_parameters": func(b *ItemBank) { b.Items[0].G = 2 },
		"no_calibration":        func(b *ItemBank) { b.Calibrations = nil },
		"calibration_twice":     func(b *ItemBank) { b.Calibrations = append(b.Calibrations, b.Calibrations[0]) },
		"calibration_broken":    func(b *ItemBank) { b.Calibrations[0].Nodes = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := *b
			c.Items, c.Calibrations = slices.Clone(b.Items), slices.Clone(b.Calibrations)
			spoil(&c)
			if err := c.Write(&bytes.Buffer{}); err == nil {
				t.Error("the bank was written")
			}
		})
	}
}

func TestFilesAreToldApartByContent(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    bool
	}{
		"item_bank":     {written(t, itemBank(t)), true},
		"csv":           {[]byte("item,a1,d\nq1,1,0\n"), false},
		"nothing":       {nil, false},
		"other_gzip":    {regzip(t, written(t, itemBank(t)), `{"format"`, `{"x"`), false},
		"magic_of_gzip": {[]byte{0x1f, 0x8b}, false},
	} {
		if got := Enveloped(bytes.NewReader(c.content)); got != c.want {
			t.Errorf("%s: Enveloped = %t", name, got)
		}
	}
}

func FuzzReadItemBank(f *testing.F) {
	file := written(f, itemBank(f))
	f.Add(file)
	f.Add(file[:len(file)/3])
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, content []byte) {
		b, _, err := ReadItemBank(bytes.NewReader(content))
		if err != nil {
			return
		}
		bank, err := b.Bank()
		if err != nil {
			t.Fatalf("a bank that was read has no items: %v", err)
		}
		c := &b.Calibrations[0]
		if _, err := adaptive.NewTest(bank, adaptive.Options{Criterion: c.Criterion, Estimator: c.Estimator, Calibration: c}); err != nil {
			t.Fatalf("a bank that was read makes no test: %v", err)
		}
	})
}
