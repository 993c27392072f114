package ebuilds

import (
	"crypto/sha512"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/slipway-build/slipway/internal/golden"
)

// sums are what other tests compute: in a golden they would only be noise.
var sums = regexp.MustCompile(`[0-9a-f]{64,}`)

// TestOverlay compares a whole overlay and the distfile with its init script.
func TestOverlay(t *testing.T) {
	o := ship()
	tree, _ := merge(t, o, nil)
	files, err := o.Forks[0].Unpacked()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		tree["the distfile of files/"+name] = data
	}
	var b strings.Builder
	for _, name := range sortedKeys(tree) {
		b.WriteString("== " + name + "\n" + string(tree[name]))
	}
	golden.Check(t, filepath.Join("testdata", "overlay.golden"), sums.ReplaceAll([]byte(b.String()), []byte("SUM")))
}

// TestOverlayFiles lists the files of overlays. To add a case, add a row with what
// is different from ship.
func TestOverlayFiles(t *testing.T) {
	settings := []string{
		".github/workflows/pkgcheck.yml", "README.md", "metadata/layout.conf", recordName, "profiles/categories",
		"profiles/eapi", "profiles/repo_name",
	}
	account := func(name string) (out []string) {
		for _, kind := range []string{"acct-group", "acct-user"} {
			out = append(out, kind+"/metadata.xml")
			for _, file := range []string{"Manifest", "metadata.xml", name + "-0.ebuild"} {
				out = append(out, kind+"/"+name+"/"+file)
			}
		}
		return out
	}
	pkg := func(name string) []string {
		dir := "app-misc/" + name + "/"
		return []string{dir + "Manifest", dir + "metadata.xml", dir + name + "-1.4.1_p1.ebuild"}
	}
	packages := slices.Concat([]string{"app-misc/metadata.xml"}, pkg("ship"), pkg("ship-bin"))
	patch := []string{"app-misc/ship/files/ship-1.4.1_p1-0001-crew.patch"}
	for _, c := range []struct {
		name   string
		change func(*Fork)
		want   []string
	}{
		{"as it is", func(*Fork) {}, slices.Concat(packages, pkg("ship-meta"), patch, account("bosun"))},
		{"without a package that is a name for others", func(f *Fork) { f.Packages = f.Packages[:1] },
			slices.Concat(packages, patch, account("bosun"))},
		{"that name has no USE flag", func(f *Fork) { delete(f.Project.Flags, "mate") },
			slices.Concat(packages, patch, account("bosun"))},
		{"a user that ::gentoo has", func(f *Fork) { f.Project.Accounts = nil },
			slices.Concat(packages, pkg("ship-meta"), patch)},
		{"patches in a distfile", func(f *Fork) { f.Distfiles["patches"] = dist("ship-1.4.1_p1-patches.tar.xz") },
			slices.Concat(packages, pkg("ship-meta"), account("bosun"))},
		{"no patches", func(f *Fork) { f.Series, f.Touched = nil, nil },
			slices.Concat(packages, pkg("ship-meta"), account("bosun"))},
	} {
		o := ship()
		c.change(&o.Forks[0])
		tree, _ := merge(t, o, nil)
		want := slices.Sorted(slices.Values(append(c.want, settings...)))
		if got := sortedKeys(tree); !slices.Equal(got, want) {
			t.Errorf("%s: the overlay has\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestFiles has the order, and that Manifests and what is about all packages come
// only with Merge.
func TestFiles(t *testing.T) {
	files, err := ship().Files()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("Files() is not sorted")
	}
	for _, f := range files {
		if base := filepath.Base(f.Path); base == "Manifest" || base == "README.md" || f.Path == "profiles/categories" {
			t.Errorf("Files() has %s", f.Path)
		}
	}
}

// TestOverlayIsDeterministic merges the same overlay often: maps have no order.
func TestOverlayIsDeterministic(t *testing.T) {
	first, notes := merge(t, captain(), nil)
	for range 20 {
		again, others := merge(t, captain(), nil)
		same := maps.EqualFunc(first, again, func(a, b []byte) bool { return string(a) == string(b) })
		if !same || !slices.Equal(notes, others) {
			t.Fatal("Merge() of the same overlay differs")
		}
	}
}

func TestSummaries(t *testing.T) {
	o := ship()
	tree, _ := merge(t, o, Tree{
		"app-misc/raft/raft-1.ebuild":     []byte("EAPI=8\n"),
		"app-misc/raft/raft-1-r10.ebuild": []byte("EAPI=8\n"),
		"app-misc/raft/raft-1-r9.ebuild":  []byte("EAPI=8\n"),
		"net-misc/oar/oar-0.1_rc1.ebuild": []byte("EAPI=8\n"),
		"net-misc/oar/files/a.ebuild":     []byte("not an ebuild of a package\n"),
		"scripts/new.ebuild":              []byte("not an ebuild of a package\n"),
	})
	if got, want := string(tree["profiles/categories"]), "acct-group\nacct-user\napp-misc\nnet-misc\n"; got != want {
		t.Errorf("categories are %q, want %q", got, want)
	}
	for _, row := range []string{
		"| `app-misc/raft` | 1-r10 |\n| `app-misc/ship` | 1.4.1_p1 |\n| `app-misc/ship-bin` | 1.4.1_p1 |\n",
		"| `app-misc/ship-meta` | 1.4.1_p1 |\n| `net-misc/oar` | 0.1_rc1 |\n\nThe packages",
	} {
		if !strings.Contains(string(tree["README.md"]), row) {
			t.Errorf("README.md has no %q:\n%s", row, tree["README.md"])
		}
	}
	want := "<longdescription lang=\"en\">Packages of the category net-misc.</longdescription>"
	if got := string(tree["net-misc/metadata.xml"]); !strings.Contains(got, want) {
		t.Errorf("net-misc/metadata.xml has no %s:\n%s", want, got)
	}
}

func TestMetadataXML(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE pkgmetadata SYSTEM "https://www.gentoo.org/dtd/metadata.dtd">
<pkgmetadata>
	<maintainer type="person">
`
	for _, c := range []struct {
		name, maintainer string
		change           func(*Fork)
		want             string
	}{
		{"nothing is known", "Mate <mate@example.org>", func(f *Fork) { *f = Fork{} },
			"\t\t<email>mate@example.org</email>\n\t\t<name>Mate</name>\n\t</maintainer>\n</pkgmetadata>\n"},
		{"a name with a comma, as in mails", `"Mate, First" <mate@example.org>`, func(f *Fork) { *f = Fork{} },
			"\t\t<email>mate@example.org</email>\n\t\t<name>Mate, First</name>\n\t</maintainer>\n</pkgmetadata>\n"},
		{"text is escaped", "A & B <a&b@example.org>", func(f *Fork) {
			f.Project.Remote = "github:a<b"
			f.Packages = f.Packages[1:]
			f.Packages[0].Summary = `"rum" & more`
		}, "\t\t<email>a&amp;b@example.org</email>\n\t\t<name>A &amp; B</name>\n\t</maintainer>\n" +
			"\t<upstream>\n\t\t<remote-id type=\"github\">a&lt;b</remote-id>\n\t</upstream>\n" +
			"\t<use>\n\t\t<flag name=\"mate\">Install mate: &#34;rum&#34; &amp; more</flag>\n\t</use>\n</pkgmetadata>\n"},
		{"flags are sorted, and without a +", "Mate <mate@example.org>", func(f *Fork) {
			f.Project.Remote = ""
			f.Project.Flags["bosun"] = "+zeal"
		}, "\t\t<email>mate@example.org</email>\n\t\t<name>Mate</name>\n\t</maintainer>\n" +
			"\t<use>\n\t\t<flag name=\"mate\">Install mate: helps the bosun</flag>\n" +
			"\t\t<flag name=\"zeal\">Install bosun: calls the crew</flag>\n\t</use>\n</pkgmetadata>\n"},
	} {
		f := shipFork()
		c.change(&f)
		got, err := Overlay{Maintainer: c.maintainer}.metadataXML(f, f.describes(f.Packages))
		if err != nil || string(got) != head+c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, head+c.want)
		}
		checkXML(got, func(format string, args ...any) { t.Errorf("%s: %s", c.name, fmt.Sprintf(format, args...)) })
	}
	o := ship()
	o.Maintainer = "mate@example.org"
	want := `ship-1.4.1_p1: "mate@example.org" is not a maintainer: ` +
		`want a name and address, such as Mate <mate@example.org>`
	if _, err := o.Files(); errorText(err) != want {
		t.Errorf("Files() = %v, want %s", err, want)
	}
}

// TestManifest has each kind of line, without the sums, which TestManifestSums has.
func TestManifest(t *testing.T) {
	got := Manifest([]File{
		{"ship-1.ebuild", []byte("12345")},
		{"metadata.xml", []byte("123")},
		{"files/ship.patch", []byte("1")},
		{"files/deep/ship.ebuild", nil},
		{"Manifest", []byte("never listed")},
	}, []Distfile{dist("ship-1.tar.xz"), dist("deps.tar.xz"), dist("ship-1.tar.xz")})
	var lines []string
	for line := range strings.Lines(string(got)) {
		w := strings.Fields(line)
		if len(w) != 7 || w[3] != "BLAKE2B" || len(w[4]) != 128 || w[5] != "SHA512" || len(w[6]) != 128 {
			t.Errorf("%q has no sums", line)
			continue
		}
		lines = append(lines, strings.Join(w[:3], " "))
	}
	want := []string{
		"AUX deep/ship.ebuild 0", "AUX ship.patch 1", "DIST deps.tar.xz 1", "DIST ship-1.tar.xz 1",
		"EBUILD ship-1.ebuild 5", "MISC metadata.xml 3",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("Manifest() =\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got := Manifest(nil, nil); len(got) > 0 {
		t.Errorf("Manifest() of nothing = %q", got)
	}
}

func TestManifestSums(t *testing.T) {
	data := []byte("ahoy\n")
	line := fmt.Sprintf("ship.txt 5 BLAKE2B %x SHA512 %x\n", blake2b.Sum512(data), sha512.Sum512(data))
	if got := string(Manifest([]File{{"ship.txt", data}}, nil)); got != "MISC "+line {
		t.Errorf("Manifest() = %q, want %q", got, "MISC "+line)
	}
	name := filepath.Join(t.TempDir(), "ship.txt")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Sum(name)
	if got := manifestLine("DIST", d); err != nil || got != "DIST "+line {
		t.Errorf("Sum() = %q, %v, want %q", got, err, "DIST "+line)
	}
	if _, err := Sum(name + ".gone"); !os.IsNotExist(err) {
		t.Errorf("Sum() of no file = %v", err)
	}
}
