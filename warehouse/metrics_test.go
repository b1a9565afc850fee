package warehouse

import (
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
