package library

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/version"
)

const diff = "--- /dev/null\n+++ b/bosun.go\n@@ -0,0 +1 @@\n+package main\n"

// ship is a library with a series for the sample project.
func ship() fstest.MapFS {
	return fstest.MapFS{
		"bosun.yaml": {Data: []byte(`profile: ship
about: a bosun
rows:
  - versions: ">=1.5.0-0 <1.6.0-0"
    patches: [1.5/0001-bosun.patch, 1.5/0002-mate.patch]
  - versions: ">=1.4.0-0 <1.5.0-0"
    patches: [1.4/0001-bosun.patch, 1.5/0002-mate.patch]
`)},
		"bosun/1.4/0001-bosun.patch": {Data: []byte("1.4\n" + diff)},
		"bosun/1.5/0001-bosun.patch": {Data: []byte("1.5\n" + diff)},
		"bosun/1.5/0002-mate.patch":  {Data: []byte(strings.ReplaceAll(diff, "bosun", "mate"))},
	}
}

func parse(t *testing.T, s string) version.Version {
	t.Helper()
	v, err := version.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLookup(t *testing.T) {
	for vers, begins := range map[string]string{
		"1.4.0": "1.4\n", "1.4.9+acme.1": "1.4\n", "1.5.0-rc.1": "1.5\n", "1.5.3": "1.5\n",
	} {
		list, err := lookup(ship(), "slipway:bosun", "ship", parse(t, vers))
		if err != nil || len(list) != 2 {
			t.Errorf("%s: %v, %d patches, want 2", vers, err, len(list))
			continue
		}
		p := list[0]
		if p.Name != "slipway:bosun/0001-bosun.patch" || p.Strip != 1 || !strings.HasPrefix(string(p.Data), begins) {
			t.Errorf("%s: the first is %+v, want the one of %s", vers, p, begins)
		}
		if p := list[1]; p.Name != "slipway:bosun/0002-mate.patch" {
			t.Errorf("%s: the second is %s", vers, p.Name)
		}
	}
}

func TestLookupRefuses(t *testing.T) {
	for _, c := range []struct{ name, profile, version, want string }{
		{"slipway:bosum", "ship", "1.4.0", `unknown series "slipway:bosum": for profile ship, Slipway has slipway:bosun` +
			"; did you mean slipway:bosun?"},
		{"slipway:bosum", "raft", "1.4.0", `unknown series "slipway:bosum": Slipway has no series for profile raft`},
		{"slipway:bosun", "raft", "1.4.0",
			"slipway:bosun is for profile ship, and this fork has profile raft: Slipway has no series for profile raft"},
		{"slipway:bosun", "ship", "1.6.0-rc.1+acme.1",
			"slipway:bosun has no patches for ship 1.6.0-rc.1: it has some for >=1.4.0 <1.5.0, >=1.5.0 <1.6.0"},
	} {
		_, err := lookup(ship(), c.name, c.profile, parse(t, c.version))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s for %s %s: %v, want %s", c.name, c.profile, c.version, err, c.want)
		}
	}
}

func TestFaultsOfALibrary(t *testing.T) {
	const at = "patches/library/bosun.yaml:"
	for _, c := range []struct{ name, from, to, want string }{
		{"a word misspelt", "about:", "abuot:", at + "2: abuot: unknown key; known here: profile, about, rows"},
		{"no profile", "profile: ship", "profile: ''", at + "1: want profile, about and rows"},
		{"a range that is none", ">=1.5.0-0", "1.5 and up", at + "4: rows[0].versions: want a range"},
		{"a row with fewer", ", 1.5/0002-mate.patch]\n  -", "]\n  -",
			at + "7: rows[1].patches: want patches of the same names"},
		{"a missing file", "1.4/0001", "1.3/0001", at + "7: rows[1].patches: open bosun/1.3/0001-bosun.patch"},
	} {
		files := ship()
		data := string(files["bosun.yaml"].Data)
		edited := strings.Replace(data, c.from, c.to, 1)
		if edited == data {
			t.Fatalf("%s: nothing to edit", c.name)
		}
		files["bosun.yaml"] = &fstest.MapFile{Data: []byte(edited)}
		if _, err := all(files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	files := ship()
	files["bosun/1.4/0001-bosun.patch"] = &fstest.MapFile{Data: []byte("a letter\n")}
	if _, err := all(files); err == nil || !strings.Contains(err.Error(), at+"7: rows[1].patches[0]: slipway:bosun/0001") {
		t.Errorf("a patch that is none: %v", err)
	}
}

// TestBuiltin holds that the library is whole: each series is right, each row is reached, and
// each file is one of a row.
func TestBuiltin(t *testing.T) {
	series, err := All()
	if err != nil || len(series) == 0 {
		t.Fatalf("All() = %d series, %v", len(series), err)
	}
	var named []string
	for _, s := range series {
		for _, r := range s.Rows {
			list, err := s.read(builtin, r)
			if err != nil {
				t.Fatal(err)
			}
			checkHeads(t, list)
			for _, file := range r.Patches {
				named = append(named, strings.TrimPrefix(s.Name, Prefix)+"/"+file)
			}
		}
	}
	files, err := fs.Glob(builtin, "*/*/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(named, file) {
			t.Errorf("%s is in no row", file)
		}
	}
}

// checkHeads holds that patches say who made them, and what they do.
func checkHeads(t *testing.T, list []patches.Patch) {
	t.Helper()
	for _, p := range list {
		if mail, ok := p.Mail(); !ok || mail.Subject == "" || mail.Email == "" || mail.Date.IsZero() {
			t.Errorf("%s has no author, date or subject", p.Name)
		}
	}
}
