// Package config is the program's typed configuration: one tree of structs with its
// defaults, loaded strictly from defaults, a file, the environment and flags, in this order.
// A misspelt key, a value of another type or one out of range is an error that names the
// key and its source. The package also has the catalogue of benchmarks. It is the only one
// that imports viper.
package config
