package docscript

import (
	"fmt"
	"regexp"
	"strings"
)

var times = regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+(\.\d+)?s\b`)

// timeless returns a line without its times, and the blanks that align them.
func timeless(line string) string {
	return strings.Join(strings.Fields(times.ReplaceAllString(line, "0s")), " ")
}

// Differ returns how what was printed differs from what a page shows, or "". Lines that the go
// command writes of its downloads are not looked at, since they depend on what the machine has.
func Differ(shown, printed []string) string {
	var got []string
	for _, line := range printed {
		if !strings.HasPrefix(line, "go: downloading ") && strings.TrimSpace(line) != "" {
			got = append(got, line)
		}
	}
	var want []string
	for _, line := range shown {
		if strings.TrimSpace(line) != "" {
			want = append(want, line)
		}
	}
	if matches(want, got) {
		return ""
	}
	i := 0
	for i < len(want) && i < len(got) && same(want[i], got[i]) {
		i++
	}
	return fmt.Sprintf("the page shows %q, but %q is printed, in\n%s", at(want, i), at(got, i), strings.Join(got, "\n"))
}

// at returns a line, or where there is none, that it is the end.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "the end"
}

// matches compares lines. An ellipsis is any number of them.
func matches(want, got []string) bool {
	for i, line := range want {
		if line = strings.TrimSpace(line); line == "..." || line == "…" {
			for skip := range len(got) - i + 1 {
				if matches(want[i+1:], got[i+skip:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || !same(line, got[i]) {
			return false
		}
	}
	return len(want) == len(got)
}

// same compares two lines. An ellipsis in the first is any text.
func same(want, got string) bool {
	parts := strings.Split(timeless(want), "…")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	is := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
	return is.MatchString(timeless(got))
}
