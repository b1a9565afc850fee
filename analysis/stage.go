package analysis

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Cache keeps the outputs of stages between builds. The warehouse is one.
type Cache interface {
	// Stage returns the output kept for a benchmark's stage, if it was computed
	// from inputs with this fingerprint.
	Stage(ctx context.Context, benchmark, stage, fingerprint string) (output []byte, ok bool, err error)

	// StoreStage keeps an output in place of the stage's earlier one.
	StoreStage(ctx context.Context, benchmark, stage, fingerprint string, output []byte) error
}

// Reporter is told how a stage gets on: done of total units of its own choosing.
type Reporter func(stage string, done, total int)

// stageVersion is part of every fingerprint. Raise it when a stage computes
// something else from the same inputs.
const stageVersion = 5

// stages runs the stages of one benchmark, each from the outputs of earlier ones.
type stages struct {
	benchmark string
	cache     Cache
	report    Reporter
	rerun     string // stage whose kept output is not to be used; empty for none
}

// run returns the stage's output for the inputs that key describes: the kept one
// if it was computed from the same inputs, else a new one, which it keeps. The
// fingerprint returned stands for the output in the keys of later stages.
func run[T any](ctx context.Context, s stages, name string, key any, compute func(report func(done, total int)) (T, error)) (out T, fingerprint string, err error) {
	fingerprint, err = fingerprintOf(name, key)
	if err != nil {
		return out, "", err
	}
	if name != s.rerun {
		kept, ok, err := s.cache.Stage(ctx, s.benchmark, name, fingerprint)
		if err != nil {
			return out, "", fmt.Errorf("stage %s of %s: %w", name, s.benchmark, err)
		}
		if ok {
			// An output that another version of the program wrote in another form
			// is computed again.
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
