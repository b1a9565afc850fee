// Package textfile writes metrics in the text format of Prometheus for node
// exporter's textfile collector: the way of metrics for programs that run and end.
package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
)

// Kind is the type of a metric.
type Kind string

// The kinds that programs which run and end have use for.
const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter"
)

// Metric is a metric with its samples. Its name is that of Prometheus: lower case,
// with the unit at the end, such as metabench_refresh_duration_seconds.
type Metric struct {
	Name    string
	Help    string
	Kind    Kind
	Samples []Sample
}

// Sample is a value with its labels.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Value is a metric with one sample without labels.
func Value(name, help string, kind Kind, value float64) Metric {
	return Metric{Name: name, Help: help, Kind: kind, Samples: []Sample{{Value: value}}}
}

var (
	nameForm  = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// Write replaces a file by the metrics, atomically: the collector never reads half
// of it. The path should end in .prom.
func Write(path string, metrics []Metric) error {
	text, err := Format(metrics)
	if err != nil {
		return fmt.Errorf("write metrics %s: %w", path, err)
	}
	if err := renameio.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write metrics %s: %w", path, err)
	}
	return nil
}

// ReadValue reads the value of a metric without labels from a file that Write wrote; 0
// where there is no such file, or no such number in it.
func ReadValue(path, name string) (float64, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			if v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return v, nil
			}
		}
	}
	return 0, nil
}

// Format writes metrics in the text exposition format, version 0.0.4, in the order
// given; labels are in alphabetical order. Names that Prometheus would refuse are
// an error.
func Format(metrics []Metric) ([]byte, error) {
	var b bytes.Buffer
	seen := map[string]bool{}
	for _, m := range metrics {
		if !nameForm.MatchString(m.Name) || seen[m.Name] {
			return nil, fmt.Errorf("metric name %q is malformed or occurs twice", m.Name)
		}
		seen[m.Name] = true
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", m.Name, escapeHelp.Replace(m.Help), m.Name, m.Kind)
		for _, s := range m.Samples {
			labels, err := formatLabels(s.Labels)
			if err != nil {
				return nil, fmt.Errorf("metric %s: %w", m.Name, err)
			}
			fmt.Fprintf(&b, "%s%s %s\n", m.Name, labels, formatValue(s.Value))
		}
	}
	return b.Bytes(), nil
}

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func formatLabels(labels map[string]string) (string, error) {
	if len(labels) == 0 {
		return "", nil
	}
	var parts []string
	for name, value := range labels {
		if !labelForm.MatchString(name) {
			return "", fmt.Errorf("label name %q is malformed", name)
		}
		parts = append(parts, name+`="`+escapeLabel.Replace(value)+`"`)
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}", nil
}

func formatValue(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
