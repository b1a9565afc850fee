package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"metabench/config"
	"metabench/corpus"
)

// keyAnnotation marks a flag as the configuration key that it sets.
const keyAnnotation = "metabench/config-key"

// configFlag adds a flag that sets a configuration key. Its value is read only
// through load, after the defaults, the file and the environment.
func configFlag(flags *pflag.FlagSet, name, key, usage string) {
	flags.String(name, "", usage+" (configuration key "+key+")")
	flags.Lookup(name).DefValue = ""
	if err := flags.SetAnnotation(name, keyAnnotation, []string{key}); err != nil {
		panic("cli: " + err.Error())
	}
}

// load reads the configuration for a command: defaults, file, environment, flags.
func (a *app) load(cmd *cobra.Command) (*config.Loaded, error) {
	src := config.Sources{File: a.configFile(), Env: os.Environ(), Flags: map[string]string{}}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if key := f.Annotations[keyAnnotation]; key != nil {
			src.Flags[key[0]] = f.Value.String()
		}
	})
	loaded, err := config.Load(src)
	return loaded, withCode(ExitUsage, err)
}

// catalogue returns the benchmarks that the configuration knows.
func (a *app) catalogue(cfg *config.Loaded) ([]corpus.Benchmark, error) {
	benchmarks, err := config.Catalogue(cfg.Benchmarks)
	return benchmarks, withCode(ExitUsage, err)
}

// configFile is the file to read: --config, else METABENCH_CONFIG, else
// metabench.yaml here, else in the user's configuration directory; empty when
// there is none.
func (a *app) configFile() string {
	if a.configPath != "" {
		return a.configPath
	}
	if path := os.Getenv(config.EnvPrefix + "CONFIG"); path != "" {
		return path
	}
	candidates := []string{"metabench.yaml"}
	if dir, err := os.UserConfigDir(); err == nil {
		candidates = append(candidates, filepath.Join(dir, "metabench", "config.yaml"))
	}
	for _, path := range candidates {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}
