package packaging

import (
	"regexp"
	"strings"
)

// assignment matches what a file of options says of one variable, in one line or
// in several, in double quotes.
var assignment = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]*)="([^"]*)"$`)

// variables returns the names of the variables that a file of options sets.
func variables(data []byte) []string {
	var out []string
	for _, m := range assignment.FindAllSubmatch(data, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

// assign gives a variable another value.
func assign(data []byte, name, value string) []byte {
	value = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	return assignment.ReplaceAllFunc(data, func(found []byte) []byte {
		if string(assignment.FindSubmatch(found)[1]) != name {
			return found
		}
		return []byte(name + `="` + value + `"`)
	})
}
