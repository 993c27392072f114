// Package hint writes what the code says of commands as their reader knows them: where it
// says "mage cross", somebody who called slipway reads "slipway cross".
package hint

import (
	"regexp"
	"slices"
	"strings"
)

// command is mage, or go tool mage, with the word behind it.
var command = regexp.MustCompile("(^|[\\s\"'(`])(go tool )?mage (-[lh]\\b|[A-Za-z][A-Za-z0-9:]*)")

// As returns a text whose commands begin with the words of called in place of mage, where
// they name one of the targets or ask for help.
func As(text, called string, targets []string) string {
	return command.ReplaceAllStringFunc(text, func(found string) string {
		part := command.FindStringSubmatch(found)
		same := func(name string) bool { return strings.EqualFold(name, part[3]) }
		if part[3][0] != '-' && !slices.ContainsFunc(targets, same) {
			return found
		}
		return part[1] + called + " " + part[3]
	})
}

// Doc returns the comment of a Go function without the function's name, with which it begins:
// "Cross compiles a fork." is "Compiles a fork.".
func Doc(comment, name string) string {
	first, rest, _ := strings.Cut(comment, " ")
	if first != name || rest == "" {
		return comment
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

var innerCapital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// Flag returns the name of a flag for the parameter of a Go function: dry-run for dryRun.
func Flag(name string) string {
	return strings.ToLower(innerCapital.ReplaceAllString(name, "$1-$2"))
}
