package packages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

var arm64 = platform.Platform{OS: "linux", Arch: "arm64"}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format       Format
		name, family string
	}{
		{Deb(), "deb", packaging.Debian().Name},
		{RPM(), "rpm", packaging.Fedora().Name},
	} {
		if c.format.Name != c.name || c.format.Family.Name != c.family || c.format.Write == nil {
			t.Errorf("%s writes packages of %s to %s", c.name, c.format.Family.Name, c.format.Name)
		}
	}
}

func recipes(names ...string) []packaging.Recipe {
	var out []packaging.Recipe
	for _, name := range names {
		out = append(out, packaging.Recipe{Name: name})
	}
	return out
}

func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		asked []string
		kept  map[string]Made
		want  []string
	}{
		"none kept":  {asked: []string{"bosun", "captain"}, want: []string{"bosun", "captain"}},
		"one kept":   {asked: []string{"captain", "bosun"}, kept: map[string]Made{"bosun": {}}, want: []string{"captain"}},
		"all kept":   {asked: []string{"bosun"}, kept: map[string]Made{"bosun": {}, "captain": {}}},
		"other kept": {asked: []string{"bosun"}, kept: map[string]Made{"captain": {}}, want: []string{"bosun"}},
		"none asked": {kept: map[string]Made{"captain": {}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (plan{recipes: recipes(c.asked...)}).missing(c.kept); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestArtifacts(t *testing.T) {
	p := plan{
		format: Format{Name: "deb"}, platform: arm64, dir: "dist/ship-1.4/deb/linux_arm64", recipes: recipes("mate", "bosun"),
	}
	all := map[string]Made{
		"bosun":   {Name: "bosun", File: "bosun.deb", Size: 1, SHA256: "01"},
		"captain": {Name: "captain", File: "captain.deb", Size: 2, SHA256: "02"},
		"mate":    {Name: "mate", File: "mate.deb", Size: 3, SHA256: "03"},
	}
	made := func(name string, size int64, kept bool) artifact.Artifact {
		return artifact.Artifact{
			Kind: artifact.Package, Format: "deb", Name: name, Path: p.dir + "/" + name + ".deb", Platform: arm64, Size: size,
			Digest: fmt.Sprintf("sha256:%02d", size), Kept: kept,
		}
	}
	want := []artifact.Artifact{made("bosun", 1, true), made("mate", 3, false)}
	if got := p.artifacts(all, map[string]Made{"bosun": {}, "captain": {}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// plain is a format of packages that hold their name. It notes what it writes.
func plain(wrote *[]string) Format {
	var mu sync.Mutex
	return Format{
		Name: "plain", Revision: 7, Family: packaging.Debian(),
		Write: func(p packaging.Package, w io.Writer, _ string) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			*wrote = append(*wrote, p.Name)
			_, err := fmt.Fprintf(w, "%s %s %s\n", p.Name, p.Version, p.Platform)
			return p.Name + ".txt", err
		},
	}
}

func TestNewPlan(t *testing.T) {
	p := buildtest.Pinned(t, buildtest.Silent)
	s := p.Open(t, nil)
	for name, c := range map[string]struct {
		names      []string
		components string // of the plan
		fault      string
	}{
		"all":                   {components: "captain deckhand"},
		"one":                   {names: []string{"deckhand"}, components: "deckhand"},
		"one without a program": {names: []string{"bosun"}, fault: "package bosun needs the component bosun"},
		"an unknown one": {
			names: []string{"purser"}, fault: `unknown package "purser"; this fork builds captain, deckhand`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newPlan(s, plain(nil), arm64, c.names)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				return
			}
			var components []string
			for _, one := range got.components {
				components = append(components, one.Name)
			}
			if err != nil || strings.Join(components, " ") != c.components || got.platform != arm64 ||
				got.dir != "dist/ship-1.4/plain/linux_arm64" {
				t.Errorf("%q in %s, %v, want %s", components, got.dir, err, c.components)
			}
		})
	}
}

// crewInputs is what packaging says of the package in TestKey.
const crewInputs = `{"Revision":2,"Family":"debian","Project":{"homepage":"","license":"","license_file":"",` +
	`"copyright":"","section":"","multicall":[{"versions":"","component":"captain","package":"","path":"",` +
	`"programs":{"cook":"cook"}}],"packages":null},"Recipe":{"name":"crew","versions":"","summary":"",` +
	`"description":"","programs":{"bosun":"/usr/bin/bosun","captain":"/usr/bin/captain","cook":"/usr/bin/cook"},` +
	`"requires":null,"files":{"/usr/lib/systemd/system/bosun.service":"bosun.service"},"man":{"bosun":"1"},` +
	`"completions":{"cook":["bash"]},"restart":null,"state":null,"retired":null,"relations":{"Depends":null,` +
	`"Recommends":null,"Suggests":null,"Conflicts":null,"Replaces":null,"Provides":null},"overrides":null},` +
	`"Maintainer":" ","Packaging":0,"Options":null,"Replace":null,"Version":"1.4.1+acme.1",` +
	`"Platform":"linux/arm64","Date":"1970-01-01 00:00:00 +0000 UTC","Programs":["bosun","captain"],` +
	`"Files":{"bosun.service":"40d8baaabac85ad8ac5a2ec40dd065b4ea0fb47c25ce3ddad4c290d22503c90f false"}}`

// TestKey holds what packages are kept by. If it changes, everything that users have
// is made again.
func TestKey(t *testing.T) {
	v, err := version.Parse("1.4.1+acme.1")
	if err != nil {
		t.Fatal(err)
	}
	p := plan{
		format: Format{Name: "deb", Revision: 7},
		input: packaging.Input{
			Family: packaging.Debian(), Version: v, Platform: arm64, Date: time.Unix(0, 0),
			Programs: []string{"bosun", "captain"},
			Sources:  fstest.MapFS{"bosun.service": {Data: []byte("[Service]\n")}},
			Recipes: packaging.Recipes{Multicall: []packaging.Multicall{
				{Component: "captain", Programs: map[string]string{"cook": "cook"}},
			}},
		},
	}
	r := packaging.Recipe{
		Name:        "crew",
		Programs:    map[string]string{"bosun": "/usr/bin/bosun", "cook": "/usr/bin/cook", "captain": "/usr/bin/captain"},
		Files:       map[string]string{"/usr/lib/systemd/system/bosun.service": "bosun.service"},
		Man:         map[string]string{"bosun": "1"},
		Completions: map[string][]string{"cook": {"bash"}},
	}
	in := inputs{
		built: build.Binaries{All: []cross.Binary{{Component: "bosun", SHA256: "01"}, {Component: "captain", SHA256: "02"}}},
		host:  build.Binaries{All: []cross.Binary{{Component: "bosun", SHA256: "03"}, {Component: "captain", SHA256: "04"}}},
	}
	l := lock.Lock{Upstream: "example.org/ship@v1.4.1"}
	for _, c := range []struct {
		closes []string
		more   string
	}{
		{nil, ""},
		{[]string{"CVE-2025-13281"}, `,"Closes":["CVE-2025-13281"]`},
	} {
		want := action.NewKey("deb", 7, json.RawMessage(`{"What":`+crewInputs+`,"Lock":`+
			strconv.Quote(string(l.Encode()))+`,"Binaries":{"bosun":"01","captain":"02"},`+
			`"Docs":{"bosun":"03","cook":"04"}`+c.more+`}`))
		p.input.Closes = c.closes
		if got, err := p.key(l, in, r); err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	p.input.Images, in.images = []string{"dock", "stove"}, map[string]string{"dock": "05", "stove": "06"}
	r.Files["/usr/libexec/stove.tar"] = "image:stove"
	stove, err := p.key(l, in, r)
	in.images = map[string]string{"dock": "07", "stove": "06"}
	if again, fault := p.key(l, in, r); again != stove || errors.Join(err, fault) != nil {
		t.Errorf("an image that the package does not have changes its key: %v", errors.Join(err, fault))
	}
	in.images["stove"] = "08"
	if again, err := p.key(l, in, r); again == stove || err != nil {
		t.Errorf("another image does not change the key: %v", err)
	}
	r.Files["/etc/none"] = "none"
	if got, err := p.key(l, in, r); !errors.Is(err, fs.ErrNotExist) || got != "" {
		t.Errorf("the key of a package without a file is %s, %v", got, err)
	}
}
