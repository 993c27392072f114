package packaging

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/slipway-build/slipway/version"
)

func TestKindString(t *testing.T) {
	for kind, want := range map[Kind]string{
		Regular: "regular file", Config: "configuration file", Folder: "folder", Link: "link", 7: "Kind(7)", -1: "Kind(-1)",
	} {
		if got := fmt.Sprint(kind); got != want {
			t.Errorf("Kind %d is %q, want %q", int(kind), got, want)
		}
	}
}

func TestRelease(t *testing.T) {
	for want, p := range map[string]Package{
		"1.4.1+acme.2-1":      {Distro: "1.4.1+acme.2", Revision: 1},
		"1.5.0~rc.1+acme.2-3": {Distro: "1.5.0~rc.1+acme.2", Revision: 3},
	} {
		if got := p.Release(); got != want {
			t.Errorf("%s-%d is released as %s, want %s", p.Distro, p.Revision, got, want)
		}
	}
}

// TestWhatSystemdReads holds which files of a package are told to systemd.
func TestWhatSystemdReads(t *testing.T) {
	install := []byte("[Service]\n[Install]\nWantedBy=multi-user.target\n")
	for _, c := range []struct {
		name                               string
		file                               File
		hasUnits                           bool
		units, stopped, sysusers, tmpfiles []string
	}{
		{"nothing", File{Path: "/usr/bin/cook"}, false, nil, nil, nil, nil},
		{"a unit", File{Path: unitDir + "cook.service", Data: install}, true,
			[]string{"cook.service"}, []string{"cook.service"}, nil, nil},
		{"a unit that cannot be enabled", File{Path: unitDir + "cook.target", Data: []byte("[Unit]\n")},
			true, nil, []string{"cook.target"}, nil, nil},
		{"a unit that only says so", File{Path: unitDir + "cook.service", Data: []byte("# no [Install]\n;[Install]\n")},
			true, nil, []string{"cook.service"}, nil, nil},
		{"an escaped unit", File{Path: unitDir + `c\x2b@.mount`, Data: install}, true,
			[]string{`c\x2b@.mount`}, []string{`c\x2b@.mount`}, nil, nil},
		{"a drop-in", File{Path: unitDir + "cook.service.d/x.conf", Data: install}, true, nil, nil, nil, nil},
		{"a unit elsewhere", File{Path: "/etc/systemd/system/cook.service", Data: install}, false, nil, nil, nil, nil},
		{"users", File{Path: "/usr/lib/sysusers.d/cook.conf"}, false, nil, nil, []string{"cook.conf"}, nil},
		{"folders", File{Path: "/usr/lib/tmpfiles.d/cook.conf"}, false, nil, nil, nil, []string{"cook.conf"}},
	} {
		p := Package{Files: []File{c.file}}
		if p.HasUnits() != c.hasUnits {
			t.Errorf("%s: HasUnits() = %v", c.name, p.HasUnits())
		}
		same(t, c.name+": units", p.Units(), c.units...)
		same(t, c.name+": stopped", p.Stopped(), c.stopped...)
		same(t, c.name+": users", p.Sysusers(), c.sysusers...)
		same(t, c.name+": folders", p.Tmpfiles(), c.tmpfiles...)
	}
}

func TestOpen(t *testing.T) {
	at := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(at, []byte("on disk"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]File{
		"":          {Path: "/x"},
		"in memory": {Path: "/x", Data: []byte("in memory")},
		"on disk":   {Path: "/x", Source: at, Data: []byte("in memory")},
	} {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("the content is %q, %v, want %q", got, err, want)
		}
		r.Close()
	}
	if _, err := (File{Source: at + "y"}).Open(); !os.IsNotExist(err) {
		t.Errorf("opening a missing source: %v", err)
	}
}

// TestVersionsAreDocumented holds the versions in docs/packages.md against how they are
// written.
func TestVersionsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "packages.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([0-9]\\S*)` \\| `(\\S+)` \\| `(\\S+)` \\|$")
	rows := row.FindAllStringSubmatch(string(page), -1)
	if len(rows) == 0 {
		t.Error("docs/packages.md shows no version")
	}
	for _, row := range rows {
		v, err := version.Parse(row[1])
		if err != nil {
			t.Fatal(err)
		}
		distro, err := v.Distro()
		want := Package{Distro: distro, Revision: 1}.Release()
		if err != nil || row[2] != want || row[3] != want {
			t.Errorf("docs/packages.md has %s and %s for %s, want %s (%v)", row[2], row[3], row[1], want, err)
		}
	}
}
