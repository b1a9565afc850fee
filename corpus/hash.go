package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// QuestionHash identifies a question by its content: the SHA-256, in hexadecimal digits, of the
// text with every run of white space replaced by one space, and without white space at the
// ends. Most versions of the harness render a question differently in white space only. The
// hash of an empty question is empty.
func QuestionHash(text string) string {
	folded := strings.Join(strings.Fields(text), " ")
	if folded == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(folded))
	return hex.EncodeToString(sum[:])
}
