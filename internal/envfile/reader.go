package envfile

import "strings"

// A reader is at one place of a file. Its rules are those of systemd, which differ
// from a shell's: quotes only begin where a value or a further part of it begins,
// and there is no comment behind a value.
type reader struct {
	text string
	at   int
}

func (r *reader) end() bool { return r.at >= len(r.text) }

// next returns a byte and goes on, 0 at the end.
func (r *reader) next() byte {
	if r.end() {
		return 0
	}
	r.at++
	return r.text[r.at-1]
}

// skip goes on to a byte that is none of some, and reports whether there is one.
func (r *reader) skip(some string) bool {
	for !r.end() && strings.IndexByte(some, r.text[r.at]) >= 0 {
		r.at++
	}
	return !r.end()
}

// comment goes behind a comment. It goes on in the next line after a backslash.
func (r *reader) comment() {
	for !r.end() {
		switch c := r.next(); {
		case c == '\\':
			r.next()
		case strings.IndexByte(newline, c) >= 0:
			return
		}
	}
}

// key returns what is in front of the equals sign of a line, if it has one.
func (r *reader) key() (string, bool) {
	from := r.at
	for !r.end() {
		switch c := r.next(); {
		case c == '=':
			return strings.TrimRight(r.text[from:r.at-1], space), true
		case strings.IndexByte(newline, c) >= 0:
			return "", false
		}
	}
	return "", false
}

// value returns a value up to the end of its line: parts in quotes, then the rest as
// it is.
func (r *reader) value() string {
	var out []byte
	for !r.end() {
		r.skip(" \t")
		switch {
		case r.end() || strings.IndexByte(newline, r.text[r.at]) >= 0:
			return string(out)
		case r.text[r.at] == '\'':
			r.at++
			out = append(out, r.single()...)
		case r.text[r.at] == '"':
			r.at++
			out = append(out, r.double()...)
		default:
			return string(append(out, r.plain()...))
		}
	}
	return string(out)
}

// single returns a part in single quotes, behind the first.
func (r *reader) single() string {
	part, _, _ := strings.Cut(r.text[r.at:], "'")
	r.at = min(r.at+len(part)+1, len(r.text))
	return part
}

// double returns a part in double quotes, behind the first.
func (r *reader) double() []byte {
	var out []byte
	for !r.end() {
		c := r.next()
		switch {
		case c == '"':
			return out
		case c != '\\':
			out = append(out, c)
		case r.end():
		default:
			if c = r.next(); strings.IndexByte("\"\\`$", c) >= 0 {
				out = append(out, c)
			} else if c != '\n' {
				out = append(out, '\\', c)
			}
		}
	}
	return out
}

// plain returns a part without quotes, and the rest of the line with it. White space
// at its end is dropped.
func (r *reader) plain() []byte {
	var out []byte
	keep := 0 // how much of it is not white space at the end
	for !r.end() && strings.IndexByte(newline, r.text[r.at]) < 0 {
		c := r.next()
		if c == '\\' {
			if c = r.next(); c != 0 && strings.IndexByte(newline, c) < 0 {
				out = append(out, c)
			}
			keep = len(out)
			continue
		}
		if out = append(out, c); strings.IndexByte(space, c) < 0 {
			keep = len(out)
		}
	}
	return out[:keep]
}
