//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// shell imports an image with a shell into containerd.
const shell = `cd /tmp; mkdir -p fs/bin; cp /bin/busybox fs/bin/sh; tar -C fs -cf layer.tar bin
printf '{"architecture": "%s", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}' \
	"$(dpkg --print-architecture)" "$(sha256sum <layer.tar | cut -d' ' -f1)" >config.json
echo '[{"Config": "config.json", "RepoTags": ["example.org/shell:1"], "Layers": ["layer.tar"]}]' >manifest.json
tar -cf image.tar config.json layer.tar manifest.json; ctr image import image.tar`

// ticks has a container write a line a second.
const ticks = `ctr run -d example.org/shell:1 one /bin/sh -c 'while :; do echo tick >>/log; sleep 1; done'`

// TestContainerd has containerd and runc take the place of Debian's while a container runs.
func TestContainerd(t *testing.T) {
	testkit.Need(t, "apt-ftparchive")
	dir := clone(t)
	openDocument(t, "packages.md", docscript.Shell{Dir: dir, Env: os.Environ()}).run("-fork=containerd-2")
	debs, err := filepath.Glob(filepath.Join(dir, "dist", "*", "deb", "*", "*.deb"))
	if err != nil || len(debs) != 2 {
		t.Fatal(debs, err)
	}
	t.Run("lintian", func(t *testing.T) {
		testkit.Need(t, "lintian")
		lintian(t, debs)
	})
	t.Setenv("SYSTEMD_SECCOMP", "0") // containers have keyrings, which systemd-nspawn otherwise denies
	m := boot(t, "ca-certificates,containerd,busybox-static", func(root string) {
		mustRun(t, "", "sh", append([]string{"-ec", `mkdir "$0"; cp "$@" "$0"; cd "$0"; apt-ftparchive packages . >Packages
echo 'deb [trusted=yes] file:/repo ./' >sources.list`, filepath.Join(root, "repo")}, debs...)...)
	})
	m.sh(`for d in /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$d" 2>/dev/null || true; done`)
	m.sh(shell)
	m.sh(ticks)
	pid := m.sh(running)

	t.Log("upgrade")
	m.sh(apt + "update; " + apt + "upgrade")
	m.is("ctr version 2>/dev/null | sed -n 's/^ *Version: *//p' | sort -u", "v2.4.2+slipway.1")
	m.is("runc --version | head -1", "runc version 1.5.2+slipway.1")
	m.is("systemctl is-active containerd; systemctl is-enabled containerd", "active\nenabled")
	m.is(running, pid)
	m.is(`ctr task exec --exec-id look one /bin/sh -c 'tail -n 1 /log' 2>/dev/null`, "tick")
	m.is(`ctr run --rm example.org/shell:1 two /bin/sh -c 'echo hello' 2>/dev/null`, "hello")
	m.sh(`mkdir /etc/containerd/conf.d
printf 'version = 3\n[debug]\nlevel = "warn"\n' >/etc/containerd/conf.d/a.toml`)
	m.is("containerd config dump 2>/dev/null | grep -c 'level = .warn.'", "1")
	m.sh(apt + "install --reinstall containerd")
	m.is(running, pid)

	t.Log("remove and purge")
	m.sh("ctr task kill -s KILL one")
	m.eventually("ctr task list | grep STOPPED")
	m.sh("ctr task delete one || test $? = 137; ctr container delete one")
	m.sh(apt + "remove containerd")
	m.is("systemctl is-active containerd || true; test -d /var/lib/containerd", "inactive")
	m.sh("rm -r /etc/containerd/conf.d; dpkg --purge containerd runc")
	m.is("find /etc /usr /var/lib -xdev \\( -name '*containerd*' -o -name runc \\) ! -path '/usr/share/*' -print", "")
}

// running prints the process of the container one.
const running = `ctr task list 2>/dev/null | sed -n 's/^one *\([0-9]*\) *RUNNING$/\1/p'`
