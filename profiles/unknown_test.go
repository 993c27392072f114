package profiles

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
)

func TestUnknownVersion(t *testing.T) {
	stamped := cross.Settings{Versions: ">=1.4.0-0 <2.0.0-0", Tags: []string{"sail"}}
	for _, c := range []struct {
		name    string
		profile Profile
		version string
		want    string
	}{
		{"of a project, below all rows", Profile{Name: "ship", Build: []cross.Settings{stamped}}, "1.2.3+acme.1",
			`profile ship does not say how 1.2.3+acme.1 is compiled; add this row to the table "build" in profiles/ship.yaml:
    build:
      - versions: '>=1.2.0-0 <1.3.0-0'
        tags:
          - sail
  The row is like that of 1.4: compare it with how upstream builds 1.2.3.`},
		{"above all rows", Profile{Name: "ship", Build: []cross.Settings{stamped}}, "2.0.1-rc.1",
			`profile ship does not say how 2.0.1-rc.1 is compiled; add this row to the table "build" in profiles/ship.yaml:
    build:
      - versions: '>=2.0.0-0 <2.1.0-0'
        tags:
          - sail
  The row is like that of 1.4: compare it with how upstream builds 2.0.1-rc.1.`},
		{"without rows", Profile{Name: "ship"}, "0.1.0",
			`profile ship does not say how 0.1.0 is compiled; add this row to the table "build" in profiles/ship.yaml:
    build:
      - versions: '>=0.1.0-0 <0.2.0-0'`},
		{"of a project in the place of Slipway's", Profile{Name: "etcd", Build: []cross.Settings{stamped}}, "3.5.1",
			`profile etcd does not say how 3.5.1 is compiled; Slipway's does: ` +
				`add the line "extends: slipway" to profiles/etcd.yaml, or this row to its table "build":
    build:
      - versions: '>=3.5.0-0 <3.6.0-0'`},
		{"above several rows", Profile{Name: "ship", Build: []cross.Settings{
			{Versions: ">=1.5.0-0 <2.0.0-0", Tags: []string{"sail"}}, {Versions: "<1.5.0-0", Tags: []string{"oar"}},
		}}, "2.3.0",
			`profile ship does not say how 2.3.0 is compiled; add this row to the table "build" in profiles/ship.yaml:
    build:
      - versions: '>=2.3.0-0 <2.4.0-0'
        tags:
          - sail
  The row is like that of 1.5: compare it with how upstream builds 2.3.0.`},
		{"a major version below all rows", Profile{Name: "ship", Build: []cross.Settings{
			{Versions: ">=1.2.0-0 <1.5.0-0", Tags: []string{"oar"}}, {Versions: ">=1.5.0-0", Tags: []string{"sail"}},
		}}, "0.5.0",
			`profile ship does not say how 0.5.0 is compiled; add this row to the table "build" in profiles/ship.yaml:
    build:
      - versions: '>=0.5.0-0 <0.6.0-0'
        tags:
          - oar
  The row is like that of 1.2: compare it with how upstream builds 0.5.0.`},
		{"of Slipway", load(t, "cni-plugins"), "0.5.2",
			"profile cni-plugins does not say how 0.5.2 is compiled; " +
				`to add a row to those of Slipway, write profiles/cni-plugins.yaml:
    name: cni-plugins
    extends: slipway
    build:
      - versions: '>=0.5.0-0 <0.6.0-0'
        mode: gopath
        import_path: github.com/containernetworking/plugins
  The row is like that of 0.6: compare it with how upstream builds 0.5.2.`},
	} {
		_, err := c.profile.Settings(parse(t, c.version))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: Settings() =\n%v\nwant\n%s", c.name, err, c.want)
		}
	}
}

// TestUnknownVersionIsAdded writes what the message shows, for each of Slipway's
// profiles.
func TestUnknownVersionIsAdded(t *testing.T) {
	for _, name := range Names() {
		v := parse(t, "0.0.7+acme.1")
		p := load(t, name)
		_, err := p.Settings(v)
		if err == nil {
			t.Fatalf("%s knows version %s", name, v)
		}
		_, text, _ := strings.Cut(err.Error(), ":\n")
		text, _, _ = strings.Cut(text, "\n  The row is ")
		extended, faults, err := Load(project(t, map[string]string{name + ".yaml": text}), name)
		if err != nil || faults != nil {
			t.Fatalf("%s: %v, %v\n%s", name, faults, err, text)
		}
		if _, err := extended.Settings(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(extended.Build) != len(p.Build)+1 || len(extended.Components) != len(p.Components) {
			t.Errorf("%s has %d rows for builds and %d components, want %d and %d", name, len(extended.Build),
				len(extended.Components), len(p.Build)+1, len(p.Components))
		}
	}
}
