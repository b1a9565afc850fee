package ability

import (
	"fmt"
	"strings"
)

// Method is a rule for estimating an ability.
type Method uint8

// The methods. MAP, EAP and EAPSum have a standard normal prior, ML and WLE none.
const (
	MAP    Method = iota // mode of the posterior
	EAP                  // mean of the posterior
	EAPSum               // mean of the posterior given only the sum of the answers
	ML                   // maximum of the likelihood, within Options.Bound
	WLE                  // Warm's weighted likelihood, within Options.Bound
)

var methodNames = [...]string{MAP: "MAP", EAP: "EAP", EAPSum: "EAPsum", ML: "ML", WLE: "WLE"}

// Methods lists all methods.
func Methods() []Method { return []Method{MAP, EAP, EAPSum, ML, WLE} }

// String returns the usual name, such as "MAP".
func (m Method) String() string {
	if int(m) < len(methodNames) {
		return methodNames[m]
	}
	return fmt.Sprintf("Method(%d)", uint8(m))
}

// ParseMethod reads a name as String writes it, in any case.
func ParseMethod(s string) (Method, error) {
	for _, m := range Methods() {
		if strings.EqualFold(s, m.String()) {
			return m, nil
		}
	}
	return 0, fmt.Errorf("ability method %q is none of MAP, EAP, EAPsum, ML, WLE", s)
}

// MarshalText writes the name of the method.
func (m Method) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the name of a method.
func (m *Method) UnmarshalText(text []byte) error {
	parsed, err := ParseMethod(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
