// Package version parses the versions of forks and upstreams, and selects the
// rows of tables that apply to a version.
package version

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/semver/v3"
)

// A Version is a semantic version (https://semver.org), with neither a "v" in
// front nor a part left out. A fork's build metadata names its revision.
type Version struct {
	v *semver.Version
}

// Parse reads a version such as 1.36.1+acme.1.
func Parse(s string) (Version, error) {
	v, err := semver.StrictNewVersion(s)
	if err != nil {
		return Version{}, fmt.Errorf("%q is not a semantic version (https://semver.org): write it like 1.36.1+acme.1", s)
	}
	return Version{v}, nil
}

// String returns the version as it was written.
func (v Version) String() string { return v.v.String() }

// Upstream returns the version without its build metadata.
func (v Version) Upstream() string {
	s, _, _ := strings.Cut(v.String(), "+")
	return s
}

// Compare orders versions by precedence, as semver does: build metadata counts
// for nothing.
func (v Version) Compare(w Version) int { return v.v.Compare(w.v) }

// Fields are the parts of a version that a template can name.
type Fields struct {
	Version              string // whole, without a "v"
	Major, Minor, Patch  uint64
	Prerelease, Metadata string // without "-" and "+"
}

// Fields returns the parts of the version.
func (v Version) Fields() Fields {
	return Fields{v.String(), v.v.Major(), v.v.Minor(), v.v.Patch(), v.v.Prerelease(), v.v.Metadata()}
}

// Expand fills a template in the syntax of text/template with data.
func Expand(text string, data any) (string, error) {
	t, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := t.Execute(&out, data); err != nil {
		return "", err
	}
	return out.String(), nil
}

// A Range is a constraint on versions, as Masterminds/semver writes them:
// ">=1.17 <1.22", "~1.5". A pre-release lies between its neighbours.
type Range string

// Validate returns what is wrong with the range, if anything.
func (r Range) Validate() error {
	if r == "" {
		return nil
	}
	_, err := semver.NewConstraint(string(r))
	return err
}

// Contains reports whether v, whatever its build metadata, is in the range.
// An empty range holds every version, one that Validate refuses holds none.
func (r Range) Contains(v Version) bool {
	if r == "" {
		return true
	}
	c, err := semver.NewConstraint(string(r))
	if err != nil {
		return false
	}
	c.IncludePrerelease = true
	return c.Check(v.v)
}
