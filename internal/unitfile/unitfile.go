// Package unitfile reads systemd's unit files as systemd reads them: with
// continued lines, comments between them, values that reset a list, quotes, escapes
// and specifiers.
//
//	unit, err := unitfile.Parse("bosun.service", data)
//	for _, s := range unit.All("Service", "ExecStart") {
//		commands, err := s.Commands()
//		…
//	}
//
// The errors of this package begin with the file and the line.
package unitfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// space is what systemd takes for white space.
const space = " \t\n\r"

// A Setting is one assignment of a unit file.
type Setting struct {
	File    string
	Line    int // where it begins, from 1
	Section string
	Key     string
	Value   string // without white space around it; continued lines are joined
}

// Errorf returns an error about the setting.
func (s Setting) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s=: %s", s.File, s.Line, s.Key, fmt.Sprintf(format, args...))
}

// A Unit is the settings of a unit file and its drop-ins, in the order in which
// systemd reads them.
type Unit []Setting

// Parse reads a unit file, or a drop-in. What systemd would skip with a warning is
// an error.
func Parse(file string, data []byte) (Unit, error) {
	var u Unit
	section := ""
	for _, l := range logical(data) {
		fail := func(text string) (Unit, error) { return nil, fmt.Errorf("%s:%d: %s", file, l.number, text) }
		switch key, value, assigns := strings.Cut(l.text, "="); {
		case !utf8.ValidString(l.text) || strings.Contains(l.text, "\x00"):
			return fail("the line is not UTF-8 text")
		case l.text == "":
		case l.text[0] == '[':
			name, closed := strings.CutSuffix(l.text[1:], "]")
			if !closed {
				return fail(fmt.Sprintf("the section %s has no ] at its end", l.text))
			}
			section = name
		case !assigns || strings.Trim(key, space) == "":
			return fail(fmt.Sprintf("%q is not an assignment: want KEY=VALUE", l.text))
		case section == "":
			return fail(fmt.Sprintf("%q is in no section", l.text))
		default:
			u = append(u, Setting{file, l.number, section, strings.Trim(key, space), strings.Trim(value, space)})
		}
	}
	return u, nil
}

// A line is one of a file with those that continue it.
type line struct {
	number int // of the first
	text   string
}

var newlines = strings.NewReplacer("\r\n", "\n", "\n\r", "\n", "\r", "\n")

// logical returns a file's lines. A comment may be between a line and the one that
// continues it; an empty line ends it.
func logical(data []byte) []line {
	var out []line
	text := newlines.Replace(string(bytes.TrimPrefix(data, []byte("\ufeff"))))
	held, continued := line{}, false
	for i, raw := range strings.Split(text, "\n") {
		if first := strings.TrimLeft(raw, space); first != "" && strings.ContainsAny(first[:1], "#;") {
			continue
		}
		if !continued {
			held = line{number: i + 1}
		}
		held.text += raw
		body, backslash := strings.CutSuffix(held.text, `\`)
		if continued = backslash && trailing(body, '\\')%2 == 0; continued {
			held.text = body + " "
			continue
		}
		out = append(out, line{held.number, strings.Trim(held.text, space)})
	}
	if continued {
		out = append(out, line{held.number, strings.Trim(held.text, space)})
	}
	return out
}

// trailing counts how often a byte ends a text.
func trailing(text string, b byte) int {
	return len(text) - len(strings.TrimRight(text, string(b)))
}

// All returns the settings of a key that adds to a list. One with an empty value
// drops those before it.
func (u Unit) All(section, key string) []Setting {
	var out []Setting
	for _, s := range u {
		switch {
		case s.Section != section || s.Key != key:
		case s.Value == "":
			out = nil
		default:
			out = append(out, s)
		}
	}
	return out
}

// Last returns the setting of a key that has one value: the last. It is the zero
// Setting if there is none, or the last is empty.
func (u Unit) Last(section, key string) Setting {
	if all := u.All(section, key); len(all) > 0 {
		return all[len(all)-1]
	}
	return Setting{}
}

// Bool reports whether a setting's value is one of systemd's words for true.
func (s Setting) Bool() bool {
	switch strings.ToLower(s.Value) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}
