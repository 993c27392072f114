// Package near finds the name that somebody meant who wrote another: for the end of
// an error about an unknown name.
package near

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name returns the name that is nearest to word, or "" if none is near. Upper and lower
// case are the same. A name is near that differs in a letter or two, in fewer than half
// of its letters, or in two that changed places, or that has word as its beginning or its end. Of several that are
// equally near it is the first.
func Name(word string, names []string) string {
	lower := strings.ToLower(word)
	best, distance := "", 0
	for _, name := range names {
		d := apart(lower, strings.ToLower(name))
		if d >= 0 && (best == "" || d < distance) {
			best, distance = name, d
		}
	}
	return best
}

// apart returns how far two words are from each other, or -1 if they are not near.
func apart(word, name string) int {
	if len(word) == 0 || len(name) == 0 {
		return -1
	}
	d := levenshtein.ComputeDistance(word, name)
	switch {
	case d == 2 && swapped(word, name):
		return 1
	case d <= 2 && 2*d < max(len(word), len(name)):
		return d
	case len(word) >= 3 && (strings.HasPrefix(name, word) || strings.HasSuffix(name, word)):
		return 3 // behind all that look like a slip of the finger
	}
	return -1
}

// swapped reports whether two words are the same but for two letters beside each other that
// changed places.
func swapped(a, b string) bool {
	for i := range len(a) - 1 {
		if a[:i]+a[i+1:i+2]+a[i:i+1]+a[i+2:] == b {
			return true
		}
	}
	return false
}

// Hint returns "; did you mean NAME?" for the end of an error, or "" if no name is near.
func Hint(word string, names ...string) string {
	if name := Name(word, names); name != "" && !slices.Contains(names, word) {
		return "; did you mean " + name + "?"
	}
	return ""
}

// An UnknownError is about a name on the command line, of a fork or a package for example, that
// is not one of those that there are.
type UnknownError struct{ text string }

// Unknown returns an UnknownError about word, with a text and Hint's at its end.
func Unknown(word string, names []string, format string, args ...any) error {
	return &UnknownError{fmt.Sprintf(format, args...) + Hint(word, names...)}
}

func (e *UnknownError) Error() string { return e.text }

// ExitStatus returns the exit code of a command that names it: that of a wrong line.
func (e *UnknownError) ExitStatus() int { return 2 }
