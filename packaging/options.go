package packaging

import (
	"path"
	"regexp"
	"strings"
)

// assignment matches what a file of options says of one variable, in one line or
// in several, in double quotes.
var assignment = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]*)="((?:[^"\\]|\\.)*)"$`)

// A Variable is one that a file of options sets.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"` // may be lines
}

// variables returns what a file of options sets, in its order.
func variables(data []byte) []Variable {
	var out []Variable
	for _, m := range assignment.FindAllSubmatch(data, -1) {
		out = append(out, Variable{string(m[1]), unquote.Replace(string(m[2]))})
	}
	return out
}

var (
	quote   = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	unquote = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
)

// Variables returns what the options of the package's services are, in the order
// of their files.
func (p Package) Variables(f Family) []Variable {
	var out []Variable
	for _, file := range p.Files {
		if path.Dir(file.Path) == f.Options {
			out = append(out, variables(file.Data)...)
		}
	}
	return out
}

// assign gives a variable another value.
func assign(data []byte, name, value string) []byte {
	value = quote.Replace(value)
	return assignment.ReplaceAllFunc(data, func(found []byte) []byte {
		if string(assignment.FindSubmatch(found)[1]) != name {
			return found
		}
		return []byte(name + `="` + value + `"`)
	})
}
