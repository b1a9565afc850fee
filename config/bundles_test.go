package config

import (
	"strings"
	"testing"
)

func TestTheCatalogueOfBundles(t *testing.T) {
	l, err := Load(Sources{File: writeFile(t, "bundles:\n  ours-b: {url: \"https://example.org/b.bundle\", sha256: \"00ff\"}\nbuild:\n  seed: 2\n")})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Bundles["ours-b"]; got != (Bundle{"https://example.org/b.bundle", "00ff"}) || l.Build.Seed != 2 {
		t.Errorf("%+v", l.Config)
	}
	var shown []string
	for _, s := range l.Settings() {
		if strings.HasPrefix(s.Key, "bundles.") {
			shown = append(shown, s.Key)
		}
	}
	if strings.Join(shown, " ") != "bundles.ours-b.sha256 bundles.ours-b.url" {
		t.Errorf("settings show %v", shown)
	}
	for text, want := range map[string]string{
		"bundles:\n  ours: {url: \"https://example.org/b\"}\n": "bundles.ours.sha256 (catalogue of bundles): is missing",
		"bundles: ours\n": "NAME: {url: …, sha256: …}",
		"bundles:\n  ours: {uri: \"https://example.org/b\"}\n":                      "NAME: {url: …, sha256: …}",
		"bundles:\n  our bundle: {url: \"https://example.org/b\", sha256: \"0\"}\n": "a bundle's name",
		"bundles:\n  ours: {url: 7, sha256: \"0\"}\n":                               "must be text",
	} {
		if _, err := Load(Sources{File: writeFile(t, text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
