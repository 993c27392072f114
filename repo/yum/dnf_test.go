package yum

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/release/vex"
	"github.com/slipway-build/slipway/repo/tree"
)

// A site is a repository on a server, whose suite is named ship.
type site struct {
	t    *testing.T
	dir  string
	url  string
	by   *sign.Signer
	rpms string // the folder of rpms before they are published
	Repository
}

func newSite(t *testing.T, by *sign.Signer) *site {
	dir := t.TempDir()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return &site{t: t, dir: dir, url: server.URL, by: by, rpms: t.TempDir(),
		Repository: Repository{Name: "ship", URL: server.URL, Time: signtest.Release}}
}

// add signs a package and puts it beside those that are there.
func (s *site) add(p packaging.Package) Package {
	s.t.Helper()
	file := write(s.t, s.rpms, p)
	added := signed(s.t, s.by, file)
	s.place([]tree.File{added.File(file)})
	s.Packages = append(s.Packages, added)
	return added
}

// advise says that packages fix a vulnerability.
func (s *site) advise(id string, packages ...Package) {
	s.t.Helper()
	u := vex.Update{ID: "ship-" + id, Type: "security", Title: "Security update", Description: id + " <is> fixed.",
		From: "Mate <mate@example.org>", Issued: "2026-02-02T03:04:05Z",
		References: []vex.Reference{{ID: id, Type: "cve", URL: "https://example.org/" + id}}}
	for _, p := range packages {
		u.Packages = append(u.Packages, vex.NEVRA{File: "rpm/linux_amd64/" + p.FileName(), Digest: "sha256:" + p.SHA256})
	}
	a, err := FromUpdate(u, s.Packages)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Advisories = append(s.Advisories, a)
}

// publish writes the metadata, and returns their revision.
func (s *site) publish() string {
	s.t.Helper()
	files, revision, err := Metadata(context.Background(), s.Repository, s.by)
	if err != nil {
		s.t.Fatal(err)
	}
	s.place(files)
	return revision
}

func (s *site) place(files []tree.File) {
	s.t.Helper()
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Close()
		put(s.t, filepath.Join(s.dir, f.Path), data)
	}
}

// programs are the clients that there are: dnf 4 has to be, dnf 5 is in few distributions yet.
func programs(t *testing.T) []string {
	t.Helper()
	testkit.Need(t, "dnf")
	if os.Getuid() != 0 {
		t.Skip("dnf installs as root only")
	}
	if _, err := exec.LookPath("dnf5"); err != nil {
		return []string{"dnf"}
	}
	return []string{"dnf", "dnf5"}
}

// A client is a system that dnf installs packages in, from one repository.
type client struct {
	t          *testing.T
	root, conf string
	program    string
}

// newClient makes a client that trusts a key. where is mirrorlist=URL or baseurl=URL.
func newClient(t *testing.T, program, where, key string) *client {
	t.Helper()
	c := &client{t: t, root: t.TempDir(), conf: filepath.Join(t.TempDir(), "dnf.conf"), program: program}
	put(t, c.conf, fmt.Appendf(nil, `[main]
cachedir=/var/cache/dnf
logdir=/var/log
reposdir=/nowhere
plugins=0
retries=1
install_weak_deps=0
[ship]
name=ship
%s
gpgcheck=1
repo_gpgcheck=1
gpgkey=file://%s
`, where, key))
	return c
}

func (c *client) try(args ...string) (string, error) {
	c.t.Helper()
	return try(c.t, c.root, append([]string{c.program, "--config", c.conf, "--installroot", c.root, "--releasever=1",
		"--refresh", "-y"}, args...)...)
}

func (c *client) dnf(args ...string) string {
	c.t.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", c.program, strings.Join(args, " "), err, out)
	}
	return out
}

// has checks which packages are installed.
func (c *client) has(want ...string) {
	c.t.Helper()
	out := c.dnf("--disablerepo=*", "-q", "repoquery", "--installed", "--qf", `%{name}-%{version}\n`)
	got := slices.DeleteFunc(strings.Fields(out), func(s string) bool { return strings.HasPrefix(s, "gpg-pubkey") })
	slices.Sort(got)
	if !slices.Equal(got, want) {
		c.t.Errorf("%s: there is %v, want %v", c.program, got, want)
	}
}

// shell is a package of what every rpm requires.
func shell(t *testing.T) packaging.Package {
	p := captain(t, "1.0.0")
	p.Name, p.Relations = "shell", packaging.Relations{}
	p.Files = []packaging.File{{Path: "/bin/sh", Mode: 0o755, Data: []byte("#!\n")}}
	return p
}

// program is a package of one program.
func program(t *testing.T, name, version string) packaging.Package {
	p := captain(t, version)
	p.Name, p.Relations = name, packaging.Relations{}
	p.Files = []packaging.File{{Path: "/usr/bin/" + name, Mode: 0o755, Data: []byte(name + version)}}
	return p
}

func TestDNF(t *testing.T) {
	key := signtest.OpenPGP(t, "captain")
	s := newSite(t, signer(t, key))
	s.add(shell(t))
	s.add(program(t, "captain", "1.36.1"))
	s.add(program(t, "bosun", "1.0.0"))
	first := s.publish()
	var clients []*client
	for _, program := range programs(t) {
		clients = append(clients,
			newClient(t, program, "mirrorlist="+s.url+"/rpm/ship/mirrorlist", key.Public),
			newClient(t, program, "baseurl="+s.url+"/rpm/ship/latest/", key.Public))
	}
	for _, c := range clients {
		c.dnf("install", "captain", "bosun")
		c.has("bosun-1.0.0", "captain-1.36.1", "shell-1.0.0")
	}
	fixed := s.add(program(t, "captain", "1.36.2+acme.1"))
	s.add(program(t, "bosun", "1.0.1"))
	s.advise("CVE-2026-0001", fixed)
	second := s.publish()
	for _, c := range clients {
		list, info := c.dnf("updateinfo", "list"), c.dnf("updateinfo", "info")
		if !strings.Contains(list, "ship-CVE-2026-0001") || !strings.Contains(list, "captain-1.36.2+acme.1-1") ||
			strings.Contains(list, "bosun") || !strings.Contains(info, "CVE-2026-0001 <is> fixed.") {
			t.Errorf("%s tells of the updates\n%s\n%s", c.program, list, info)
		}
		c.dnf("upgrade", "--security")
		c.has("bosun-1.0.0", "captain-1.36.2+acme.1", "shell-1.0.0")
		c.dnf("upgrade")
		c.has("bosun-1.0.1", "captain-1.36.2+acme.1", "shell-1.0.0")
		c.dnf("downgrade", "bosun-1.0.0")
	}
	s.Packages, s.Advisories = s.Packages[:3], nil
	if again := s.publish(); again != first || second == first {
		t.Errorf("the revisions are %s, %s, and rolled back %s", first, second, again)
	}
	for _, c := range clients {
		c.dnf("distro-sync")
		c.has("bosun-1.0.0", "captain-1.36.1", "shell-1.0.0")
	}
}

// TestDNFZstd holds that dnf reads metadata in zstd, too.
func TestDNFZstd(t *testing.T) {
	key := signtest.OpenPGP(t, "captain")
	s := newSite(t, signer(t, key))
	s.Zstd = true
	s.advise("CVE-2026-0001", s.add(shell(t)))
	s.publish()
	for _, program := range programs(t) {
		c := newClient(t, program, "mirrorlist="+s.url+"/rpm/ship/mirrorlist", key.Public)
		c.dnf("install", "/bin/sh")
		c.has("shell-1.0.0")
		if out := c.dnf("updateinfo", "list", "--all"); !strings.Contains(out, "ship-CVE-2026-0001") {
			t.Errorf("%s lists the updates\n%s", program, out)
		}
	}
}

// TestDNFRefuses holds that one byte that is changed anywhere is noticed.
func TestDNFRefuses(t *testing.T) {
	key := signtest.OpenPGP(t, "captain")
	for _, c := range []struct{ changed, said string }{
		{"rpm/ship/*/repodata/repomd.xml", "GPG"},
		{"rpm/ship/*/repodata/repomd.xml.asc", "GPG"},
		{"rpm/ship/*/repodata/*-primary.xml.gz", "checksum doesn't match"},
		{"rpm/packages/*/*/shell-*.rpm", "checksum doesn't match"},
		{"", "Complete!"},
	} {
		s := newSite(t, signer(t, key))
		s.add(shell(t))
		s.publish()
		flip(t, filepath.Join(s.dir, c.changed))
		for _, program := range programs(t) {
			to := newClient(t, program, "mirrorlist="+s.url+"/rpm/ship/mirrorlist", key.Public)
			out, err := to.try("install", "shell")
			if (err == nil) != (c.changed == "") || !strings.Contains(out, c.said) {
				t.Errorf("with a byte of %q changed, %s says %v\n%s", c.changed, program, err, out)
			}
			if c.changed != "" {
				to.has()
			}
		}
	}
}

// flip changes a byte of each file that fits a pattern; a folder has none.
func flip(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no %s", pattern)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			data := get(t, file)
			data[len(data)/2] ^= 1
			put(t, file, data)
		}
	}
}
