package profiles

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/version"
)

// unknown returns the error for a version that no row of the table build holds. It
// shows the file that adds one, made from the row of the nearest version.
func (p Profile) unknown(v version.Version) error {
	f := v.Fields()
	row, near := p.nearest(f)
	row.Versions = version.Range(fmt.Sprintf(">=%d.%d.0-0 <%[1]d.%[3]d.0-0", f.Major, f.Minor, f.Minor+1))
	lines := struct {
		Name    string           `yaml:"name,omitempty"`
		Extends string           `yaml:"extends,omitempty"`
		Build   []cross.Settings `yaml:"build"`
	}{Build: []cross.Settings{row}}
	how := fmt.Sprintf("add this row to the table \"build\" in profiles/%s.yaml", p.Name)
	if p.builtin {
		lines.Name, lines.Extends = p.Name, "slipway"
		how = fmt.Sprintf("to add a row to those of Slipway, write profiles/%s.yaml", p.Name)
	}
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(lines); err != nil {
		return err
	}
	like := ""
	if near != "" {
		like = fmt.Sprintf("\n  The row is like that of %s: compare it with how upstream builds %s.", near, v.Upstream())
	}
	return fmt.Errorf("profile %s does not say how %s is compiled; %s:\n    %s%s", p.Name, v, how,
		strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", "\n    "), like)
}

// nearest returns the row of the table build for the version that is nearest, of the
// same major version if there is one, and names the version; "" if there is none.
func (p Profile) nearest(f version.Fields) (cross.Settings, string) {
	const farthest = 99
	major, minor := int(f.Major), int(f.Minor)
	for _, m := range []int{major, major + 1, major - 1} {
		for distance := range farthest {
			for _, n := range []int{minor + distance, minor - distance} {
				if row, ok := p.rowOf(m, n); ok {
					return row, fmt.Sprintf("%d.%d", m, n)
				}
			}
		}
	}
	return cross.Settings{}, ""
}

// rowOf returns the row for the last release of a minor version.
func (p Profile) rowOf(major, minor int) (cross.Settings, bool) {
	v, err := version.Parse(fmt.Sprintf("%d.%d.999", major, minor))
	if err != nil {
		return cross.Settings{}, false // less than 0
	}
	i := slices.IndexFunc(p.Build, func(s cross.Settings) bool { return s.Versions.Contains(v) })
	if i < 0 {
		return cross.Settings{}, false
	}
	return p.Build[i], true
}
