package profiles

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/config"
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
	switch {
	case p.builtin:
		lines.Name, lines.Extends = p.Name, "slipway"
		how = fmt.Sprintf("to add a row to those of Slipway, write profiles/%s.yaml", p.Name)
	case replacesRow(p.Name, v):
		how = fmt.Sprintf("Slipway's does: add the line \"extends: slipway\" to profiles/%s.yaml, "+
			"or this row to its table \"build\"", p.Name)
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

// replacesRow reports whether Slipway's profile of a name, which a project's replaces,
// has a row for a version.
func replacesRow(name string, v version.Version) bool {
	data, err := builtin.ReadFile(name + ".yaml")
	if err != nil {
		return false
	}
	var slipways File[Profile]
	if _, err := config.Read(name+".yaml", data, &slipways); err != nil {
		return false
	}
	return slices.ContainsFunc(slipways.Tables.Build, func(s cross.Settings) bool { return s.Versions.Contains(v) })
}

// nearest returns the row of the table build for the version that is nearest, of the
// same major version if there is one, and names the version; "" if there is none.
func (p Profile) nearest(f version.Fields) (cross.Settings, string) {
	const minors = 100
	major, minor := int(f.Major), int(f.Minor)
	found := func(row, major, minor int) (cross.Settings, string) {
		return p.Build[row], fmt.Sprintf("%d.%d", major, minor)
	}
	for distance := range minors {
		for _, n := range []int{minor + distance, minor - distance} {
			if row := p.rowOf(major, n); row >= 0 {
				return found(row, major, n)
			}
		}
	}
	for n := range minors {
		if row := p.rowOf(major+1, n); row >= 0 {
			return found(row, major+1, n)
		}
	}
	last, from := -1, 0 // the last row before, and the version that it begins with
	for n := range minors {
		if row := p.rowOf(major-1, n); row >= 0 && row != last {
			last, from = row, n
		}
	}
	if last < 0 {
		return cross.Settings{}, ""
	}
	return found(last, major-1, from)
}

// rowOf returns the index of the row for the last release of a minor version, or -1.
func (p Profile) rowOf(major, minor int) int {
	v, err := version.Parse(fmt.Sprintf("%d.%d.999", major, minor))
	if err != nil {
		return -1 // less than 0
	}
	return slices.IndexFunc(p.Build, func(s cross.Settings) bool { return s.Versions.Contains(v) })
}
