package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// DefaultEndpoint is the public Hub.
const DefaultEndpoint = "https://huggingface.co"

// Environment is what the Hub's own tools read from the environment.
type Environment struct {
	Endpoint string // HF_ENDPOINT
	Token    string // HF_TOKEN, or read from the token file
	Offline  bool   // HF_HUB_OFFLINE
}

// LoadEnvironment reads HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME and
// HF_HUB_OFFLINE as the Hub's own tools do: the token from HF_TOKEN, or from the
// file HF_TOKEN_PATH, or $HF_HOME/token, or ~/.cache/huggingface/token. A file that
// doesn't exist means no token. With HF_HUB_DISABLE_IMPLICIT_TOKEN no file is read.
func LoadEnvironment(getenv func(string) string, readFile func(string) ([]byte, error)) (Environment, error) {
	env := Environment{Endpoint: getenv("HF_ENDPOINT"), Offline: truth(getenv("HF_HUB_OFFLINE"))}
	if env.Endpoint == "" {
		env.Endpoint = DefaultEndpoint
	}
	token := getenv("HF_TOKEN")
	if token == "" {
		token = getenv("HUGGING_FACE_HUB_TOKEN") // deprecated, still set by many
	}
	if path := tokenPath(getenv); token == "" && path != "" && !truth(getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		text, err := readFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Environment{}, fmt.Errorf("read token file: %w; correct HF_TOKEN_PATH or the file's permissions", err)
		}
		token = string(text)
	}
	env.Token = strings.TrimSpace(token)
	for i := range len(env.Token) {
		if env.Token[i] <= ' ' || env.Token[i] >= 0x7f {
			return Environment{}, errors.New("the token contains characters that are not allowed in one; check HF_TOKEN or the token file")
		}
	}
	return env, nil
}

func tokenPath(getenv func(string) string) string {
	if path := getenv("HF_TOKEN_PATH"); path != "" {
		return path
	}
	if home := getenv("HF_HOME"); home != "" {
		return filepath.Join(home, "token")
	}
	if cache := getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "huggingface", "token")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "huggingface", "token")
	}
	return ""
}

func truth(s string) bool {
	switch strings.ToUpper(s) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}
