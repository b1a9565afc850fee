package textfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func ExampleFormat() {
	text, err := Format([]Metric{
		Value("metabench_refresh_last_success_timestamp_seconds", "When a refresh last succeeded.", 1764028800),
		{Name: "metabench_models", Help: "Models with answers.", Samples: []Sample{
			{Labels: map[string]string{"benchmark": "arc"}, Value: 5000},
			{Labels: map[string]string{"benchmark": "a \"b\"\n\\"}, Value: 0.25},
		}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Print(string(text))
	// Output:
	// # HELP metabench_refresh_last_success_timestamp_seconds When a refresh last succeeded.
	// # TYPE metabench_refresh_last_success_timestamp_seconds gauge
	// metabench_refresh_last_success_timestamp_seconds 1.7640288e+09
	// # HELP metabench_models Models with answers.
	// # TYPE metabench_models gauge
	// metabench_models{benchmark="arc"} 5000
	// metabench_models{benchmark="a \"b\"\n\\"} 0.25
}

func TestNamesThatPrometheusRefusesAreErrors(t *testing.T) {
	for name, metrics := range map[string][]Metric{
		"dash_in_name":  {Value("a-b", "", 1)},
		"empty_name":    {Value("", "", 1)},
		"name_twice":    {Value("a", "", 1), Value("a", "", 2)},
		"dash_in_label": {{Name: "a", Samples: []Sample{{Labels: map[string]string{"b-c": "d"}}}}},
	} {
		if _, err := Format(metrics); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFailedWriteLeavesTheEarlierFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metabench.prom")
	if err := Write(path, []Metric{Value("a", "", 1)}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []Metric{Value("-", "", 1)}); err == nil {
		t.Fatal("no error")
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file changed: %s %v", after, err)
	}
}

func TestValueIsReadBackAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metabench.prom")
	if v, err := ReadValue(path, "a"); v != 0 || err != nil {
		t.Errorf("no file: %v, %v", v, err)
	}
	if err := Write(path, []Metric{Value("ab", "", 2), Value("a", "a 7", 1764028800.5)}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"a": 1764028800.5, "ab": 2, "abc": 0} {
		if v, err := ReadValue(path, name); v != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", name, v, err, want)
		}
	}
	if err := os.WriteFile(path, []byte("a x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := ReadValue(path, "a"); v != 0 || err != nil {
		t.Errorf("no number: %v, %v", v, err)
	}
}
