package apt

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/release/contents/contentstest"
	"github.com/slipway-build/slipway/repo/tree"
)

// made is the date of the tests' suites.
var made = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// control is the control file of a package for amd64.
func control(name, version string) string {
	return "Package: " + name + "\nVersion: " + version + "\nArchitecture: amd64\nSection: admin\n" +
		"Maintainer: Mate <mate@example.org>\nDescription: steers\n Steers the ship.\n .\n And no other.\n"
}

// writeDeb writes a deb with a control file and files, and returns its path.
func writeDeb(t testing.TB, control string, files ...string) string {
	t.Helper()
	entries := []contentstest.Entry{contentstest.File("./", "")}
	for _, name := range files {
		content := "a file\n"
		if strings.HasSuffix(name, "/") {
			content = "" // a folder
		}
		entries = append(entries, contentstest.File("./"+name, content))
	}
	data := debOf(t, control, contentstest.Tar(t, entries...))
	file := filepath.Join(t.TempDir(), "ship.deb")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// debOf returns a deb of a control file and data.tar.
func debOf(t testing.TB, control string, data []byte) []byte {
	t.Helper()
	first := contentstest.Tar(t, contentstest.File("./", ""), contentstest.File("./control", control))
	return contentstest.Ar(t, contentstest.File("debian-binary", "2.0\n"),
		contentstest.File("control.tar.gz", string(contentstest.Compress(t, "gz", first))),
		contentstest.File("data.tar.xz", string(contentstest.Compress(t, "xz", data))))
}

func TestPoolPath(t *testing.T) {
	for _, c := range []struct{ version, arch, want string }{
		{"1.36.1-1", "amd64", "captain_1.36.1-1_amd64.deb"},
		{"1.36.1+acme.1-1", "all", "captain_1.36.1_acme.1-1_all.deb"},
		{"2:1.36.1~rc.0-1", "arm64", "captain_1.36.1~rc.0-1_arm64.deb"},
	} {
		p := Package{Name: "captain", Version: c.version, Architecture: c.arch, SHA256: "ab12"}
		if got, want := PoolPath(p), "apt/pool/ab/ab12/"+c.want; got != want {
			t.Errorf("PoolPath(%s, %s) = %s, want %s", c.version, c.arch, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	sorted := []string{"0.9-1", "1.36.1~rc.0-1", "1.36.1-1", "1.36.1-2", "1.36.1+acme.1-1", "1.36.1+acme.10-1",
		"1.36.10-1", "1:0.1-1"}
	for i := range sorted {
		for j := range sorted {
			if got := Compare(sorted[i], sorted[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s) = %d", sorted[i], sorted[j], got)
			}
		}
	}
}

// suite is one of packages for several architectures.
func suite() Suite {
	pkg := func(name, version, arch string, files ...string) Package {
		p, err := parseControl(strings.Replace(control(name, version), "amd64", arch, 1))
		if err != nil {
			panic(err)
		}
		p.SHA256 = fmt.Sprintf("%064x", len(name)*1000+len(version)*10+len(arch))
		p.Path, p.Size, p.Files = PoolPath(p), 4096, files
		return p
	}
	return Suite{
		Name: "ship-1.36", Origin: "Acme", Label: "Acme's ship", Description: "Ships of Acme",
		Date: made, ValidUntil: made.AddDate(0, 0, 14),
		Snapshots: "https://packages.example.org/apt/snapshots/@SNAPSHOTID@/", Snapshot: "20260203T040506Z",
		Packages: []Package{
			pkg("captain", "1.36.10-1", "amd64", "usr/bin/bosun", "usr/bin/captain"),
			pkg("captain", "1.36.9+acme.1-1", "amd64", "usr/bin/captain"),
			pkg("captain", "1.36.10-1", "arm64", "usr/bin/captain"),
			pkg("bosun", "1.36.10-1", "amd64", "usr/bin/bosun", "usr/share/ship/the log"),
			pkg("ship-docs", "1.36.10-1", "all", "usr/share/doc/ship/a/very/long/path/that/leads/far/below/the/keel.txt"),
		},
	}
}

// show lists files: a line each, and the content of those that can be read.
func show(files []tree.File) []byte {
	var out bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&out, "%s %s %d %s", f.Class, f.Path, f.Size, f.SHA256[:8])
		if f.Alias != "" {
			fmt.Fprintf(&out, " alias of %s", f.Alias)
		}
		out.WriteString("\n")
	}
	for _, f := range files {
		if f.Class != tree.Content && !slices.Contains([]string{".gz", ".xz"}, filepath.Ext(f.Path)) {
			fmt.Fprintf(&out, "\n== %s\n%s", f.Path, f.Data)
		}
	}
	return out.Bytes()
}

func TestIndexes(t *testing.T) {
	files, err := Indexes(t.Context(), suite(), nil)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "suite.txt"), show(files))
	other := suite()
	slices.Reverse(other.Packages)
	again, err := Indexes(t.Context(), other, nil)
	if err != nil || !bytes.Equal(show(again), show(files)) {
		t.Errorf("in another order the packages make other indexes: %v", err)
	}
}

// TestArchitectures checks which indexes there are.
func TestArchitectures(t *testing.T) {
	for _, c := range []struct{ packages, want []string }{
		{nil, []string{"amd64", "arm64"}},
		{[]string{"all"}, []string{"amd64", "arm64"}},
		{[]string{"riscv64", "all", "amd64", "amd64"}, []string{"amd64", "riscv64"}},
	} {
		var packages []Package
		for _, arch := range c.packages {
			packages = append(packages, Package{Architecture: arch})
		}
		if got := architectures(packages); !slices.Equal(got, c.want) {
			t.Errorf("packages for %v: %v, want %v", c.packages, got, c.want)
		}
	}
}

// TestEmpty checks that a suite without packages can be read.
func TestEmpty(t *testing.T) {
	files, err := Indexes(t.Context(), Suite{Name: "ship", Origin: "Acme", Label: "Acme", Date: made}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
			continue
		}
		r.Close()
	}
}

func TestRefusedSuites(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Suite)
		want   string
	}{
		{"a path as name", func(s *Suite) { s.Name = "../ship" }, "apt suite ../ship: its name cannot be a folder's"},
		{"no origin", func(s *Suite) { s.Origin = "" }, "apt suite ship-1.36: it has no Origin"},
		{"no label", func(s *Suite) { s.Label = "" }, "it has no Label"},
		{"two lines", func(s *Suite) { s.Label = "a\nSuite: b" }, `its Label is "a\nSuite: b": want one line`},
		{"no placeholder", func(s *Suite) { s.Snapshots = "https://example.org" }, "want a URL with @SNAPSHOTID@"},
		{"a path as snapshot", func(s *Suite) { s.Snapshot = "a/b" }, `the snapshot "a/b" cannot be a folder`},
		{"no date", func(s *Suite) { s.Date = time.Time{} }, "it has no date"},
		{"expired at once", func(s *Suite) { s.ValidUntil = s.Date }, "it would be valid until Tue, 03 Feb 2026"},
		{"twice", func(s *Suite) {
			p := s.Packages[0]
			p.Path = "apt/pool/00/00/captain.deb"
			s.Packages = append(s.Packages, p)
		}, "are both captain 1.36.10-1 for amd64: remove one of them"},
		{"for all, too", func(s *Suite) {
			p := s.Packages[0]
			p.Architecture = "all"
			s.Packages = append(s.Packages, p)
		}, "are both captain 1.36.10-1 for amd64"},
	} {
		s := suite()
		c.change(&s)
		if _, err := Indexes(t.Context(), s, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
