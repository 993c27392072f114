package bootstrap

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/rpm"
)

// yumSuite makes a revision of a suite of the rpms in packages, and has the mirrorlist name it.
func (c client) yumSuite(suite, revision string, by *sign.Signer, packages ...string) {
	c.t.Helper()
	dir := filepath.Join("srv/acme/rpm", suite, revision)
	c.copy(dir, packages...)
	host(c.t, filepath.Join(c.root, dir), "createrepo_c", "--quiet", ".")
	index := filepath.Join(dir, "repodata/repomd.xml")
	data, err := os.ReadFile(filepath.Join(c.root, index))
	if err != nil {
		c.t.Fatal(err)
	}
	asc, err := by.Detach(context.Background(), data)
	if err != nil {
		c.t.Fatal(err)
	}
	c.put(index+".asc", asc)
	c.put(filepath.Join("srv/acme/rpm", suite, "mirrorlist"), []byte("file:///"+dir+"/\n"))
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
	}, t.TempDir(), rpm.Write)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tools are how a client is asked for what the test needs.
var tools = map[string]struct{ refresh, install, upgrade string }{
	"dnf": {"dnf -y -q --refresh makecache", "dnf -y -q install ", "dnf -y -q --refresh upgrade "},
	"zypper": {"zypper -n --gpg-auto-import-keys refresh", "zypper -n --gpg-auto-import-keys install ",
		"zypper -n --gpg-auto-import-keys refresh && zypper -n update "},
}

// yum has a client start with the release package, and follow the repository through a
// change of its key.
func (c client) yum(t *testing.T, tool string) {
	c.t = t
	do := tools[tool]
	old, both, next := signer(t, "old"), signer(t, "old", "new"), signer(t, "new")
	first, second := sample(t, "old"), sample(t, "old", "new")
	second.Version = 2
	p1, p2 := made(t, first, old), made(t, second, old)
	one, two, three := signedRPM(t, "1", old), signedRPM(t, "2", old), signedRPM(t, "3", next)
	c.copy("root", p1.RPM, shell(t))
	c.run("rpm -i --nodeps --justdb /root/shell-*.rpm")
	defer c.run("rpm -qa | xargs rpm -e --nodeps --justdb; rm -rf /var/cache/dnf /srv/acme/rpm")
	if tool == "zypper" {
		c.run("mkdir -p /etc/zypp && rm -rf /etc/zypp/repos.d && ln -s ../yum.repos.d /etc/zypp/repos.d")
	}
	c.yumSuite("ship-1.36", "1", old, one, p1.RPM)
	c.run("rpm -i --nodeps /root/acme-release-1-1.noarch.rpm")
	c.run(do.install + "captain")
	c.yumSuite("ship-1.36", "2", both, two, p1.RPM, p2.RPM)
	c.run(do.upgrade + "captain")
	c.yumSuite("ship-1.36", "3", signer(t, "new", "old"), three, p1.RPM, p2.RPM)
	t.Log(c.try(do.upgrade))
	c.run(do.upgrade + "acme-release")
	c.run(do.upgrade + "captain")
	c.yumSuite("ship-1.36", "4", next, three, p1.RPM, p2.RPM)
	c.run(do.refresh)
}
