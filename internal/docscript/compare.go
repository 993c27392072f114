package docscript

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var times = regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+(\.\d+)?s\b`)

// timeless returns a line without its times, and the blanks that align them.
func timeless(line string) string {
	return strings.Join(strings.Fields(times.ReplaceAllString(line, "0s")), " ")
}

// progress is what a pipe is told of a stage that takes long: what it works on, how much of that is done, if that
// is counted, and the time.
var progress = regexp.MustCompile(`^(  \S+(?: .*?\S)?)(  \d+(?:/\d+)? \S+)?  (?:\d+m)?\d\ds$`)

// Lasting returns the lines of an output that every machine prints: without what the go command writes of
// its downloads, and without the progress of what takes long, which depend on what the machine has.
func Lasting(printed []string) []string {
	var out []string
	for i, line := range printed {
		if !strings.HasPrefix(line, "go: downloading ") && !passing(line, printed[i+1:]) {
			out = append(out, line)
		}
	}
	return out
}

// passing reports whether a line is of a stage that goes on: it has a count, or the end of the stage comes later.
func passing(line string, later []string) bool {
	m := progress.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	return m[2] != "" || slices.ContainsFunc(later, func(l string) bool { return strings.HasPrefix(l, m[1]+" ") })
}

// Differ returns how what was printed differs from what a page shows, or "". Blank lines do not count, nor
// those that only some machines print.
func Differ(shown, printed []string) string {
	want, got := solid(shown), solid(printed)
	if matches(want, got) {
		return ""
	}
	i := 0
	for i < len(want) && i < len(got) && same(want[i], got[i]) {
		i++
	}
	return fmt.Sprintf("the page shows %q, but %q is printed, in\n%s", at(want, i), at(got, i), strings.Join(got, "\n"))
}

// solid returns the lines that are compared.
func solid(lines []string) []string {
	return slices.DeleteFunc(Lasting(lines), func(line string) bool { return strings.TrimSpace(line) == "" })
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
