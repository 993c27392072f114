//go:build acceptance

package bootstrap

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// yumSuite makes a revision of a suite of some rpms, and has the mirrorlist name it.
func (c client) yumSuite(revision string, by *sign.Signer, packages ...string) {
	c.t.Helper()
	const suite = "srv/acme/rpm/ship-1.36"
	dir := filepath.Join(suite, revision)
	c.copy(dir, packages...)
	host(c.t, filepath.Join(c.root, dir), "createrepo_c", "--quiet", ".")
	index := filepath.Join(dir, "repodata/repomd.xml")
	data, err := os.ReadFile(filepath.Join(c.root, index))
	if err != nil {
		c.t.Fatal(err)
	}
	asc, err := by.Metadata(context.Background(), data)
	if err != nil {
		c.t.Fatal(err)
	}
	c.put(index+".asc", asc)
	c.put(suite+"/mirrorlist", []byte("file:///"+dir+"/\n"))
}

// signedRPM makes an rpm of captain with a signature.
func signedRPM(t *testing.T, version string, by *sign.Signer) string {
	t.Helper()
	path := captain(t, t.TempDir(), version, asRPM)
	if _, err := by.RPM(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// shell makes an rpm of what every rpm needs, and Debian's database of rpms does not have.
func shell(t *testing.T) string {
	t.Helper()
	path, err := write(packaging.Package{
		Name: "shell", Distro: "1", Revision: 1, Summary: "reads commands", License: "MIT", Date: signtest.Born,
		Maintainer: "Mate <mate@example.org>", Compression: "gzip",
		Files: []packaging.File{{Path: "/bin/sh", Mode: 0o755}},
	}, t.TempDir(), asRPM)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tools are how a client is asked for what the test needs, and what it says of an unknown key.
var tools = map[string]struct{ install, upgrade, unknown string }{
	"dnf": {"dnf -y -q install ", "dnf -y -q --refresh upgrade ", "GPG check FAILED"},
	"zypper": {"zypper -n --gpg-auto-import-keys install ",
		"zypper -n --gpg-auto-import-keys refresh && zypper -n --gpg-auto-import-keys update ", "unknown key"},
}

// yum has a client start with the release package, and follow the repository through a
// change of its key.
func (c client) yum(t *testing.T, tool string) {
	c.t = t
	do := tools[tool]
	old, both, turned, next := signer(t, "old"), signer(t, "old", "new"), signer(t, "new", "old"), signer(t, "new")
	first, second := sample(t, "old"), sample(t, "old", "new")
	second.Version = 2
	p1, p2 := made(t, first, old), made(t, second, old)
	one, two, three := signedRPM(t, "1", old), signedRPM(t, "2", old), signedRPM(t, "3", next)
	c.copy("srv", p1.RPM, shell(t))
	c.run("rpm -i --nodeps --justdb /srv/shell-*.rpm && rpm -i --nodeps /srv/acme-release-1-1.noarch.rpm")
	defer c.run("rpm -qa | xargs rpm -e --nodeps --justdb; rm -rf /var/cache/dnf /var/cache/zypp /srv/acme/rpm")
	if tool == "zypper" {
		c.run("mkdir -p /etc/zypp && rm -rf /etc/zypp/repos.d && ln -s ../yum.repos.d /etc/zypp/repos.d")
	}

	c.upstream()
	c.yumSuite("1", old, one)
	c.run(do.install + "captain")
	c.yumSuite("2", both, two, p2.RPM)
	c.run(do.upgrade + "captain")
	c.version("captain", "2")

	// Who missed the new release package cannot have what the new key signs.
	c.yumSuite("3", turned, three, p2.RPM)
	c.refuse(do.upgrade+"captain", do.unknown)
	if tool == "zypper" { // takes no index by the key then, and so no release package
		c.yumSuite("4", both, two, p2.RPM)
	}
	c.run(do.upgrade + "acme-release")
	c.version("acme-release", "2")
	c.yumSuite("5", turned, three, p2.RPM)
	c.run(do.upgrade + "captain")
	c.version("captain", "3")
	c.yumSuite("6", next, signedRPM(t, "4", next), p2.RPM)
	c.run(do.upgrade + "captain")
	c.version("captain", "4")
}

// upstream adds a repository of others, which has a higher version.
func (c client) upstream() {
	c.copy("srv/upstream/rpm", captain(c.t, c.t.TempDir(), "99", asRPM))
	host(c.t, filepath.Join(c.root, "srv/upstream/rpm"), "createrepo_c", "--quiet", ".")
	c.put("etc/yum.repos.d/upstream.repo",
		[]byte("[upstream]\nname=Upstream\nbaseurl=file:///srv/upstream/rpm\nenabled=1\ngpgcheck=0\n"))
}

// version checks that a package is installed at a version.
func (c client) version(name, want string) {
	c.t.Helper()
	if got := c.run("rpm -q --qf '%{VERSION}' " + name + " 2>/dev/null"); got != want {
		c.t.Errorf("%s is installed at version %s, want %s", name, got, want)
	}
}
