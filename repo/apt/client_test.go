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
		s.mu.Lock()
		s.files[p.Path] = data
		s.mu.Unlock()
	}
	files, err := Indexes(t.Context(), suite, by)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		if s.files[f.Path] = f.Data; f.Data == nil {
			s.files[f.Path] = s.files[f.Alias]
		}
	}
}

// flip changes a byte in the middle of each file whose path matches.
func (s *server) flip(t *testing.T, match func(path string) bool) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
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
func newClient(t *testing.T, source string) client {
	t.Helper()
	testkit.Need(t, "apt-get")
	c := client{dir: t.TempDir(), arch: "amd64"}
	for _, dir := range []string{"etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "parts",
		"var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/log/apt"} {
		if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"status": "", "etc/apt/sources.list": source + "\n", "apt.conf": fmt.Sprintf(aptConfig, c.dir, c.arch),
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
	cmd.Env = []string{"PATH=" + testkit.Path(), "LC_ALL=C", "HOME=" + c.dir,
		"APT_CONFIG=" + filepath.Join(c.dir, "apt.conf")}
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
