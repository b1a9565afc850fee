package details

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Card is the front matter of a repository's README.
type Card struct {
	PrettyName string // "Evaluation run of org/model"
	RepoURL    string // "https://huggingface.co/org/model"
	Configs    []Config
}

// Config is a task's part of a card.
type Config struct {
	Name   string // "harness_arc_challenge_25"
	Splits []Split
}

// Split is a run of a config, or "latest".
type Split struct {
	Name  string
	Paths []string // "**/" and a base name, mostly
}

// MaxCard bounds the front matter that is read; the longest known is 113 kB.
const MaxCard = 2 << 20

// ParseCard reads the front matter of a README: YAML between two lines "---". A
// README without one gives an empty card.
func ParseCard(readme []byte) (*Card, error) {
	text, ok := frontMatter(readme)
	if !ok {
		return &Card{}, nil
	}
	if len(text) > MaxCard {
		return nil, fmt.Errorf("card: front matter of %d bytes, at most %d are read", len(text), MaxCard)
	}
	var raw struct {
		PrettyName yaml.Node `yaml:"pretty_name"`
		RepoURL    yaml.Node `yaml:"repo_url"`
		Configs    []struct {
			Name  string    `yaml:"config_name"`
			Files yaml.Node `yaml:"data_files"`
		} `yaml:"configs"`
	}
	if err := unmarshalYAML(text, &raw); err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	card := &Card{PrettyName: raw.PrettyName.Value, RepoURL: raw.RepoURL.Value}
	for _, c := range raw.Configs {
		card.Configs = append(card.Configs, Config{Name: c.Name, Splits: splits(&c.Files)})
	}
	return card, nil
}

// unmarshalYAML turns the library's panics on malformed text into errors.
func unmarshalYAML(text []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("malformed YAML")
		}
	}()
	return yaml.Unmarshal(text, v)
}

func frontMatter(readme []byte) ([]byte, bool) {
	readme = bytes.ReplaceAll(bytes.TrimPrefix(readme, []byte("\xef\xbb\xbf")), []byte("\r\n"), []byte("\n"))
	rest, ok := bytes.CutPrefix(readme, []byte("---\n"))
	if !ok {
		return nil, false
	}
	end := bytes.Index(rest, []byte("\n---"))
	if end < 0 {
		return nil, false
	}
	return rest[:end], true
}

// splits reads data_files in any of its forms: a list of {split, path}, where path
// is a text or a list of them; a list of texts; one text.
func splits(n *yaml.Node) []Split {
	switch n.Kind {
	case yaml.ScalarNode:
		return []Split{{Name: "train", Paths: []string{n.Value}}}
	case yaml.SequenceNode:
		var all []Split
		for _, item := range n.Content {
			if item.Kind == yaml.ScalarNode {
				all = append(all, Split{Name: "train", Paths: []string{item.Value}})
				continue
			}
			if item.Kind != yaml.MappingNode {
				continue
			}
			var s Split
			for i := 0; i+1 < len(item.Content); i += 2 {
				switch key, value := item.Content[i].Value, item.Content[i+1]; key {
				case "split":
					s.Name = value.Value
				case "path":
					s.Paths = scalars(value)
				}
			}
			all = append(all, s)
		}
		return all
	}
	return nil
}

func scalars(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var all []string
	for _, item := range n.Content {
		if item.Kind == yaml.ScalarNode {
			all = append(all, item.Value)
		}
	}
	return all
}

// Model is the id of the model that the card names, verbatim; empty when it names none.
func (c *Card) Model() string {
	for _, prefix := range []string{"Evaluation run of ", "Evaluation report of "} {
		if id, ok := strings.CutPrefix(c.PrettyName, prefix); ok && id != "" {
			return id
		}
	}
	if u, err := url.Parse(c.RepoURL); err == nil && u.Host != "" {
		return strings.Trim(u.Path, "/")
	}
	return ""
}
