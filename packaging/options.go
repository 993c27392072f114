package packaging

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
)

// assignment matches an assignment in a file of options, on one line or several,
// in double quotes.
var assignment = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]*)="((?:[^"\\]|\\.)*)"$`)

// A Variable is one that a file of options sets.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"` // may have several lines
}

// variables returns the variables that a file of options sets, in its order.
func variables(data []byte) []Variable {
	var out []Variable
	for _, m := range assignment.FindAllSubmatch(data, -1) {
		out = append(out, Variable{string(m[1]), unquote.Replace(string(m[2]))})
	}
	return out
}

// unquote is what EnvironmentFile of systemd reads between double quotes. A shell reads
// the same if all of them are quoted.
var unquote = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, "$", "\\`", "`")

// Variables returns the variables with the options of the package's services, in
// the order of their files.
func (p Package) Variables(f Family) []Variable {
	var out []Variable
	for _, file := range p.Files {
		if path.Dir(file.Path) == f.Options {
			out = append(out, variables(file.Data)...)
		}
	}
	return out
}

// setOptions gives variables in the files of options below dir the values that
// fork.yaml has for the package.
func (c contents) setOptions(pkg, dir string, values map[string]string) error {
	known := map[string]string{} // variable to its file
	for _, at := range slices.Sorted(maps.Keys(c)) {
		if path.Dir(at) == dir {
			for _, v := range variables(c[at].Data) {
				known[v.Name] = at
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at, ok := known[name]
		if !ok {
			return fmt.Errorf("packages.options.%s: unknown variable %s; the package has %s",
				pkg, name, list(slices.Sorted(maps.Keys(known))))
		}
		f := c[at]
		f.Data = assign(f.Data, name, values[name])
		c[at] = f
	}
	return nil
}

// assign returns a file of options where a variable has another value.
func assign(data []byte, name, value string) []byte {
	value = shell.QuoteInside(value)
	return assignment.ReplaceAllFunc(data, func(found []byte) []byte {
		if string(assignment.FindSubmatch(found)[1]) != name {
			return found
		}
		return []byte(name + `="` + value + `"`)
	})
}
