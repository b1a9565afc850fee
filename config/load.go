package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"metabench/spelling"
)

// EnvPrefix begins the name of every environment variable of this program.
const EnvPrefix = "METABENCH_"

// Sources is where configuration may come from, weakest first: the defaults, a
// YAML file, environment variables, flags.
type Sources struct {
	File  string            // path; empty for none
	Env   []string          // "NAME=value", as os.Environ gives it
	Flags map[string]string // value by configuration key, of the flags the user set
}

// Setting is the value of one key and where it came from.
type Setting struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`
	Help   string `json:"help"`
}

// Loaded is a valid configuration with the origin of each value.
type Loaded struct {
	Config
	origins map[string]string
}

// Load merges the sources over the defaults. Every unknown key, wrong type and
// broken rule is reported in one *Error.
func Load(src Sources) (*Loaded, error) {
	l := loader{v: viper.New(), fields: fields(), origins: map[string]string{}}
	for key, f := range l.fields {
		l.v.SetDefault(key, f.value)
		l.origins[key] = "default"
	}
	if err := l.readFile(src.File); err != nil {
		return nil, err
	}
	l.readEnv(src.Env)
	for _, key := range sortedKeys(src.Flags) {
		l.set(key, src.Flags[key], "flag")
	}
	loaded := &Loaded{Config: Default(), origins: l.origins}
	l.decode(&loaded.Config)
	l.problems = append(l.problems, validate(loaded)...)
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
		return nil, &Error{l.problems}
	}
	return loaded, nil
}

// Settings lists every key with its value and origin, in alphabetical order.
func (l *Loaded) Settings() []Setting {
	values := flatten(l.Config)
	out := make([]Setting, 0, len(values))
	for _, key := range sortedKeys(values) {
		value := values[key].value
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		out = append(out, Setting{key, value, l.origins[key], values[key].help})
	}
	out = append(out, l.bundleSettings()...)
	slices.SortStableFunc(out, func(a, b Setting) int { return strings.Compare(a.Key, b.Key) })
	return out
}

type loader struct {
	v        *viper.Viper
	fields   map[string]field
	origins  map[string]string
	problems []Problem
}

func (l *loader) problem(key, value, origin, rule string) {
	l.problems = append(l.problems, Problem{key, value, origin, rule})
}

// readFile merges the file. Only a file that cannot be read or parsed at all is
// an error; what is wrong inside becomes problems.
func (l *loader) readFile(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	file := viper.New()
	file.SetConfigType("yaml")
	if err := errors.Join(file.ReadConfig(f), f.Close()); err != nil {
		return fmt.Errorf("read configuration %s: %w", path, err)
	}
	for _, key := range file.AllKeys() {
		l.set(key, file.Get(key), path)
	}
	return nil
}

func (l *loader) readEnv(env []string) {
	names := make(map[string]string, len(l.fields)) // variable → key
	for key := range l.fields {
		names[envName(key)] = key
	}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, EnvPrefix) || name == EnvPrefix+"CONFIG" {
			continue
		}
		key, ok := names[name]
		if !ok {
			l.problem(name, "", "environment", "there is no such variable"+spelling.Suggestion(name, sortedKeys(names)))
			continue
		}
		l.set(key, value, "environment "+name)
	}
}

// set gives a known key a value that can be decoded; anything else is a problem.
func (l *loader) set(key string, value any, origin string) {
	if l.setBundle(key, value, origin) {
		return
	}
	f, ok := l.fields[key]
	if !ok {
		l.problem(key, "", origin, "there is no such key"+spelling.Suggestion(key, sortedKeys(l.fields)))
		return
	}
	parsed, err := f.parse(value)
	if err != nil {
		l.problem(key, fmt.Sprint(value), origin, err.Error())
		return
	}
	l.v.Set(key, parsed)
	l.origins[key] = origin
}

// decode fills the struct. Every value has been parsed to its field's type, so a
// failure is a mistake in this package.
func (l *loader) decode(c *Config) {
	if err := l.v.UnmarshalExact(c, func(d *mapstructure.DecoderConfig) { d.WeaklyTypedInput = false }); err != nil {
		panic("config: " + err.Error())
	}
}

func envName(key string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// parse turns a value from any source into the type of the field.
func (f field) parse(value any) (any, error) {
	text := fmt.Sprint(value)
	switch f.value.(type) {
	case string:
		if _, ok := value.(string); !ok {
			return nil, errors.New("must be text; put it in quotes")
		}
		return text, nil
	case bool:
		switch strings.ToLower(text) {
		case "1", "on", "yes", "true":
			return true, nil
		case "0", "off", "no", "false":
			return false, nil
		}
		return nil, errors.New("must be true or false")
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, errors.New("must be a whole number")
		}
		return n, nil
	case uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, errors.New("must be a whole number, 0 or larger")
		}
		return n, nil
	case float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errors.New("must be a number")
		}
		return x, nil
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, errors.New("must be a duration with its unit, such as 30s or 5m")
		}
		return d, nil
	}
	panic(fmt.Sprintf("config: field of type %T", f.value))
}
