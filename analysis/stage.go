package analysis

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Cache keeps the outputs of stages between builds. The warehouse is one.
type Cache interface {
	// Stage returns the output kept for a benchmark's stage, if it was computed
	// from inputs with this fingerprint.
	Stage(ctx context.Context, benchmark, stage, fingerprint string) (output []byte, ok bool, err error)

	// StoreStage keeps an output in place of the stage's earlier one.
	StoreStage(ctx context.Context, benchmark, stage, fingerprint string, output []byte) error
}

// Reporter is called with the progress of a stage: done of total units.
type Reporter func(stage string, done, total int)

// stageVersion is part of every fingerprint. Raise it when a stage computes
// something else from the same inputs.
const stageVersion = 7

// stages runs the stages of one benchmark, each from the outputs of earlier ones.
type stages struct {
	benchmark string
	cache     Cache
	report    Reporter
	rerun     string // stage, or kind of stages, whose cached output is not used; empty for none
}

// Stages returns the kinds of stages that a build has, in order. A stage's full name is
// its kind and its form or scheme, such as "choose A random".
func Stages() []string {
	var kinds []string
	for _, s := range stageNames {
		kinds = append(kinds, s.kind)
	}
	return kinds
}

// IsStage reports whether a name is a kind of stages or the full name of one.
func IsStage(name string) bool {
	for _, s := range stageNames {
		for _, full := range s.names {
			if isStage(full, name) {
				return true
			}
		}
	}
	return false
}

// isStage reports whether a full name is the one asked for, or of the kind asked for.
func isStage(full, asked string) bool {
	return full == asked || asked != "" && strings.HasPrefix(full, asked+" ")
}

var stageNames = func() []stageName {
	forms := []string{"A random", "B random", "A family", "B family"}
	of := func(kind string, of ...string) stageName {
		s := stageName{kind, []string{}}
		for _, o := range of {
			s.names = append(s.names, kind+" "+o)
		}
		if len(of) == 0 {
			s.names = append(s.names, kind)
		}
		return s
	}
	return []stageName{
		of("split", schemeRandom, schemeFamily), of("preselect", forms...), of("calibrate", forms...), of("filter", forms...),
		of("published", forms...), of("size", forms...), of("choose", forms...), of("pinned", forms...), of("scale", "A random", "B random"),
		of("chance", "A", "B"), of("learning curve"), of("reconstruct", "A", "B"),
	}
}()

// stageName is a kind of stages with the full names that it has.
type stageName struct {
	kind  string
	names []string
}

// run returns the stage's output for the inputs that key describes: the cached one
// if it was computed from the same inputs, else a new one, which it caches. The
// fingerprint returned identifies the output in the keys of later stages.
func run[T any](ctx context.Context, s stages, name string, key any, compute func(report func(done, total int)) (T, error)) (out T, fingerprint string, err error) {
	fingerprint, err = fingerprintOf(name, key)
	if err != nil {
		return out, "", err
	}
	if !isStage(name, s.rerun) {
		kept, ok, err := s.cache.Stage(ctx, s.benchmark, name, fingerprint)
		if err != nil {
			return out, "", fmt.Errorf("stage %s of %s: %w", name, s.benchmark, err)
		}
		if ok {
			// What another version of the program encoded otherwise is computed again.
			if gob.NewDecoder(bytes.NewReader(kept)).Decode(&out) == nil {
				return out, fingerprint, nil
			}
			out = *new(T)
		}
	}
	title := s.benchmark + " " + name
	s.report(title, 0, 1)
	out, err = compute(func(done, total int) {
		if done < total { // the stage is not done before its output is kept
			s.report(title, done, total)
		}
	})
	if err != nil {
		return out, "", fmt.Errorf("stage %s of %s: %w", name, s.benchmark, err)
	}
	var kept bytes.Buffer
	if err := gob.NewEncoder(&kept).Encode(&out); err != nil {
		return out, "", fmt.Errorf("stage %s of %s: %w", name, s.benchmark, err)
	}
	if err := s.cache.StoreStage(ctx, s.benchmark, name, fingerprint, kept.Bytes()); err != nil {
		return out, "", fmt.Errorf("stage %s of %s: %w", name, s.benchmark, err)
	}
	s.report(title, 1, 1)
	return out, fingerprint, nil
}

// fingerprintOf is the SHA-256 of a stage's name, the code's stage version and the
// inputs, written as JSON (whose struct fields keep their order).
func fingerprintOf(stage string, key any) (string, error) {
	text, err := json.Marshal(struct {
		Stage   string
		Version int
		Key     any
	}{stage, stageVersion, key})
	if err != nil {
		return "", fmt.Errorf("fingerprint of stage %s: %w", stage, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
