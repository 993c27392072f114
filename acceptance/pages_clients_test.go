//go:build acceptance && linux

package acceptance

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
)

// packagesAddress is where packages.example.org is.
const packagesAddress = "127.9.8.7"

// newVisitor makes a Debian that sees a folder as https://packages.example.org, and whose owner says yes to
// what apt, dnf and zypper ask.
func newVisitor(t *testing.T, folder string) client {
	t.Helper()
	c := newClient(t, "trixie", "gpg,jq,systemd,rpm,dnf,zypper")
	h := serveHosts(t, packagesAddress, map[string]http.Handler{
		"packages.example.org": http.FileServer(http.Dir(folder)),
	})
	c.put("etc/hosts", "%s", h.lines)
	c.put("usr/local/share/ca-certificates/harbour.crt", "%s", read(t, h.authority.file))
	c.put("etc/dnf/dnf.conf", "[main]\nassumeyes=1\ngpgcheck=1\nmetadata_expire=0\n")
	c.put("etc/zypp/repos.d/.keep", "")
	c.put("etc/rpm/macros", "%%__transaction_unshare %%{nil}\n") // which needs a root that is mounted
	c.run("update-ca-certificates")
	return c
}

// shell is root's in the system.
func (c client) shell() docscript.Shell {
	return docscript.Shell{Dir: "/", Under: []string{"chroot", c.root, "env", "-C", "/root"}, Env: []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
		"BASH_FUNC_zypper%%=() { command zypper --non-interactive \"$@\"; }"}}
}

// installs has a system install etcd by each of the ways of docs/install.md.
func (c client) installs() {
	d := openDocument(c.t, "install.md", c.shell())
	d.run("gpg --show-keys")
	d.run("apt install ./acme-archive-keyring.deb")
	c.run("dpkg -P etcd etcdctl acme-archive-keyring")
	d.run("acme-archive-keyring.gpg")
	c.run("apt-get install -qq etcd && dpkg -P etcd")
	c.knowsSystem()
	d.run("dnf upgrade --security")
	c.run("rpm -qa | xargs rpm -e --nodeps --justdb")
	c.knowsSystem()
	d.run("zypper install etcd")
	d.run("stable-3.7.txt")
}

// knowsSystem has rpm know what it did not install.
func (c client) knowsSystem() {
	dir := c.t.TempDir()
	below(c.t, dir)
	mustRun(c.t, "", "sh", "-ec", `cp "$0"/*.rpm "$1"`, dir, filepath.Join(c.root, "root"))
	c.run("rpm -i --nodeps --justdb below-*.rpm")
}
