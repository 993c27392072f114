package apt

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pault.ag/go/debian/version"
)

// added are the fields that an index adds to a deb's paragraph. A deb that has one of them
// itself could point clients elsewhere.
var added = []string{"filename", "size", "md5sum", "sha1", "sha256", "sha512"}

// The forms of names, by Debian's policy, 5.6.7 and 5.6.8.
var (
	packageName  = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	architecture = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	fieldName    = regexp.MustCompile(`^[!"$-,.-9;-~][!-9;-~]*$`) // 5.1: neither # nor - comes first
)

// parseControl reads the control file of a deb: one paragraph.
func parseControl(text string) (Package, error) {
	var p Package
	kept, fields, err := paragraph(text)
	if err != nil {
		return p, err
	}
	p = Package{
		Name: fields["package"], Version: fields["version"], Architecture: fields["architecture"],
		Section: fields["section"], Control: kept,
	}
	switch {
	case !packageName.MatchString(p.Name):
		err = fmt.Errorf("the field Package is %q; want lower-case letters, digits, and . + -", p.Name)
	case !architecture.MatchString(p.Architecture):
		err = fmt.Errorf("the field Architecture is %q; want one such as amd64, or all", p.Architecture)
	case strings.ContainsAny(p.Section, " \t,"):
		err = fmt.Errorf("the field Section is %q; want one word", p.Section)
	default:
		err = checkVersion(p.Version)
	}
	return p, err
}

// checkVersion refuses what dpkg does not take, and what would lead out of the pool.
func checkVersion(v string) error {
	if _, err := version.Parse(v); err != nil {
		return fmt.Errorf("the field Version is %q: %w", v, err)
	}
	if strings.Contains(v, "/") {
		return fmt.Errorf("the field Version is %q: it has a slash", v)
	}
	return nil
}

// paragraph returns the one paragraph of text less the fields that an index adds, and the first
// line of each field, by its name in lower case.
func paragraph(text string) (kept string, fields map[string]string, err error) {
	fields = map[string]string{}
	text = strings.Trim(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var out strings.Builder
	keep := false
	for n, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			return "", nil, fmt.Errorf("line %d is blank: a deb has one paragraph", n+1)
		case line[0] == '#':
			continue
		case line[0] != ' ' && line[0] != '\t':
			name, value, ok := strings.Cut(line, ":")
			key := strings.ToLower(name)
			if _, twice := fields[key]; !ok || twice || !fieldName.MatchString(name) {
				return "", nil, fmt.Errorf("line %d, %q: want NAME: VALUE, each name once", n+1, line)
			}
			fields[key] = strings.TrimSpace(value)
			keep = !slices.Contains(added, key)
		case len(fields) == 0:
			return "", nil, errors.New("line 1 continues a field, and there is none")
		}
		if keep {
			out.WriteString(line + "\n")
		}
	}
	return out.String(), fields, nil
}
