package config

import (
	"regexp"
	"slices"
	"strings"
)

// Bundle is a calibration that metabench score finds by its name.
type Bundle struct {
	URL    string `mapstructure:"url"`
	SHA256 string `mapstructure:"sha256"`
}

// bundlesKey begins the keys of the catalogue of bundles: bundles.NAME.url and
// bundles.NAME.sha256.
const bundlesKey = "bundles"

var bundleName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// bundleHelp is what the parts of an entry mean.
var bundleHelp = map[string]string{
	"url":    "where the bundle is, https or http",
	"sha256": "SHA-256 of the file; another one is refused",
}

// setBundle takes a key of the catalogue of bundles. It reports whether the key is one.
func (l *loader) setBundle(key string, value any, origin string) bool {
	rest, ok := strings.CutPrefix(key, bundlesKey+".")
	if !ok && key != bundlesKey {
		return false
	}
	name, part, _ := strings.Cut(rest, ".")
	text, isText := value.(string)
	switch {
	case !ok || bundleHelp[part] == "":
		l.problem(key, "", origin, "the catalogue of bundles is written NAME: {url: …, sha256: …}")
	case !bundleName.MatchString(name):
		l.problem(key, "", origin, "a bundle's name has small letters, digits, - and _")
	case !isText:
		l.problem(key, "", origin, "must be text; put it in quotes")
	default:
		l.v.Set(key, text)
		l.origins[key] = origin
	}
	return true
}

// bundleSettings are the entries of the catalogue of bundles.
func (l *Loaded) bundleSettings() []Setting {
	var out []Setting
	for _, name := range sortedKeys(l.Bundles) {
		b := l.Bundles[name]
		for part, value := range map[string]string{"url": b.URL, "sha256": b.SHA256} {
			key := bundlesKey + "." + name + "." + part
			out = append(out, Setting{key, value, l.origins[key], bundleHelp[part]})
		}
	}
	slices.SortFunc(out, func(a, b Setting) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// bundles checks that every entry has both parts.
func (v *validator) bundles(l *Loaded) {
	for _, name := range sortedKeys(l.Bundles) {
		b := l.Bundles[name]
		for part, value := range map[string]string{"url": b.URL, "sha256": b.SHA256} {
			if value == "" {
				v.problems = append(v.problems, Problem{bundlesKey + "." + name + "." + part, "", "catalogue of bundles", "is missing: " + bundleHelp[part]})
			}
		}
	}
}
