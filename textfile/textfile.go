package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/google/renameio/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metric is a gauge with its samples. Its name is that of Prometheus: lower case,
// with the unit at the end, such as metabench_refresh_duration_seconds.
type Metric struct {
	Name    string
	Help    string
	Samples []Sample
}

// Sample is a value with its labels.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Value is a metric with one sample without labels.
func Value(name, help string, value float64) Metric {
	return Metric{Name: name, Help: help, Samples: []Sample{{Value: value}}}
}

// Write replaces a file by the metrics, atomically: the collector never reads half
// of it. The path should end in .prom.
func Write(path string, metrics []Metric) error {
	text, err := Format(metrics)
	if err == nil {
		err = renameio.WriteFile(path, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write metrics %s: %w", path, err)
	}
	return nil
}

// ReadValue reads the value of a metric without labels from a file that Write wrote; 0
// where there is no such file, no such metric in it, or the file is not whole.
func ReadValue(path, name string) (float64, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, _ := parser.TextToMetricFamilies(bytes.NewReader(text)) // what is before the error counts
	for _, m := range families[name].GetMetric() {
		if len(m.GetLabel()) == 0 {
			return m.GetGauge().GetValue(), nil
		}
	}
	return 0, nil
}

// Format writes metrics in the text exposition format, version 0.0.4, in the order
// given; labels are in alphabetical order. Names that Prometheus would refuse are
// an error.
func Format(metrics []Metric) ([]byte, error) {
	var text bytes.Buffer
	seen := map[string]bool{}
	for _, m := range metrics {
		if !model.LegacyValidation.IsValidMetricName(m.Name) || seen[m.Name] {
			return nil, fmt.Errorf("metric name %q is malformed or occurs twice", m.Name)
		}
		seen[m.Name] = true
		family, err := m.family()
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", m.Name, err)
		}
		if len(family.Metric) == 0 { // the library refuses a metric without samples
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, fmt.Errorf("metric %s: %w", m.Name, err)
		}
	}
	return text.Bytes(), nil
}

// family is the metric as the library has it.
func (m Metric) family() (*dto.MetricFamily, error) {
	family := &dto.MetricFamily{Name: &m.Name, Help: &m.Help, Type: dto.MetricType_GAUGE.Enum()}
	for _, s := range m.Samples {
		one := &dto.Metric{Gauge: &dto.Gauge{Value: &s.Value}}
		for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
			if !model.LegacyValidation.IsValidLabelName(name) {
				return nil, fmt.Errorf("label name %q is malformed", name)
			}
			value := s.Labels[name]
			one.Label = append(one.Label, &dto.LabelPair{Name: &name, Value: &value})
		}
		family.Metric = append(family.Metric, one)
	}
	return family, nil
}
