package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLaterSourcesWin(t *testing.T) {
	file := writeFile(t, "build:\n  seed: 2\n  lambda: 0.5\n  items: 7\nwarehouse:\n  wait_lock: 30s\n")
	loaded, err := Load(Sources{
		File:  file,
		Env:   []string{"METABENCH_BUILD_LAMBDA=0.25", "METABENCH_BUILD_ITEMS=8", "HOME=/nowhere"},
		Flags: map[string]string{"build.items": "9"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Build.Seed, want.Build.Lambda, want.Build.Items = 2, 0.25, 9
	want.Warehouse.WaitLock = 30 * time.Second
	if diff := cmp.Diff(want, loaded.Config); diff != "" {
		t.Fatalf("configuration differs (-want +got):\n%s", diff)
	}
	origins := map[string]string{
		"build.seed": file, "build.lambda": "environment METABENCH_BUILD_LAMBDA",
		"build.items": "flag", "build.subsets": "default",
	}
	for _, s := range loaded.Settings() {
		if want, ok := origins[s.Key]; ok && s.Origin != want {
			t.Errorf("origin of %s is %q, want %q", s.Key, s.Origin, want)
		}
	}
}

// Each testdata/*.bad.yaml holds, in its leading comment, the problems that must
// be reported, one a line; each *.good.yaml must load.
func TestFixtures(t *testing.T) {
	good, _ := filepath.Glob("testdata/*.good.yaml")
	bad, _ := filepath.Glob("testdata/*.bad.yaml")
	if len(good) == 0 || len(bad) == 0 {
		t.Fatal("no fixtures in testdata")
	}
	for _, path := range good {
		if _, err := Load(Sources{File: path}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range bad {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, err := Load(Sources{File: path})
			if err == nil {
				t.Fatal("accepted")
			}
			text, readErr := os.ReadFile(path)
			if readErr != nil {
				t.Fatal(readErr)
			}
			wanted := 0
			for line := range strings.Lines(string(text)) {
				want, ok := strings.CutPrefix(strings.TrimSpace(line), "# wants: ")
				if !ok {
					break
				}
				wanted++
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not say %q:\n%v", want, err)
				}
			}
			var problems *Error
			if errors.As(err, &problems) && len(problems.Problems) != wanted {
				t.Errorf("%d problems reported, want %d:\n%v", len(problems.Problems), wanted, err)
			}
		})
	}
}

func TestMisspeltEnvironmentVariableIsRefused(t *testing.T) {
	_, err := Load(Sources{Env: []string{"METABENCH_BIULD_SEED=1"}})
	if err == nil || !strings.Contains(err.Error(), `did you mean "METABENCH_BUILD_SEED"?`) {
		t.Fatalf("error = %v", err)
	}
}

func TestEveryKeyHasHelpAndCanBeSetFromTheEnvironment(t *testing.T) {
	values := map[string]string{
		"warehouse.memory_limit": "2GB", "warehouse.wait_lock": "1s", "hub.timeout": "1s", "refresh.deadline": "1s", "hub.selection": "faithful",
		"hub.verify_full": "yes", "build.include_vanished": "no", "build.workers": "3", "build.preselect": "100",
	}
	for key, f := range fields() {
		if f.help == "" {
			t.Errorf("%s has no help", key)
		}
		value, ok := values[key]
		if !ok {
			switch f.value.(type) {
			case float64:
				value = "0.03"
			case string:
				value = "elsewhere"
			default:
				value = "2"
			}
			if key == "build.min_models" {
				value = "33"
			}
		}
		loaded, err := Load(Sources{Env: []string{envName(key) + "=" + value}})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if origin := loaded.origins[key]; origin != "environment "+envName(key) {
			t.Errorf("%s: origin %q", key, origin)
		}
	}
}

func TestAbsentFileIsAnError(t *testing.T) {
	if _, err := Load(Sources{File: filepath.Join(t.TempDir(), "absent.yaml")}); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("error = %v", err)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "metabench.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
