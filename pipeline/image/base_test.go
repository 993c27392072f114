package image

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// debian are settings of a base.
var debian = images.Debian{
	Suites: []string{"https://deb.example.org/debian bookworm"}, Keyring: "keys.gpg", Packages: []string{"ethtool"},
}

func TestPin(t *testing.T) {
	old, anew := []debbase.Pin{{Name: "old"}}, []debbase.Pin{{Name: "new"}}
	pins := func(list []debbase.Pin, arches ...string) map[string][]debbase.Pin {
		out := map[string][]debbase.Pin{}
		for _, arch := range arches {
			out[arch] = list
		}
		return out
	}
	both := pins(old, "amd64")
	maps.Copy(both, pins(anew, "arm64"))
	tests := []struct {
		about  string
		old    baseLock
		arches []string
		want   map[string][]debbase.Pin
		asked  []string
	}{
		{"nothing is pinned", baseLock{}, []string{"amd64"}, pins(anew, "amd64"), []string{"amd64"}},
		{"all is pinned", baseLock{Of: debian, Arches: pins(old, "amd64")}, []string{"amd64"}, pins(old, "amd64"), nil},
		{
			"one is missing", baseLock{Of: debian, Arches: pins(old, "amd64")}, []string{"amd64", "arm64"},
			both, []string{"arm64"},
		},
		{
			"the fork has left one", baseLock{Of: debian, Arches: pins(old, "amd64", "s390x")}, []string{"amd64"},
			pins(old, "amd64", "s390x"), nil,
		},
		{"another set", baseLock{Of: debian, Set: []string{"socat"}, Arches: pins(old, "amd64")}, []string{"amd64"},
			pins(anew, "amd64"), []string{"amd64"}},
		{
			"other settings", baseLock{Of: images.Debian{Packages: []string{"socat"}}, Arches: pins(old, "amd64", "s390x")},
			[]string{"amd64"}, pins(anew, "amd64"), []string{"amd64"},
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			var asked []string
			got, err := pin(test.old, baseLock{Of: debian}, test.arches, func(arch string) ([]debbase.Pin, error) {
				asked = append(asked, arch)
				return anew, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, baseLock{Of: debian, Arches: test.want}) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("asked for %v, want %v", asked, test.asked)
			}
		})
	}
	failed := errors.New("no wind")
	_, err := pin(baseLock{}, baseLock{Of: debian}, []string{"amd64"}, func(string) ([]debbase.Pin, error) {
		return nil, failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}

func TestReadPins(t *testing.T) {
	const of = `"of": {"suites": ["https://deb.example.org/debian bookworm"], "keyring": "keys.gpg", ` +
		`"packages": ["ethtool"]}`
	tests := []struct {
		about, lock string // "": none
		want        string
	}{
		{"both", `{` + of + `, "arches": {"amd64": [{"name": "ethtool"}], "arm64": [{"name": "ethtool"}]}}`, ""},
		{
			"none", "", "forks/ship-1.4/base.lock does not pin the packages of images.debian for amd64, arm64\n" +
				"  To pin them: mage patches:lock -fork=ship-1.4",
		},
		{
			"one is missing", `{` + of + `, "arches": {"amd64": [{"name": "ethtool"}]}}`,
			"forks/ship-1.4/base.lock does not pin the packages of images.debian for arm64\n" +
				"  To pin them: mage patches:lock -fork=ship-1.4",
		},
		{
			"other settings", `{"of": {"packages": ["socat"]}, "arches": {}}`,
			"forks/ship-1.4/base.lock pins the packages of other settings than those of images.debian\n" +
				"  To pin them: mage patches:lock -fork=ship-1.4",
		},
		{
			"damaged", `{`, "forks/ship-1.4/base.lock: unexpected end of JSON input\n" +
				"  To pin the packages again, delete it, then: mage patches:lock -fork=ship-1.4",
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			p := shipPlan(t)
			p.fork.Images.Debian = debian
			if err := os.MkdirAll(filepath.Dir(p.fork.Abs(baseFile)), 0o755); err != nil {
				t.Fatal(err)
			}
			if test.lock != "" {
				if err := os.WriteFile(p.fork.Abs(baseFile), []byte(test.lock), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := readPins(p.fork, p.platforms)
			if test.want == "" {
				if err != nil || got["arm64"][0].Name != "ethtool" {
					t.Errorf("got %v, %v", got, err)
				}
			} else if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	p := shipPlan(t)
	if got, err := readPins(p.fork, p.platforms); got != nil || err != nil {
		t.Errorf("without images.debian: got %v, %v", got, err)
	}
}

// TestPinsOfASet holds that base.lock pins what a set has, too.
func TestPinsOfASet(t *testing.T) {
	const of = `{"of": {"suites": null, "keyring": "", "set": "galley", "packages": null}, ` +
		`"arches": {"amd64": [], "arm64": []}`
	tests := []struct{ about, version, lock, want string }{
		{"as pinned", "1.4.1", of + `, "set": ["knife", "pot"]}`, ""},
		{
			"the profile has changed", "1.4.1", of + `, "set": ["pot"]}`,
			"forks/ship-1.4/base.lock pins the packages that set galley had before\n" +
				"  To pin them: mage patches:lock -fork=ship-1.4",
		},
		{
			"another version has another set", "1.5.0", of + `, "set": ["knife", "pot"]}`,
			"forks/ship-1.4/base.lock pins the packages that set galley had before\n" +
				"  To pin them: mage patches:lock -fork=ship-1.4",
		},
		{
			"no row", "2.0.0", "", "fork.yaml: images.debian.set: " +
				`set "galley" has no row for 2.0.0 in the profile; it has rows for <2.0.0-0; >=1.5.0-0 <2.0.0-0`,
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			p := shipPlan(t)
			p.fork.Images.Debian = images.Debian{Set: "galley"}
			var err error
			if p.fork.Parsed, err = version.Parse(test.version); err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{
				p.fork.Abs(baseFile): test.lock,
				p.fork.Project.Path("profiles/ship/images.yaml"): "sets:\n" +
					"  - {name: galley, versions: <2.0.0-0, packages: [pot, knife]}\n" +
					"  - {name: galley, versions: \">=1.5.0-0 <2.0.0-0\", packages: [stove]}\n",
			} {
				if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			got := ""
			if _, err := readPins(p.fork, p.platforms); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestArches(t *testing.T) {
	all := []platform.Platform{arm64, {OS: "windows", Arch: "386"}, amd64, arm64}
	if got := linuxArches(all); !slices.Equal(got, []string{"arm64", "amd64"}) {
		t.Errorf("got %v", got)
	}
}

func TestArchives(t *testing.T) {
	p := shipPlan(t)
	p.fork.Images.Debian = debian
	if _, err := archives(p.fork); err == nil || !strings.Contains(err.Error(), "fork.yaml: images.debian.keyring: ") {
		t.Errorf("without the keyring: got %v", err)
	}
	if err := os.WriteFile(p.fork.Project.Path("keys.gpg"), []byte("keys"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := archives(p.fork)
	if err != nil {
		t.Fatal(err)
	}
	a := got[0]
	if len(got) != 1 || a.URL != "https://deb.example.org/debian" || a.Suite != "bookworm" || string(a.Keyring) != "keys" {
		t.Errorf("got %+v", got)
	}
}
