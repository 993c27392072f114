package version

import (
	"strings"
	"testing"
)

func parse(t *testing.T, s string) Version {
	t.Helper()
	v, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		version, upstream string
		want              Fields
	}{
		{"1.36.1", "1.36.1", Fields{"1.36.1", 1, 36, 1, "", ""}},
		{"1.36.1+acme.1", "1.36.1", Fields{"1.36.1+acme.1", 1, 36, 1, "", "acme.1"}},
		{"1.37.0-rc.1", "1.37.0-rc.1", Fields{"1.37.0-rc.1", 1, 37, 0, "rc.1", ""}},
		{"1.37.0-rc.1+acme.2-x", "1.37.0-rc.1", Fields{"1.37.0-rc.1+acme.2-x", 1, 37, 0, "rc.1", "acme.2-x"}},
		{"0.0.0", "0.0.0", Fields{"0.0.0", 0, 0, 0, "", ""}},
		{"1.2.3+007", "1.2.3", Fields{"1.2.3+007", 1, 2, 3, "", "007"}},
	} {
		v := parse(t, c.version)
		if v.String() != c.version || v.Upstream() != c.upstream || v.Fields() != c.want {
			t.Errorf("%s is read as %s, upstream %s, %+v; want upstream %s, %+v", c.version, v, v.Upstream(), v.Fields(),
				c.upstream, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{
		"", "1", "1.36", "v1.36.1", "1.36.1.0", "1.36.x", "01.36.1", "1.36.1-", "1.36.1+", "1.36.1-01", "1.36.1+a_b",
		" 1.36.1", "1.36.1\n", "1.36.1 ", "latest", "-1.2.3", "1.36.99999999999999999999",
	} {
		v, err := Parse(s)
		if err == nil {
			t.Errorf("Parse(%q) = %s", s, v)
		} else if !strings.Contains(err.Error(),
			"is not a semantic version (https://semver.org): write it like 1.36.1+acme.1") {
			t.Errorf("Parse(%q) says %q", s, err)
		}
	}
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		r       Range
		in, out string // versions, separated by spaces
	}{
		{"", "0.0.0 1.36.1 1.37.0-alpha.0 99.0.0+x", ""},
		{">=1.36", "1.36.0 1.36.1 1.36.1+acme.1 1.37.0-alpha.0 2.0.0", "1.35.9 1.35.9+z 0.0.0"},
		{">=1.36.0", "1.36.0 1.37.0-rc.1", "1.36.0-rc.1 1.35.99"},
		{">=1.36.0-0", "1.36.0-alpha.0 1.36.0-rc.1 1.36.0", "1.35.99"},
		{">=1.17 <1.22", "1.17.0 1.21.14 1.21.14+acme.1 1.20.0-beta.2", "1.16.15 1.22.0 1.22.0+acme.1 1.23.0"},
		{">=1.17, <1.22", "1.17.0 1.21.14", "1.16.15 1.22.0"},
		{">=1.17 <1.22.0-0", "1.21.14", "1.22.0-alpha.0 1.22.0"},
		{"<1.22", "1.21.9 1.22.0-rc.1", "1.22.0"}, // a pre-release lies below its release
		{"~1.5", "1.5.0 1.5.9 1.5.9+acme.1 1.5.3-rc.1", "1.4.9 1.6.0"},
		{"^1.5", "1.5.0 1.99.0 1.6.0-rc.1", "1.4.9 2.0.0"},
		{"=1.36.1", "1.36.1 1.36.1+acme.1", "1.36.2 1.36.1-rc.1"},
		{"1.5 || >=1.36", "1.5.0 1.5.7 1.36.0", "1.6.0 1.35.0"},
		{"!=1.36.1", "1.36.0 1.36.2", "1.36.1 1.36.1+acme.1"},
		{"nonsense", "", "0.0.0 1.36.1"},
	} {
		for s := range strings.FieldsSeq(c.in) {
			if !c.r.Contains(parse(t, s)) {
				t.Errorf("%q does not hold %s", c.r, s)
			}
		}
		for s := range strings.FieldsSeq(c.out) {
			if c.r.Contains(parse(t, s)) {
				t.Errorf("%q holds %s", c.r, s)
			}
		}
	}
}

func TestRangeValidate(t *testing.T) {
	for r, want := range map[Range]bool{
		"": true, ">=1.17 <1.22": true, ">=1.17, <1.22": true, "~1.5": true, "^1.5 || 2.x": true, "*": true,
		"1.2.3-rc.1": true,
		"nonsense":   false, ">=": false, ">=1.17 <": false, "1.2.3.4": false, "=>1.17 and more": false, ">=v": false,
	} {
		if err := r.Validate(); (err == nil) != want {
			t.Errorf("%q: Validate() = %v", r, err)
		}
	}
}

func TestExpand(t *testing.T) {
	release, candidate := parse(t, "1.36.1+acme.1").Fields(), parse(t, "1.37.0-rc.1").Fields()
	for _, c := range []struct {
		text string
		data any
		want string
	}{
		{"", release, ""},
		{"clean", release, "clean"},
		{"v{{.Version}}", release, "v1.36.1+acme.1"},
		{"v0.{{.Minor}}.{{.Patch}}{{with .Prerelease}}-{{.}}{{end}}", release, "v0.36.1"},
		{"v0.{{.Minor}}.{{.Patch}}{{with .Prerelease}}-{{.}}{{end}}", candidate, "v0.37.0-rc.1"},
		{"{{.Minor}}{{if .Prerelease}}+{{end}}", candidate, "37+"},
		{"{{.Major}} {{.Metadata}}", release, "1 acme.1"},
		{"<{{.Version}}>", release, "<1.36.1+acme.1>"}, // text, not HTML
		{"{{.key}}", map[string]string{"key": "value"}, "value"},
	} {
		if got, err := Expand(c.text, c.data); err != nil || got != c.want {
			t.Errorf("Expand(%q) = %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	for _, c := range []struct {
		text, want string
		data       any
	}{
		{"v{{.Version", "unclosed action", Fields{}},
		{"{{.Version}}{{end}}", "unexpected {{end}}", Fields{}},
		{"{{.Commit}}", "can't evaluate field Commit", Fields{}},
		{"{{.Major.Minor}}", "can't evaluate field Minor", Fields{}},
		{"{{.absent}}", "no entry for key", map[string]string{}},
		{"{{nothing}}", `function "nothing" not defined`, Fields{}},
	} {
		if got, err := Expand(c.text, c.data); err == nil || got != "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Expand(%q) = %q, %v, want an error that says %q", c.text, got, err, c.want)
		}
	}
}

// FuzzParse holds that a version is written as it was read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.36.1+acme.1", "1.37.0-rc.1", "v1.2.3", "1.2", "1.2.3-0a.b-c+01.x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		if v.String() != s {
			t.Errorf("%q is written as %q", s, v)
		}
		if again, err := Parse(v.Upstream()); err != nil || again.Fields().Metadata != "" {
			t.Errorf("the upstream of %q is %q (%v)", s, v.Upstream(), err)
		}
	})
}
