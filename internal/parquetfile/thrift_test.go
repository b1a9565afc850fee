package parquetfile

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// The footer's counts are a stranger's words: a list that claims more elements than
// there are bytes must not be believed.
func TestSkimRefusesImpossibleCounts(t *testing.T) {
	for name, data := range map[string][]byte{
		"list_of_two_billion":     {0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00},
		"string_beyond_the_end":   {0x18, 0x7f, 'a', 0x00},
		"nested_without_end":      bytes.Repeat([]byte{0x1c}, 100),
		"lists_in_lists":          bytes.Repeat([]byte{0x19}, 100),
		"number_without_end":      {0x15, 0x80, 0x80},
		"map":                     {0x1b, 0x01, 0x55, 0x00},
		"nothing":                 {},
		"structure_never_stopped": {0x15, 0x02},
		"too_many_in_two_lists":   slices.Concat([]byte{0x19, 0xfc, 0x80, 0x20}, make([]byte, 4096), []byte{0x19, 0xfc, 0x81, 0x20}, make([]byte, 4200)),
		"too_many_structures":     append([]byte{0x19, 0xfc, 0x81, 0x40}, make([]byte, 9000)...),
	} {
		if _, err := skim(data, Limits{List: 8192, Structures: 8192}); !errors.Is(err, errSkim) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := skim([]byte{0x15, 0x02, 0x19, 0x25, 0x02, 0x04, 0x00, 0xff}, Limits{}); err != nil || n != 7 {
		t.Errorf("an honest structure: %d bytes, %v", n, err)
	}
}
