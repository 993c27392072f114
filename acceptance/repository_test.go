//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/repo/page/index"
)

// The suite of a repository's test, and the two versions that it has.
const (
	suite  = "etcd-3.7"
	first  = "3.7.3+slipway.1"
	second = "3.7.3+slipway.2"
	fixed  = "CVE-2026-0001" // by the second
)

// secondPatch is what the second version has that the first has not.
const secondPatch = `From: Slipway <slipway@example.org>
Date: Sun, 22 Nov 2026 00:00:00 +0000
Subject: [PATCH] Say what this is

CVE: ` + fixed + `
---
--- /dev/null
+++ b/SLIPWAY
@@ -0,0 +1 @@
+This is a fork.
`

// A repository is the project's, whose releases of etcd are published to a web server.
type repository struct {
	t       *testing.T
	dir     string // of the checkout, with a release
	mage    string // the program
	site    *site
	release string // the flag with the keys of a release
	key     string // the flag with those that the repository is signed with
}

// openRepository gives a checkout the address of a web server.
func openRepository(t *testing.T, dir string, p publisher) *repository {
	s := newSite(t, filepath.Join(dir, "site"))
	r := &repository{t, dir, compiled(t), s, p.secret(), p.secret()}
	r.set("url", s.url)
	return r
}

// set sets a value of repo.yaml.
func (r *repository) set(field, value string) {
	mustRun(r.t, r.dir, "sh", "-ec", `sed -i "/^$0:/d" repo.yaml; echo "$0: $1" >>repo.yaml`, field, value)
}

// publish changes the repository, has the server show it, and returns the snapshot's ID.
func (r *repository) publish(args ...string) string {
	r.t.Helper()
	r.t.Log(mustRun(r.t, r.dir, r.mage, append(args, r.key)...), mustRun(r.t, r.dir, r.mage, "repo:publish", "-to=site"))
	var shown index.Index
	if err := json.Unmarshal([]byte(read(r.t, filepath.Join(r.site.dir, index.File))), &shown); err != nil {
		r.t.Fatal(err)
	}
	return shown.Snapshot
}

// again releases the second version.
func (r *repository) again() {
	folder := filepath.Join(r.dir, "forks", suite)
	mustRun(r.t, folder, "sh", "-ec", `sed -i "s/^version: .*/version: $0/" fork.yaml
mkdir -p patches; printf %s "$1" >patches/0002-fork.patch; echo 0002-fork.patch >>patches/series`, second, secondPatch)
	of := "-fork=" + suite
	mustRun(r.t, r.dir, r.mage, "patches:lock", of)
	r.t.Log(mustRun(r.t, r.dir, r.mage, "release", of, "-arch="+runtime.GOARCH, r.release))
}

// A subscriber is a system with clients of a repository: apt has etcd from it, and dnf
// has etcdctl, so that neither touches the other's files.
type subscriber struct {
	client
	release   string // of Debian
	site      *site
	snapshots bool // whether its apt knows --snapshot
}

// subscribers are systems of two Debians. Neither has dnf 5.
func (r *repository) subscribers() []subscriber {
	dir := r.t.TempDir()
	below(r.t, dir)
	var all []subscriber
	for _, release := range []string{"bookworm", "trixie"} {
		s := subscriber{newClient(r.t, release, "systemd,apt-file,rpm,dnf"), release, r.site, release != "bookworm"}
		mustRun(r.t, "", "sh", "-ec", `cp "$0"/*.rpm "$1"`, dir, filepath.Join(s.root, "root"))
		s.run("rpm -i --nodeps --justdb below-*.rpm")
		s.put("etc/dnf/dnf.conf", "[main]\nassumeyes=1\ngpgcheck=1\nretries=1\nmetadata_expire=0\n")
		all = append(all, s)
	}
	return all
}

// lives publishes two releases and what happens between them, and has clients follow.
func (r *repository) lives() {
	r.publish("repo:add", "-fork="+suite)
	start := r.publish("repo:promote", "candidate", "stable")
	all := r.subscribers()
	each := func(what string, f func(t *testing.T, s subscriber)) {
		r.t.Helper()
		for _, s := range all {
			ok := r.t.Run(what+" on "+s.release, func(t *testing.T) {
				s.client = s.with(t)
				f(t, s)
			})
			if !ok {
				r.t.FailNow() // what follows rests on it
			}
		}
	}
	each("apt begins", func(_ *testing.T, s subscriber) { s.beginsAPT() })
	each("dnf begins", func(_ *testing.T, s subscriber) { s.beginsDNF() })
	each("curl", func(_ *testing.T, s subscriber) { s.downloads() })

	r.again()
	r.publish("repo:add", "-fork="+suite)
	each("a candidate", func(_ *testing.T, s subscriber) { s.tries() })
	upgraded := r.publish("repo:promote", "candidate", "stable")
	each("an upgrade", func(_ *testing.T, s subscriber) { s.upgrades() })
	r.t.Run("overlay", func(t *testing.T) { r.overlay(t) })
	r.publish("repo:rollback", start)
	each("a rollback", func(_ *testing.T, s subscriber) { s.goesBack() })
	each("a snapshot", func(_ *testing.T, s subscriber) { s.dated(upgraded) })
	r.rotates(each)
}

// late is the Debian that misses the release with which the next key is shipped.
const late = "bookworm"

// rotates replaces the key in three steps: clients get the next key, then both sign, then
// that one alone.
func (r *repository) rotates(each func(string, func(*testing.T, subscriber))) {
	old, next := r.key, signtest.OpenPGP(r.t, "mate")
	mustRun(r.t, r.dir, "cp", next.Public, "next.asc")
	r.set("keys", "[next.asc]")
	r.publish("repo:resign")
	each("the next key is shipped", func(t *testing.T, s subscriber) {
		if s.release == late {
			t.Skip("it misses this one")
		}
		s.renews("3")
	})
	r.set("keys", "[]")
	r.key = old + "," + next.Secret
	r.publish("repo:resign")
	each("both keys sign", func(_ *testing.T, s subscriber) {
		if s.release == late {
			s.renews("3")
		}
		s.reads()
	})
	mustRun(r.t, r.dir, "cp", filepath.Join("site", "slipway.asc"), "both.asc")
	r.set("keys", "[both.asc]") // the old one's rpms are still there
	r.key = "-key=" + next.Secret
	r.publish("repo:resign")
	each("the next key signs", func(_ *testing.T, s subscriber) { s.reads() }) // with the keys that clients have
}

// overlay has git clone the overlay, and compares its distfiles with its Manifests.
func (r *repository) overlay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "overlay")
	testkit.Git(t, filepath.Dir(dir), "clone", "-q", r.site.url+"/overlay.git", dir)
	for _, name := range []string{"etcd/etcd", "etcd-bin/etcd-bin"} {
		for _, version := range []string{"3.7.3_p1", "3.7.3_p2"} {
			if _, err := os.Stat(filepath.Join(dir, "dev-db", name+"-"+version+".ebuild")); err != nil {
				t.Error(err)
			}
		}
	}
	sums := mustRun(t, dir, "sh", "-ec", `grep -h ^DIST dev-db/*/Manifest | sort -u | while read -r _ name _ _ sum _; do
	echo "$sum  -" >"$1/sum"
	curl -fsS "$0/distfiles/$name" | b2sum --check --quiet "$1/sum"; echo "$name"
done`, r.site.url, t.TempDir())
	if n := strings.Count(sums, "\n"); n != 7 { // upstream's tarball is in both versions
		t.Errorf("there are %d distfiles, want 7:\n%s", n, sums)
	}
	r.signedOverlay(t, dir)
}

// signedOverlay has GnuPG verify the overlay's Manifest and its last commit, and compares the
// files with the Manifest.
func (r *repository) signedOverlay(t *testing.T, dir string) {
	testkit.Need(t, "gpg")
	home, err := os.MkdirTemp("", "gpg") // the path of an agent's socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	out := mustRun(t, dir, "sh", "-ec", `export GNUPGHOME=$0
gpg --batch -q --no-autostart --import "$1"
gpg --batch --trust-model=always --verify Manifest; git verify-commit HEAD
n=0; while read -r kind name size _ sum _; do case $kind in DATA|MANIFEST)
	n=$((n + 1)); test "$(wc -c <"$name")" = "$size"; echo "$sum  $name" | b2sum --check --quiet;;
esac; done <Manifest; echo "$n files"`, home, filepath.Join(r.site.dir, "slipway.asc"))
	if n := strings.Count(out, "Good signature"); n != 2 || strings.Contains(out, "\n0 files") {
		t.Errorf("there are %d signatures, want 2, on some files:\n%s", n, out)
	}
}
