// Package textfile writes metrics in the text format of Prometheus for node exporter's
// textfile collector, as programs that run and end need it.
package textfile
