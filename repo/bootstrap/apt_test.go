//go:build acceptance

package bootstrap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign"
)

// debian makes a new Debian system. It needs root, and an archive of Debian's.
func debian(t *testing.T, release, include string) client {
	t.Helper()
	if testing.Short() {
		t.Skip("it makes a system, which takes a while")
	}
	if os.Getuid() != 0 {
		t.Skip("it makes a system, which needs root")
	}
	archive := testkit.DebianArchive(t)
	root := filepath.Join(t.TempDir(), "root")
	host(t, "", "mmdebstrap", "--quiet", "--variant=apt", "--keyring="+testkit.DebianKeys, "--include=rpm,"+include,
		release, root, archive)
	c := client{t, root}
	c.run("rm /etc/apt/sources.list")
	return c
}

// aptSuite writes a suite of the debs in a folder of the system below its dists. Without a
// signer it has no signature.
func (c client) aptSuite(dir, suite, origin string, by *sign.Signer) {
	c.t.Helper()
	at := filepath.Join(c.root, dir)
	packages := host(c.t, at, "apt-ftparchive", "packages", "pool")
	c.put(filepath.Join(dir, "dists", suite, "main/binary-amd64/Packages"), packages)
	dists := filepath.Join("dists", suite)
	for _, name := range []string{"InRelease", "Release"} {
		if err := os.RemoveAll(filepath.Join(at, dists, name)); err != nil {
			c.t.Fatal(err)
		}
	}
	args := []string{"apt-ftparchive"}
	for field, value := range map[string]string{
		"Origin": origin, "Suite": suite, "Codename": suite, "Components": "main", "Architectures": "amd64",
	} {
		args = append(args, "-o", fmt.Sprintf("APT::FTPArchive::Release::%s=%s", field, value))
	}
	release := host(c.t, at, append(args, "release", dists)...)
	if by == nil {
		c.put(filepath.Join(dir, dists, "Release"), release)
		return
	}
	signed, err := by.Clear(context.Background(), release)
	if err != nil {
		c.t.Fatal(err)
	}
	c.put(filepath.Join(dir, dists, "InRelease"), signed)
}

// candidate is the version of captain that apt would install.
func (c client) candidate() string {
	c.t.Helper()
	_, rest, _ := strings.Cut(c.run("apt-cache policy captain"), "Candidate: ")
	version, _, _ := strings.Cut(rest, "\n")
	return version
}

// TestDebian has fresh systems of Debian start with the keyring package, and follow the
// repository through a change of its key.
func TestDebian(t *testing.T) {
	for release, tools := range map[string]string{"bookworm": "dnf", "trixie": "dnf,zypper"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			c := debian(t, release, tools)
			for _, tool := range strings.Split(tools, ",") {
				t.Run(tool, func(t *testing.T) { c.yum(t, tool) })
			}
			old, both, next := signer(t, "old"), signer(t, "old", "new"), signer(t, "new")
			first := sample(t, "old")
			second := sample(t, "old", "new")
			second.Version, second.Suites = 2, append(second.Suites, Suite{Name: "ship-1.38"})
			p1, p2 := made(t, first, old), made(t, second, old)
			c.copy("srv/acme/apt/pool", p1.Deb, captain(t, t.TempDir(), "1.36.1", asDeb))
			c.aptSuite("srv/acme/apt", "ship-1.36", "Acme", old)
			t.Run("files", func(t *testing.T) { c.fetched(t, first) })
			c.copy("srv", p1.Deb)
			c.run("dpkg -i /srv/*_1-1_all.deb && apt-get update -qq && apt-get install -qq captain")
			t.Run("pin", c.pinned)

			// What the operator has chosen stays, without a question.
			choose := "cd /etc/apt/sources.list.d && sed -i 's/^Enabled: no/Enabled: yes/' acme-ship-1.37.sources && "
			for _, suite := range []string{"ship-1.37", "ship-1.38"} {
				c.aptSuite("srv/acme/apt", suite, "Acme", old)
			}
			c.run(choose + "apt-get update -qq")

			c.copy("srv/acme/apt/pool", p2.Deb)
			for _, suite := range []string{"ship-1.36", "ship-1.37"} {
				c.aptSuite("srv/acme/apt", suite, "Acme", both)
			}
			c.run("apt-get update -qq") // with the older keyring
			c.aptSuite("srv/acme/apt", "ship-1.36", "Acme", next)
			c.refuse("apt-get update -qq -o APT::Update::Error-Mode=any", "Failed to fetch") // who missed that is left behind
			c.aptSuite("srv/acme/apt", "ship-1.36", "Acme", both)
			c.run("apt-get update -qq && apt-get dist-upgrade -qq")
			if got := c.run("dpkg-query -W acme-archive-keyring"); !strings.HasSuffix(got, "\t2-1\n") {
				t.Errorf("after the upgrade it has %s", got)
			}
			for _, suite := range []string{"ship-1.36", "ship-1.37"} {
				c.aptSuite("srv/acme/apt", suite, "Acme", next)
			}
			c.run("apt-get update -qq -o APT::Update::Error-Mode=any")
			const want = "acme-ship-1.36.sources:Enabled: yes\n" +
				"acme-ship-1.37.sources:Enabled: yes\nacme-ship-1.38.sources:Enabled: no\n"
			if got := c.run("cd /etc/apt/sources.list.d && grep ^Enabled *"); got != want {
				t.Errorf("after the upgrade its suites are\n%s, want\n%s", got, want)
			}
		})
	}
}

// fetched starts with the keyring and the sources of a suite alone, and gets the
// keyring package from there.
func (c client) fetched(t *testing.T, in Input) {
	c.t = t
	files, err := Files(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		switch f.Path {
		case "acme-archive-keyring.gpg":
			c.put("usr/share/keyrings/"+f.Path, f.Data)
		case "apt/ship-1.36.sources":
			c.put("etc/apt/sources.list.d/ship-1.36.sources", f.Data)
		}
	}
	c.run("apt-get update -qq && apt-get install -qq acme-archive-keyring")
	out := c.run("apt-get update")
	if strings.Contains(out, "E: ") || !strings.Contains(out, "configured multiple times") {
		t.Errorf("with a suite in two files, apt says:\n%s", out)
	}
	c.run("rm /etc/apt/sources.list.d/ship-1.36.sources && apt-get update -qq")
	if got := c.candidate(); got != "1.36.1-1" {
		t.Errorf("the candidate is %s", got)
	}
	c.run("dpkg -P acme-archive-keyring")
}

// pinned has another repository offer a higher version, to a system that has ours.
func (c client) pinned(t *testing.T) {
	c.t = t
	theirs := captain(t, t.TempDir(), "1.99.0", asDeb)
	c.copy("srv/upstream/pool", theirs)
	c.aptSuite("srv/upstream", "stable", "Upstream", nil)
	c.put("etc/apt/sources.list.d/upstream.list", []byte("deb [trusted=yes] file:/srv/upstream stable main\n"))
	defer c.run("rm /etc/apt/sources.list.d/upstream.list; apt-get update -qq")
	for _, origin := range []string{
		"Acme", "Acme Ships", "Acme, Inc.", "Acme [ships]*", `a\c?me`, "/Acme/", "/", "Äcme", `"Acme"`, "o=Acme",
	} {
		in := sample(t, "old")
		in.Origin = origin
		c.aptSuite("srv/acme/apt", "ship-1.36", origin, signer(t, "old"))
		c.put("etc/apt/preferences.d/acme", in.preferences())
		for _, how := range []string{"", "-t stable"} { // as with APT::Default-Release
			c.run("rm -rf /var/lib/apt/lists/* && apt-get update -qq")
			if out := c.run("apt-get install -s " + how + " captain"); strings.Contains(out, "1.99.0") {
				t.Errorf("origin %s: with %q, the other origin's version would be installed:\n%s", origin, how, out)
			}
		}
		if got := c.candidate(); got != "1.36.1-1" {
			t.Errorf("origin %s: the candidate is %s", origin, got)
		}
	}
	c.aptSuite("srv/acme/apt", "ship-1.36", "Acme", signer(t, "old"))
	c.put("etc/apt/preferences.d/acme", sample(t, "old").preferences())
	c.run("rm -rf /var/lib/apt/lists/* && apt-get update -qq && apt-get remove -qq captain")
	if out := c.run("apt-get install -s captain"); strings.Contains(out, "1.99.0") {
		t.Errorf("a new system would get the other origin's version:\n%s", out)
	}
	c.run("dpkg -i /srv/upstream/pool/*.deb")
	if out := c.run("apt-get dist-upgrade -s"); strings.Contains(out, "1.36.1") {
		t.Errorf("an upgrade would downgrade:\n%s", out)
	}
	c.run("apt-get install -qq --allow-downgrades captain=1.36.1-1")
}
