// Package text formats counts the same way in all messages.
package text

import (
	"fmt"
	"strings"
)

// Count returns "1 patch", "2 patches".
func Count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ch"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
