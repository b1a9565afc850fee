package irt

import (
	"fmt"
	"strings"
)

// Kind is the number of free parameters of the items' curves.
type Kind uint8

// The three models, each nested in the next.
const (
	TwoPL   Kind = 2 // slope and intercept
	ThreePL Kind = 3 // and a lower asymptote
	FourPL  Kind = 4 // and an upper asymptote
)

// Kinds lists the models from the poorest to the richest.
func Kinds() []Kind { return []Kind{TwoPL, ThreePL, FourPL} }

// Params returns the number of free parameters of an item.
func (k Kind) Params() int { return int(k) }

// String returns "2PL", "3PL" or "4PL".
func (k Kind) String() string { return fmt.Sprintf("%dPL", uint8(k)) }

// ParseKind reads "2PL", "3PL" or "4PL", in either case.
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if strings.EqualFold(s, k.String()) {
			return k, nil
		}
	}
	return 0, fmt.Errorf("model %q is none of 2PL, 3PL, 4PL", s)
}

// MarshalText writes the name of the model.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the name of a model.
func (k *Kind) UnmarshalText(text []byte) error {
	parsed, err := ParseKind(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}
