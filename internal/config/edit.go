package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Set returns the YAML in data with a field, as upstream.module, set to value.
// All else stays as it is written. A field that is not there becomes the last
// of its section, which has to be there.
func Set(data []byte, field, value string) ([]byte, error) {
	return edit(data, field, value, func(lines []string, parent, key, val *yaml.Node) ([]string, error) {
		if key == nil {
			_, name := cutField(field)
			at := lastLine(parent)
			line := strings.Repeat(" ", parent.Content[0].Column-1) + name + ": " + value
			return slices.Insert(lines, at, line), nil
		}
		if val.Kind != yaml.ScalarNode || lastLine(val) != val.Line {
			return nil, errors.New("its value is not on one line")
		}
		line := lines[val.Line-1]
		from := val.Column - 1
		lines[val.Line-1] = line[:from] + value + line[from+scalarLen(line[from:], val):]
		return lines, nil
	})
}

// Drop returns the YAML in data without a field. All else stays as it is
// written. A missing field is not an error.
func Drop(data []byte, field string) ([]byte, error) {
	return edit(data, field, "", func(lines []string, parent, key, val *yaml.Node) ([]string, error) {
		if key == nil {
			return lines, nil
		}
		return slices.Delete(lines, key.Line-1, lastLine(val)), nil
	})
}

// Append returns the YAML in data with an item, whose fields are key and value
// in turn, at the end of the top-level list of that name, which is made if it
// is not there.
func Append(data []byte, list string, fields ...string) ([]byte, error) {
	item := func(indent string) []string {
		var lines []string
		for i := 0; i < len(fields); i += 2 {
			lines = append(lines, indent+"  "+fields[i]+": "+fields[i+1])
		}
		lines[0] = indent + "- " + strings.TrimSpace(lines[0])
		return lines
	}
	return edit(data, list, "", func(lines []string, parent, key, val *yaml.Node) ([]string, error) {
		if key == nil {
			for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
				lines = lines[:len(lines)-1]
			}
			return append(append(lines, list+":"), append(item("  "), "")...), nil
		}
		if words, ok := wordsOf(lines, key, val); ok {
			block := slices.Concat([]string{list + ":"}, words, item("  "))
			return slices.Replace(lines, key.Line-1, key.Line, block...), nil
		}
		if val.Kind != yaml.SequenceNode || val.Style&yaml.FlowStyle != 0 || len(val.Content) == 0 {
			return nil, errors.New("it is not a list with an item a line")
		}
		return slices.Insert(lines, lastLine(val), item(strings.Repeat(" ", val.Column-1))...), nil
	})
}

// Truncate returns the YAML in data with no more than the first n items of the
// top-level list of that name, and without the list if n is 0.
func Truncate(data []byte, list string, n int) ([]byte, error) {
	if n == 0 {
		return Drop(data, list)
	}
	return edit(data, list, "", func(lines []string, parent, key, val *yaml.Node) ([]string, error) {
		words, ok := wordsOf(lines, key, val)
		if !ok && (key == nil || val.Kind != yaml.SequenceNode || val.Style&yaml.FlowStyle != 0) {
			return nil, errors.New("it is not a list with an item a line")
		}
		if len(val.Content) <= n {
			return lines, nil
		}
		if ok {
			return slices.Replace(lines, key.Line-1, key.Line, append([]string{list + ":"}, words[:n]...)...), nil
		}
		return slices.Delete(lines, val.Content[n].Line-1, lastLine(val)), nil
	})
}

// wordsOf returns the items of a list of words that is on one line with its key, as
// [a, b], with a line for each.
func wordsOf(lines []string, key, val *yaml.Node) (items []string, ok bool) {
	if key == nil || val.Kind != yaml.SequenceNode || val.Style&yaml.FlowStyle == 0 || len(val.Content) == 0 ||
		!strings.HasSuffix(strings.TrimSpace(lines[key.Line-1]), "]") {
		return nil, false
	}
	for _, word := range val.Content {
		if word.Kind != yaml.ScalarNode || word.Style != 0 || word.Line != key.Line {
			return nil, false
		}
		items = append(items, "  - "+word.Value)
	}
	return items, true
}

// A change returns the lines of a file with a field changed. parent is the field's
// section; key and val are nil where the field is not there.
type change func(lines []string, parent, key, val *yaml.Node) ([]string, error)

// edit finds a field and has change change the lines of the file. The result has
// to be YAML again.
func edit(data []byte, field, value string, change change) ([]byte, error) {
	byHand := func(err error) error {
		return fmt.Errorf("%s cannot be changed here: %w: write %q by hand", field, err, strings.TrimSpace(field+": "+value))
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, byHand(err)
	}
	parent := doc.Content[0]
	section, name := cutField(field)
	if section != "" {
		if _, parent = child(parent, section); parent == nil {
			return nil, byHand(fmt.Errorf("there is no %s", section))
		}
	}
	if parent.Kind != yaml.MappingNode || parent.Style&yaml.FlowStyle != 0 {
		return nil, byHand(errors.New("its section is written on one line"))
	}
	key, val := child(parent, name)
	lines, err := change(strings.Split(string(data), "\n"), parent, key, val)
	if err != nil {
		return nil, byHand(err)
	}
	out := []byte(strings.Join(lines, "\n"))
	if err := yaml.Unmarshal(out, &doc); err != nil {
		return nil, byHand(err)
	}
	return out, nil
}

// cutField takes the last name off a field's path.
func cutField(field string) (section, name string) {
	i := strings.LastIndex(field, ".")
	return field[:max(i, 0)], field[i+1:]
}

// child returns a key of a mapping and its value.
func child(mapping *yaml.Node, name string) (key, val *yaml.Node) {
	if mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// lastLine returns the number of the last line of a node.
func lastLine(n *yaml.Node) int {
	last := n.Line
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		last += strings.Count(n.Value, "\n")
	}
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}

// scalarLen returns how many bytes of the text a scalar is written with.
func scalarLen(text string, n *yaml.Node) int {
	quote := ""
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		quote = `"`
	case n.Style&yaml.SingleQuotedStyle != 0:
		quote = "'"
	}
	if quote != "" {
		return 2 + strings.Index(text[1:], quote)
	}
	return len(n.Value)
}
