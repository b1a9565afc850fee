package warehouse

import (
	"os"
	"strings"
	"testing"

	"metabench/textfile"
)

func TestMetricsDescribeTheWarehouse(t *testing.T) {
	w := soundWarehouse(t)
	metrics, err := w.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := textfile.Format(metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`metabench_models{benchmark="quiz"} 12`, `metabench_responses{benchmark="quiz"} 96`, "metabench_lost_loads 0",
		`metabench_reconstruction_rmse_points{benchmark="quiz"} 2`, `metabench_loaded_timestamp_seconds{benchmark="quiz"} 1.7`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// What the write-ahead log holds is a part of the warehouse.
func TestMetricsMeasureTheFileThatIsLeft(t *testing.T) {
	t.Parallel()
	w := fresh(t)
	mustImport(t, w, randomImport(1, 200, 500))
	metrics, err := w.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(w.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if m.Name == "metabench_warehouse_bytes" && m.Samples[0].Value != float64(info.Size()) {
			t.Errorf("%v bytes, and %d are left", m.Samples[0].Value, info.Size())
		}
	}
}
