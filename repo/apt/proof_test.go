package apt

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestApt(t *testing.T) {
	s := newServer(t)
	by := signer(t, "captain")
	old := writeDeb(t, control("captain", "1.36.9+acme.1-1"), "usr/bin/captain")
	docs := writeDeb(t, strings.Replace(control("ship-docs", "1.36.9-1"), "amd64", "all", 1), "usr/share/doc/ship/log")
	s.publish(t, live(), by, old, docs)
	c := newClient(t, s.signedBy(t, "/apt", "captain"))
	c.run(t, update()...)
	c.run(t, download("ship-docs")...)
	c.run(t, download("captain")...)
	want := []string{"captain_1.36.9+acme.1-1_amd64.deb", "ship-docs_1.36.9-1_all.deb"}
	if got := c.archives(t); !slices.Equal(got, want) {
		t.Errorf("it downloaded %q, want %q", got, want)
	}
	next := live()
	next.Date = next.Date.AddDate(0, 0, 1)
	s.publish(t, next, by, old, docs, writeDeb(t, control("captain", "1.36.10-1"), "usr/bin/captain"))
	c.run(t, update()...)
	out := c.run(t, "apt-cache", "policy", "captain")
	if !strings.Contains(out, "Candidate: 1.36.10-1") || !strings.Contains(out, " 1.36.9+acme.1-1 500") {
		t.Errorf("it knows these versions:\n%s", out)
	}
	c.run(t, download("captain=1.36.9+acme.1-1")...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range s.asked {
		if strings.Contains(path, "/Packages") {
			t.Errorf("it asked for %s, and not by hash", path)
		}
	}
}

// TestAptRefuses changes one byte of files on the way to the client.
func TestAptRefuses(t *testing.T) {
	index := func(path string) bool {
		return strings.Contains(path, "/binary-amd64/") && strings.HasPrefix(path, "apt/dists/")
	}
	hashed := func(path string) bool { return strings.Contains(path, "/by-hash/") }
	for _, c := range []struct {
		name    string
		match   func(path string) bool
		updates bool // and what is downloaded is refused
		want    string
	}{
		{"InRelease", func(path string) bool { return strings.HasSuffix(path, "InRelease") }, false, "BADSIG"},
		{"an index by its hash", func(path string) bool { return index(path) && hashed(path) }, false, "Hash Sum mismatch"},
		{"every index", index, false, "Hash Sum mismatch"},
		{"the index by name alone", func(path string) bool { return index(path) && !hashed(path) }, true, ""},
		{"a deb", func(path string) bool { return strings.HasSuffix(path, ".deb") }, true, "Hash Sum mismatch"},
	} {
		s := newServer(t)
		s.publish(t, live(), signer(t, "captain"), writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
		s.flip(t, c.match)
		apt := newClient(t, s.signedBy(t, "/apt", "captain"))
		out, err := apt.try(update()...)
		if err == nil && c.updates {
			out, err = apt.try(download("captain")...)
		}
		if (err != nil) != (c.want != "") || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, out)
		}
		if got := len(apt.archives(t)); (got > 0) != (c.want == "") {
			t.Errorf("%s: it has %d debs", c.name, got)
		}
	}
}

// TestAptByName has a server without by-hash, as one that a proxy falsifies.
func TestAptByName(t *testing.T) {
	s := newServer(t)
	s.publish(t, live(), signer(t, "captain"), writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
	s.mu.Lock()
	maps.DeleteFunc(s.files, func(path string, _ []byte) bool { return strings.Contains(path, "/by-hash/") })
	s.mu.Unlock()
	c := newClient(t, s.signedBy(t, "/apt", "captain"))
	c.run(t, update()...)
	s.flip(t, func(path string) bool { return strings.Contains(path, "/Packages") })
	c = newClient(t, s.signedBy(t, "/apt", "captain"))
	if out, err := c.try(update()...); err == nil || !strings.Contains(out, "Hash Sum mismatch") {
		t.Errorf("changed indexes: %v, want them refused\n%s", err, out)
	}
}

// TestAptUnsigned checks what a source has to say for a suite without a signature.
func TestAptUnsigned(t *testing.T) {
	s := newServer(t)
	s.publish(t, live(), nil, writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
	trusted := newClient(t, "deb [trusted=yes] "+s.url+"/apt ship main")
	if out, err := trusted.try("apt-get", "update"); err != nil {
		t.Errorf("trusted: %v\n%s", err, out)
	}
	trusted.run(t, download("captain")...)
	plain := newClient(t, s.signedBy(t, "/apt", "captain"))
	if out, err := plain.try(update()...); err == nil || !strings.Contains(out, "is not signed") {
		t.Errorf("not trusted: %v\n%s", err, out)
	}
}

// TestAptValidUntil lets a suite expire. Its dated tree does not.
func TestAptValidUntil(t *testing.T) {
	s := newServer(t)
	suite := live()
	suite.ValidUntil = suite.Date.AddDate(0, 0, 14)
	s.publish(t, suite, signer(t, "captain"), writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
	c := newClient(t, s.signedBy(t, "/apt", "captain"))
	if out, err := c.try(update()...); err == nil || !strings.Contains(out, "is expired") {
		t.Errorf("it is expired: %v\n%s", err, out)
	}
	dated := newClient(t, s.signedBy(t, "/apt/snapshots/"+suite.Snapshot, "captain"))
	dated.run(t, update()...)
	dated.run(t, download("captain")...)
}

// TestKeys signs with two keys. Whoever has one of them takes the suite.
func TestKeys(t *testing.T) {
	s := newServer(t)
	s.publish(t, live(), signer(t, "captain", "bosun"), writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
	for _, key := range []string{"captain", "bosun"} {
		c := newClient(t, s.signedBy(t, "/apt", key))
		c.run(t, update()...)
		c.run(t, download("captain")...)
	}
	c := newClient(t, s.signedBy(t, "/apt", "mate"))
	if out, err := c.try(update()...); err == nil || !strings.Contains(out, "NO_PUBKEY") {
		t.Errorf("a third key: %v\n%s", err, out)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"InRelease": s.files["apt/dists/ship/InRelease"], "Release": s.files["apt/dists/ship/Release"],
		"Release.gpg": s.files["apt/dists/ship/Release.gpg"],
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Need(t, "sqv")
	for _, key := range []string{"captain", "bosun"} {
		c.run(t, "sqv", "--keyring", armored(t, key), filepath.Join(dir, "Release.gpg"), filepath.Join(dir, "Release"))
	}
	testkit.Need(t, "gpgv")
	testkit.Need(t, "gpg")
	ring := filepath.Join(dir, "ring.gpg")
	c.run(t, "sh", "-c", `for key; do gpg --batch --dearmor <"$key"; done >"$0"`, ring, armored(t, "captain"),
		armored(t, "bosun"))
	out := c.run(t, "gpgv", "--status-fd=1", "--keyring", ring, filepath.Join(dir, "InRelease"))
	if n := strings.Count(out, "GOODSIG"); n != 2 {
		t.Errorf("gpgv finds %d good signatures, want 2:\n%s", n, out)
	}
}

// TestAptFile asks which package has a file.
func TestAptFile(t *testing.T) {
	testkit.Need(t, "apt-file")
	s := newServer(t)
	s.publish(t, live(), signer(t, "captain"),
		writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain", "usr/share/ship/the log"),
		writeDeb(t, strings.Replace(control("ship-docs", "1.36.9-1"), "amd64", "all", 1), "usr/share/doc/ship/log"))
	c := newClient(t, s.signedBy(t, "/apt", "captain"))
	config, err := os.ReadFile("/etc/apt/apt.conf.d/50apt-file.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "parts", "50apt-file.conf"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	c.run(t, update()...)
	for file, want := range map[string]string{
		"/usr/bin/captain": "captain", "/usr/share/ship/the log": "captain", "/usr/share/doc/ship/log": "ship-docs",
	} {
		if out := c.run(t, "apt-file", "search", "--fixed-string", file); out != want+": "+file+"\n" {
			t.Errorf("%s is in %q, want %s", file, out, want)
		}
	}
}
