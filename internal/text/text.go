// Package text formats counts, and what others wrote, the same way in all messages.
package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
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

// Size returns a number of bytes as "12 KiB", "149 MiB".
func Size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1<<10-1)>>10)
	}
	return fmt.Sprintf("%d MiB", (n+1<<19)>>20)
}

// Printable returns s without what a terminal would take for commands: other people's names
// may hold anything. What cannot be printed is escaped as Go does.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
