package yum

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/repo/tree"
)

// odd is a package with all that an rpm can say of itself in metadata.
const odd = `
Name: odd
Epoch: 2
Version: 1.0~rc1
Release: 3
Summary: Tom & "Jerry" <ship@example.org>
License: MIT AND Apache-2.0
Group: Ships/Odd
Vendor: The Ünion
Packager: Mate <mate@example.org>
URL: https://example.org/?a=1&b=2
BuildArch: noarch
AutoReqProv: no
Provides: ship = 1:2.0-3, ship(any), config(odd) = 2:1.0~rc1-3
Requires: /etc/odd.conf, /usr/share/odd/none, ship(any), captain >= 1.36, captain >= 1.36, bosun < 2:3.0-1
Requires: libc.so.6, libc.so.6(GLIBC_2.4)(64bit), libc.so.6(GLIBC_2.34)(64bit), libc.so.6(GLIBC_2.17)(64bit)
Requires: (cook if purser), mate, /var/log/odd
Requires(pre): ship(any)
Requires(pre): /usr/sbin/useradd, mate
Requires(post): mate >= 2
Requires(preun): deckhand
Requires(postun): anchor
Requires(pretrans): logline
Conflicts: hulk <= 0.9
Obsoletes: even < 1.0
Recommends: rope, (mast or sail)
Suggests: lantern = 1
Supplements: hull
Enhances: rigging > 5
%description
First & last.

  Indented <lines>.
%install
cd %{buildroot}
mkdir -p etc usr/lib usr/share/odd/bin var/log
touch etc/odd.conf usr/lib/sendmail usr/share/odd/bin/ünit var/log/odd 'usr/share/odd/a & b'
ln -s odd.conf etc/link
%files
%config /etc/odd.conf
/etc/link
/usr/lib/sendmail
%dir /usr/share/odd
%dir /usr/share/odd/bin
/usr/share/odd/bin/ünit
"/usr/share/odd/a & b"
%ghost /var/log/odd
%changelog
`

// log is a changelog longer than metadata have it. Two of its entries are of one day.
func log() string {
	var b strings.Builder
	for day := 14; day > 0; day-- {
		fmt.Fprintf(&b, "* Tue Feb %02d 2022 Mate <mate@example.org> - 1.%d\n- Change <%d> & more\n- And \"more\"\n\n",
			max(day, 2), day, day)
	}
	return b.String()
}

// oddRPM has rpmbuild make the package.
func oddRPM(t *testing.T, dir string) string {
	t.Helper()
	spec := filepath.Join(t.TempDir(), "odd.spec")
	put(t, spec, []byte(odd+log()))
	tool(t, filepath.Dir(spec), "rpmbuild", "-bb", "--quiet", "--define", "_topdir "+filepath.Dir(spec),
		"--define", "_rpmdir "+dir, "--define", "_rpmfilename %%{NAME}.rpm", spec)
	return filepath.Join(dir, "odd.rpm")
}

// TestCreaterepo holds that metadata have each element, attribute and text as createrepo_c
// writes them, in its order.
func TestCreaterepo(t *testing.T) {
	dir := t.TempDir()
	more := captain(t, "1.36.1+acme.1")
	more.Name, more.Compression = "bosun", "zstd"
	by := signer(t, signtest.OpenPGP(t, "captain"))
	packages := []Package{
		read(t, write(t, dir, captain(t, "1.36.1"))), signed(t, by, write(t, dir, more)), read(t, oddRPM(t, dir))}
	tool(t, dir, "createrepo_c", "--no-database", "--quiet", ".")
	r := Repository{Name: "ship", URL: "https://example.org", Time: signtest.Release, Packages: packages}
	files, revision := metadata(t, r, nil)
	asWrittenIn(t, filepath.Join(dir, "repodata"), files, revision, "primary", "filelists", "other")
}

// TestMergerepo holds that createrepo_c reads all that is written, and would write it again.
func TestMergerepo(t *testing.T) {
	r := fleet(t)
	files, revision := metadata(t, r, nil)
	site, out := t.TempDir(), t.TempDir()
	for _, f := range files {
		put(t, filepath.Join(site, f.Path), f.Data)
	}
	tool(t, out, "mergerepo_c", "--all", "--no-database", "--compress-type=gz", "--outputdir", out,
		"--repo", filepath.Join(site, "rpm", r.Name, revision))
	asWrittenIn(t, filepath.Join(out, "repodata"), files, revision, "primary", "filelists", "other")
}

// asWrittenIn compares documents of a revision with those that createrepo_c wrote to a folder.
func asWrittenIn(t *testing.T, dir string, files []tree.File, revision string, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		theirs, err := filepath.Glob(filepath.Join(dir, "*"+kind+".xml.gz"))
		if err != nil || len(theirs) != 1 {
			t.Fatalf("createrepo_c wrote %v as %s (%v)", theirs, kind, err)
		}
		want := flatten(t, ungzip(t, get(t, theirs[0])))
		same(t, kind, flatten(t, ungzip(t, one(t, files, "rpm/*/"+revision+"/repodata/*-"+kind+".xml.gz").Data)), want)
	}
}

// one returns the file whose path fits a pattern.
func one(t *testing.T, files []tree.File, pattern string) tree.File {
	t.Helper()
	i := slices.IndexFunc(files, func(f tree.File) bool {
		ok, err := filepath.Match(pattern, f.Path)
		return ok && err == nil
	})
	if i < 0 {
		t.Fatalf("there is no file %s", pattern)
	}
	return files[i]
}

func ungzip(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// exceptions are what differs on purpose: the time of a file on this machine, and where it is.
var exceptions = []string{"time@file", "location@href", "location@base"}

// A node is any element.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []node     `xml:",any"`
}

// flatten writes a document as lines, one for each element, attribute and text, the packages in
// the order of what they say.
func flatten(t *testing.T, text []byte) string {
	t.Helper()
	var root node
	if err := xml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var packages []string
	for _, n := range root.Nodes {
		packages = append(packages, n.lines(""))
	}
	slices.Sort(packages)
	root.Nodes = nil
	return root.lines("") + strings.Join(packages, "")
}

func (n node) lines(indent string) string {
	out := indent + path.Base(n.XMLName.Space) + ":" + n.XMLName.Local + "\n"
	slices.SortFunc(n.Attrs, func(a, b xml.Attr) int { return strings.Compare(a.Name.Local, b.Name.Local) })
	for _, a := range n.Attrs {
		if !slices.Contains(exceptions, n.XMLName.Local+"@"+a.Name.Local) {
			out += fmt.Sprintf("%s @%s %q\n", indent, a.Name.Local, a.Value)
		}
	}
	if len(n.Nodes) == 0 && n.Text != "" {
		out += fmt.Sprintf("%s %q\n", indent, n.Text)
	}
	for _, child := range n.Nodes {
		out += child.lines(indent + "  ")
	}
	return out
}

// same compares texts, and shows where they part.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			show := func(lines []string) string { return strings.Join(lines[max(i-4, 0):min(i+4, len(lines))], "\n") }
			t.Errorf("%s differs: it has\n%s\nwant\n%s", what, show(a), show(b))
			return
		}
	}
	if got != want {
		t.Errorf("%s differs: it has %d lines, want %d", what, len(a), len(b))
	}
}
