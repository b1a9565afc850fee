package warehouse

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests, or plays the part of a process that is going to be
// killed: see fault_test.go.
func TestMain(m *testing.M) {
	if os.Getenv(childMode) != "" {
		os.Exit(childMain())
	}
	goleak.VerifyTestMain(m)
}
