package apt

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// signer opens the keys of names.
func signer(t *testing.T, names ...string) *sign.Signer {
	t.Helper()
	var files []string
	for _, name := range names {
		files = append(files, signtest.OpenPGP(t, name).Secret)
	}
	env := run.Env{"PATH=" + testkit.Path(), "HOME=" + t.TempDir()}
	s, err := sign.Open(t.Context(), sign.Settings{Keys: files, Time: signtest.Release, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A server serves a repository over HTTP.
type server struct {
	mu    sync.Mutex
	files map[string][]byte // by path
	asked []string
	url   string
}

func newServer(t *testing.T) *server {
	s := &server{files: map[string][]byte{}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.URL.Path)
		data, ok := s.files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// publish puts a suite, with its debs, on the server. An entry without content is an alias.
func (s *server) publish(t *testing.T, suite Suite, by *sign.Signer, debs ...string) {
	t.Helper()
	for _, deb := range debs {
		p, err := Read(t.Context(), deb)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(deb)
		if err != nil {
			t.Fatal(err)
		}
		suite.Packages = append(suite.Packages, p)
		s.files[p.Path] = data
	}
	files, err := Indexes(t.Context(), suite, by)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if s.files[f.Path] = f.Data; f.Data == nil {
			s.files[f.Path] = s.files[f.Alias]
		}
	}
}

// flip changes a byte in the middle of each file whose path matches.
func (s *server) flip(t *testing.T, match func(path string) bool) {
	t.Helper()
	n := 0
	for path, data := range s.files {
		if match(path) {
			n++
			data = slices.Clone(data)
			data[len(data)/2] ^= 1
			s.files[path] = data
		}
	}
	if n == 0 {
		t.Fatal("no file was changed")
	}
}

// A client is an apt with folders of its own.
type client struct {
	dir  string
	arch string
}

// aptConfig makes apt use folders below one, as any user.
const aptConfig = `Dir %[1]q;
Dir::State::status "%[1]s/status";
Dir::Etc::parts "%[1]s/parts";
APT::Architecture %[2]q;
APT::Architectures { %[2]q; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::Check-Valid-Until "true";
`

// newClient makes a client of a source, in the form of one line: deb [signed-by=…] URL ship main.
func newClient(t *testing.T, arch, source string) client {
	t.Helper()
	testkit.Need(t, "apt-get")
	c := client{dir: t.TempDir(), arch: arch}
	for _, dir := range []string{"etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "parts",
		"var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/log/apt"} {
		if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"status": "", "etc/apt/sources.list": source + "\n", "apt.conf": fmt.Sprintf(aptConfig, c.dir, arch),
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// try runs a program of apt's.
func (c client) try(args ...string) (string, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + testkit.Path(), "LC_ALL=C", "HOME=" + c.dir, "APT_CONFIG=" + filepath.Join(c.dir, "apt.conf"),
		"TMPDIR=" + os.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run is try, and fails the test where the program fails or warns.
func (c client) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.try(args...)
	if err != nil || strings.Contains(out, "W: ") || strings.Contains(out, "E: ") {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// update runs apt-get update, which also fails where it would use what it has instead.
func update() []string { return []string{"apt-get", "update", "--error-on=any"} }

func download(name string) []string {
	return []string{"apt-get", "install", "-y", "--download-only", name}
}

// archives lists what a client downloaded.
func (c client) archives(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, "var/cache/apt/archives/*.deb"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// live is a suite that clients take today: it is of the keys' time, and has no end.
func live() Suite {
	return Suite{Name: "ship", Origin: "Acme", Label: "Acme", Date: signtest.Release, Snapshot: "20260202T030405Z"}
}

// signedBy is a source on a server, and the key that it is signed with.
func (s *server) signedBy(t *testing.T, root, key string) string {
	return "deb [signed-by=" + armored(t, key) + "] " + s.url + root + " ship main"
}

// armored returns the file of a public key, under the name that apt wants.
func armored(t *testing.T, key string) string {
	t.Helper()
	data, err := os.ReadFile(signtest.OpenPGP(t, key).Public)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), key+".asc")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestApt(t *testing.T) {
	s := newServer(t)
	by := signer(t, "captain")
	old := writeDeb(t, control("captain", "1.36.9+acme.1-1"), "usr/bin/captain")
	docs := writeDeb(t, strings.Replace(control("ship-docs", "1.36.9-1"), "amd64", "all", 1), "usr/share/doc/ship/log")
	s.publish(t, live(), by, old, docs)
	c := newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
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
	for _, c := range []struct {
		name    string
		match   func(path string) bool
		updates bool // and what is downloaded is refused
		want    string
	}{
		{"InRelease", func(path string) bool { return strings.HasSuffix(path, "InRelease") }, false, "BADSIG"},
		{"an index by its hash", func(path string) bool { return index(path) && strings.Contains(path, "/by-hash/") }, false,
			"Hash Sum mismatch"},
		{"every index", index, false, "Hash Sum mismatch"},
		{"the index by name alone", func(path string) bool { return index(path) && !strings.Contains(path, "/by-hash/") }, true,
			""},
		{"a deb", func(path string) bool { return strings.HasSuffix(path, ".deb") }, true, "Hash Sum mismatch"},
	} {
		s := newServer(t)
		s.publish(t, live(), signer(t, "captain"), writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
		s.flip(t, c.match)
		apt := newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
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
	for path := range s.files {
		if strings.Contains(path, "/by-hash/") {
			delete(s.files, path)
		}
	}
	c := newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
	c.run(t, update()...)
	s.flip(t, func(path string) bool { return strings.Contains(path, "/Packages") })
	c = newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
	if out, err := c.try(update()...); err == nil || !strings.Contains(out, "Hash Sum mismatch") {
		t.Errorf("changed indexes: %v, want them refused\n%s", err, out)
	}
}

// TestAptUnsigned checks what a source has to say for a suite without a signature.
func TestAptUnsigned(t *testing.T) {
	s := newServer(t)
	s.publish(t, live(), nil, writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
	trusted := newClient(t, "amd64", "deb [trusted=yes] "+s.url+"/apt ship main")
	if out, err := trusted.try("apt-get", "update"); err != nil {
		t.Errorf("trusted: %v\n%s", err, out)
	}
	trusted.run(t, download("captain")...)
	plain := newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
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
	c := newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
	if out, err := c.try(update()...); err == nil || !strings.Contains(out, "is expired") {
		t.Errorf("it is expired: %v\n%s", err, out)
	}
	dated := newClient(t, "amd64", s.signedBy(t, "/apt/snapshots/"+suite.Snapshot, "captain"))
	dated.run(t, update()...)
	dated.run(t, download("captain")...)
}

// TestKeys signs with two keys. Whoever has one of them takes the suite.
func TestKeys(t *testing.T) {
	s := newServer(t)
	s.publish(t, live(), signer(t, "captain", "bosun"), writeDeb(t, control("captain", "1.36.9-1"), "usr/bin/captain"))
	for _, key := range []string{"captain", "bosun"} {
		c := newClient(t, "amd64", s.signedBy(t, "/apt", key))
		c.run(t, update()...)
		c.run(t, download("captain")...)
	}
	c := newClient(t, "amd64", s.signedBy(t, "/apt", "mate"))
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
	c := newClient(t, "amd64", s.signedBy(t, "/apt", "captain"))
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

// TestFtparchive compares the indexes with those that apt's program writes of the same debs.
func TestFtparchive(t *testing.T) {
	testkit.Need(t, "apt-ftparchive")
	dir := t.TempDir()
	var packages []Package
	for i, text := range []string{control("captain", "1.36.9+acme.1-1"), control("captain", "1.36.10-1"), control("bosun", "2:1-1")} {
		deb := writeDeb(t, text, "usr/bin/", fmt.Sprintf("usr/bin/%d", i/2), "usr/share/ship/log")
		p, err := Read(t.Context(), deb)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(p.Path, Root+"/")))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(deb, to); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	ours, err := choose(packages, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	theirs := func(args ...string) string {
		cmd := exec.Command("apt-ftparchive", args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + testkit.Path(), "LC_ALL=C", "APT_CONFIG=/dev/null"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	got, want := stanzas(string(packagesOf(ours))), stanzas(theirs("--md5=no", "--sha1=no", "--sha512=no", "packages", "pool"))
	if !slices.Equal(got, want) {
		t.Errorf("Packages is\n%s\nwant\n%s", got, want)
	}
	// It knows sections from a file of its own alone.
	files := strings.ReplaceAll(string(contentsOf(ours)), "admin/", "")
	if got, want := owners(files), owners(theirs("contents", "pool")); !slices.Equal(got, want) {
		t.Errorf("Contents is\n%q\nwant\n%q", got, want)
	}
}

// owners returns the lines of Contents: a file, and its packages in order.
func owners(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n,", r) })
		slices.Sort(fields[1:])
		out = append(out, strings.Join(fields, " "))
	}
	return out
}

// stanzas returns the paragraphs of Packages, and the lines of each, in an order of their own.
func stanzas(text string) []string {
	var out []string
	for stanza := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(stanza, "\n")
		slices.Sort(lines)
		out = append(out, strings.Join(lines, "\n"))
	}
	slices.Sort(out)
	return out
}
