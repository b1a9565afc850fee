package config

import (
	"maps"
	"reflect"
	"slices"
)

// field is one leaf of the struct tree.
type field struct {
	value any
	help  string
	oneOf string // space-separated allowed values; empty for any
}

// fields returns the leaves of the default configuration by key.
func fields() map[string]field { return flatten(Default()) }

func flatten(c Config) map[string]field {
	out := map[string]field{}
	walk("", reflect.ValueOf(c), out)
	return out
}

func walk(prefix string, v reflect.Value, out map[string]field) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		key := prefix + tag.Get("mapstructure")
		if v.Field(i).Kind() == reflect.Struct {
			walk(key+".", v.Field(i), out)
			continue
		}
		if v.Field(i).Kind() == reflect.Map {
			continue // the catalogue of bundles, whose keys are the user's
		}
		out[key] = field{v.Field(i).Interface(), tag.Get("help"), tag.Get("oneof")}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
