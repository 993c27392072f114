// Package hint writes the commands in messages as the reader starts them: where the code
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
