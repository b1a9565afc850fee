package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// QuestionHash identifies a question by its content: the SHA-256, in hex, of the
// text with every run of white space folded into one space and none at the ends.
// Renderings of a question differ between versions of a harness in white space
// only. An empty question has no hash.
func QuestionHash(text string) string {
	folded := strings.Join(strings.Fields(text), " ")
	if folded == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(folded))
	return hex.EncodeToString(sum[:])
}
