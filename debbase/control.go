package debbase

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// paragraphs reads the paragraphs of a control file (Debian policy 5.1). The lines of a
// value are joined by line breaks, without the spaces that they begin with.
func paragraphs(r io.Reader, each func(fields map[string]string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20) // a Depends is one line, and may be long
	fields, last := map[string]string{}, ""
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), " \t\r")
		name, value, named := strings.Cut(line, ":")
		switch {
		case line == "":
			if len(fields) == 0 {
				continue
			}
			if err := each(fields); err != nil {
				return err
			}
			fields, last = map[string]string{}, ""
		case strings.HasPrefix(line, "#"):
		case line[0] == ' ' || line[0] == '\t':
			if last == "" {
				return fmt.Errorf("line %d continues a field, but there is none before it", n)
			}
			fields[last] += "\n" + strings.TrimLeft(line, " \t")
		case !named:
			return fmt.Errorf("line %d is not a field of a control file: %q", n, line)
		default:
			fields[name], last = strings.TrimLeft(value, " \t"), name
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if len(fields) == 0 {
		return nil
	}
	return each(fields)
}

// A relation is a package that another one names, maybe with versions.
type relation struct {
	name, arch  string // arch: any, an architecture's name, or none
	op, version string // op: <<, <=, =, >=, >>, or none
}

var relationForm = regexp.MustCompile(
	`^([^\s:()|,]+)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?$`)

// relations reads a field such as Depends: groups of alternatives. Of each group one
// must be met.
func relations(field string) ([][]relation, error) {
	var out [][]relation
	for group := range strings.SplitSeq(field, ",") {
		if strings.TrimSpace(group) == "" {
			continue
		}
		var alternatives []relation
		for one := range strings.SplitSeq(group, "|") {
			m := relationForm.FindStringSubmatch(strings.TrimSpace(one))
			if m == nil {
				return nil, fmt.Errorf("%q is not a relation", one)
			}
			r := relation{m[1], m[2], m[3], m[4]}
			// By policy 7.1, the old < and > mean what <= and >= do.
			if r.op == "<" || r.op == ">" {
				r.op += "="
			}
			alternatives = append(alternatives, r)
		}
		out = append(out, alternatives)
	}
	return out, nil
}

func (r relation) String() string {
	s := r.name
	if r.arch != "" {
		s += ":" + r.arch
	}
	if r.op != "" {
		s += fmt.Sprintf(" (%s %s)", r.op, r.version)
	}
	return s
}

// allows reports whether a version meets the relation. No version, which a package
// that is provided can have, meets only a relation without one.
func (r relation) allows(version string) bool {
	if r.op == "" || version == "" {
		return r.op == ""
	}
	c := compare(version, r.version)
	switch r.op {
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case ">=":
		return c >= 0
	case ">>":
		return c > 0
	}
	return c == 0
}

// compare orders versions as Debian does (policy 5.6.12): negative where a comes
// before b, 0 where they are equal.
func compare(a, b string) int {
	cut := func(v string) (epoch, upstream, revision string) {
		epoch, rest, ok := strings.Cut(v, ":")
		if !ok {
			epoch, rest = "0", v
		}
		if i := strings.LastIndex(rest, "-"); i >= 0 {
			return epoch, rest[:i], rest[i+1:]
		}
		return epoch, rest, ""
	}
	ae, au, ar := cut(a)
	be, bu, br := cut(b)
	return cmp.Or(comparePart(ae, be), comparePart(au, bu), comparePart(ar, br))
}

// comparePart orders an epoch, an upstream version or a revision: text and numbers, by
// turns.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		i, j := 0, 0
		for i < len(a) && !isDigit(a[i]) || j < len(b) && !isDigit(b[j]) {
			if c := cmp.Compare(weight(a, i), weight(b, j)); c != 0 {
				return c
			}
			i, j = i+1, j+1
		}
		a, b = a[i:], b[j:]
		i, j = 0, 0
		for i < len(a) && isDigit(a[i]) {
			i++
		}
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		m, n := strings.TrimLeft(a[:i], "0"), strings.TrimLeft(b[:j], "0")
		if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
			return c
		}
		a, b = a[i:], b[j:]
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// weight orders text: a tilde before the end, the end before letters, and letters
// before all else.
func weight(s string, i int) int {
	switch {
	case i >= len(s) || isDigit(s[i]):
		return 0
	case s[i] == '~':
		return -1
	case 'a' <= s[i]|0x20 && s[i]|0x20 <= 'z':
		return int(s[i])
	}
	return int(s[i]) + 256
}
