// Package config reads YAML into structs strictly: it refuses what no field
// takes, reports all faults of a file together, and knows which line each
// field is on.
package config

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/internal/lineerr"
	"github.com/slipway-build/slipway/internal/near"
)

// A Fault is one thing wrong with a configuration.
type Fault struct {
	Field   string // its path: build.components[2].main
	Message string // what is wrong, and what to write instead
}

// Faultf returns the fault of a field.
func Faultf(field, format string, args ...any) Fault {
	return Fault{field, fmt.Sprintf(format, args...)}
}

// At returns the fault of a list's item.
func At(list string, i int, format string, args ...any) Fault {
	return Faultf(fmt.Sprintf("%s[%d]", list, i), format, args...)
}

// Below returns the faults of a section as faults of what holds it.
func Below(field string, faults []Fault) []Fault {
	out := slices.Clone(faults)
	for i, f := range out {
		sep := "."
		if f.Field == "" || f.Field[0] == '[' {
			sep = ""
		}
		out[i].Field = field + sep + f.Field
	}
	return out
}

// A File is a configuration that was read.
type File struct {
	name  string
	lines map[string]int
	form  []placed // what fits no field
}

// placed is a fault and the line it is on.
type placed struct {
	Fault
	line int
}

// Read decodes what fits of the YAML in data, which came from the file of that
// name, into the struct that into points to. The File knows what did not fit:
// ask its Check, with what else is wrong.
func Read(name string, data []byte, into any) (*File, error) {
	f := &File{name: name, lines: map[string]int{}}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &lineerr.Error{File: name, Line: 1, Err: errors.New("the file is empty")}
	} else if err != nil {
		return nil, syntax(name, err)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, &lineerr.Error{File: name, Line: more.Line, Err: errors.New("a second document begins here: want one")}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(name, err)
	}
	f.walk(doc.Content[0], reflect.TypeOf(into).Elem(), "")
	var kinds *yaml.TypeError
	if err := doc.Decode(into); err != nil && (len(f.form) == 0 || !errors.As(err, &kinds)) {
		return nil, syntax(name, err)
	}
	return f, nil
}

// syntax returns what the YAML library says, which has the line in its text alone.
func syntax(name string, err error) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, message, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			text, line = message, n
		}
	}
	return &lineerr.Error{File: name, Line: line, Err: errors.New(text)}
}

// Check returns what did not fit, and the faults of meaning in what did, as one
// error that joins a *lineerr.Error for each, in the order of the file; nil if there is
// neither.
func (f *File) Check(meaning []Fault) error {
	faults := slices.Clone(f.form)
	for _, m := range meaning {
		if !slices.ContainsFunc(f.form, func(o placed) bool { return within(m.Field, o.Field) || within(o.Field, m.Field) }) {
			faults = append(faults, placed{m, f.line(m.Field)})
		}
	}
	slices.SortStableFunc(faults, func(a, b placed) int { return cmp.Compare(a.line, b.line) })
	errs := make([]error, len(faults))
	for i, fault := range faults {
		message := fault.Message
		if fault.Field != "" {
			message = fault.Field + ": " + message
		}
		errs[i] = &lineerr.Error{File: f.name, Line: fault.line, Err: errors.New(message)}
	}
	return errors.Join(errs...)
}

// Has reports whether the file sets a field, well or not.
func (f *File) Has(field string) bool {
	_, ok := f.lines[field]
	return ok
}

// within reports whether a field is the other, or part of it.
func within(field, other string) bool {
	rest, ok := strings.CutPrefix(field, other)
	return ok && other != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// line returns the line of a field, or of the nearest section around it.
func (f *File) line(field string) int {
	for {
		if n, ok := f.lines[field]; ok {
			return n
		}
		i := strings.LastIndexAny(field, ".[")
		if i < 0 {
			return max(1, f.lines[""])
		}
		field = field[:i]
	}
}

// misfit notes that the value at path does not fit.
func (f *File) misfit(path string, n *yaml.Node, message string) {
	f.form = append(f.form, placed{Fault{path, message}, n.Line})
}

// walk notes the lines of a node and all below it, and what does not fit the
// type.
func (f *File) walk(n *yaml.Node, t reflect.Type, path string) {
	if _, ok := f.lines[path]; !ok {
		f.lines[path] = n.Line
	}
	if n.Kind == yaml.AliasNode {
		there := *n.Alias
		there.Line = n.Line // a fault is where the alias is
		n = &there
	}
	switch t.Kind() {
	case reflect.Pointer:
		f.walk(n, t.Elem(), path)
	case reflect.Struct, reflect.Map:
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || !reflect.PointerTo(t).Implements(words) {
			f.walkKeys(n, t, path)
		}
	case reflect.Slice:
		f.walkList(n, t, path)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			f.misfit(path, n, "want true or false")
		}
	case reflect.Int:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" {
			f.misfit(path, n, "want a whole number")
		}
	default:
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			f.misfit(path, n, "want a single value")
		}
	}
}

// words is what a struct implements that may be written as a single word instead of keys and values.
var words = reflect.TypeFor[encoding.TextUnmarshaler]()

// walkKeys walks over the keys of a struct or a map.
func (f *File) walkKeys(n *yaml.Node, t reflect.Type, path string) {
	known, types := keys(t)
	if n.Kind != yaml.MappingNode {
		message := "want keys and values"
		if known != nil {
			message += ", one of: " + strings.Join(known, ", ")
		}
		f.misfit(path, n, message)
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if _, twice := f.lines[at]; twice {
			f.misfit(at, key, "is set a second time")
			// The decoder would refuse the whole file for it.
			n.Content = slices.Delete(n.Content, i, i+2)
			i -= 2
			continue
		}
		f.lines[at] = key.Line
		index := slices.Index(known, key.Value)
		switch {
		case known == nil:
			f.walk(value, t.Elem(), at)
		case index < 0:
			f.misfit(at, key, "unknown key; known here: "+strings.Join(known, ", ")+near.Hint(key.Value, known...))
		default:
			f.walk(value, types[index], at)
		}
	}
}

func (f *File) walkList(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind != yaml.SequenceNode {
		f.misfit(path, n, "want a list, such as [a, b]")
		return
	}
	for i, item := range n.Content {
		f.walk(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// keys returns the YAML keys of a struct's fields and their types, in order, and
// nil for a map. The fields of an inlined struct are among them.
func keys(t reflect.Type) (names []string, types []reflect.Type) {
	if t.Kind() == reflect.Map {
		return nil, nil
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, flag, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case flag == "inline":
			inner, of := keys(field.Type)
			names, types = append(names, inner...), append(types, of...)
		case field.IsExported() && name != "-":
			names, types = append(names, name), append(types, field.Type)
		}
	}
	return names, types
}
