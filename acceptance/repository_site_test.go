//go:build acceptance && linux

package acceptance

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

// A site is a web server that serves a folder.
type site struct {
	dir, url string
	spoiled  atomic.Pointer[regexp.Regexp] // paths of files that are served with one byte changed
}

func newSite(t *testing.T, dir string) *site {
	s := &site{dir: dir}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	spoiled := s.spoiled.Load()
	if spoiled == nil || !spoiled.MatchString(r.URL.Path) {
		http.FileServer(http.Dir(s.dir)).ServeHTTP(w, r)
		return
	}
	data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(r.URL.Path)))
	if err != nil || len(data) == 0 {
		http.NotFound(w, r)
		return
	}
	data[len(data)/2] ^= 1
	w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
	_, _ = w.Write(data)
}

// spoil has one byte changed in each file whose path matches, as long as f runs.
func (s *site) spoil(paths string, f func()) {
	s.spoiled.Store(regexp.MustCompile(paths))
	defer s.spoiled.Store(nil)
	f()
}

var pageCommands = regexp.MustCompile(
	`<(?:figcaption|summary)>([^<]*)</(?:figcaption|summary)><pre><code>([^<]*)</code>`)

// commands are those that the page gives for a tool and a purpose.
func (s *site) commands(t *testing.T, tool, purpose string) string {
	t.Helper()
	page := read(t, filepath.Join(s.dir, "index.html"))
	_, section, _ := strings.Cut(page, `id="use-`+tool+`"`)
	section, _, _ = strings.Cut(section, "</section>")
	for _, found := range pageCommands.FindAllStringSubmatch(section, -1) {
		if html.UnescapeString(found[1]) == purpose {
			return html.UnescapeString(found[2])
		}
	}
	t.Fatalf("the page has no commands of %s for %q:\n%s", tool, purpose, section)
	return ""
}

// A client is a Debian below a folder, which shares this machine's network. It knows no
// repository but those that a test adds. Its owner says yes to what apt asks.
type client struct {
	t    *testing.T
	root string
}

func newClient(t *testing.T, release, packages string) client {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("makes a system, for which it has to be root")
	}
	testkit.Need(t, "mmdebstrap")
	archive, root := testkit.DebianArchive(t), filepath.Join(t.TempDir(), "root")
	mustRun(t, "", "mmdebstrap", "-q", "--variant=apt", "--keyring="+testkit.DebianKeys,
		"--include=ca-certificates,curl,"+packages, release, root, archive)
	c := client{t, root}
	c.run("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*")
	c.put("etc/apt/apt.conf.d/yes", "APT::Get::Assume-Yes \"true\";\nAPT::Install-Recommends \"false\";\n")
	return c
}

func (c client) with(t *testing.T) client {
	c.t = t
	return c
}

// try runs a script in the system.
func (c client) try(script string) (string, error) {
	cmd := exec.Command("chroot", c.root, "sh", "-ec", "cd /root\n"+script)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
		"DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run runs a script that must succeed.
func (c client) run(script string) string {
	c.t.Helper()
	out, err := c.try(script)
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(out)
}

// refuses runs a script that must fail, and say why.
func (c client) refuses(script, why string) {
	c.t.Helper()
	out, err := c.try(script)
	if err == nil || !regexp.MustCompile(why).MatchString(out) {
		c.t.Errorf("%s: %v, want that it fails with %q:\n%s", script, err, why, out)
	}
}

// is runs a script that must print just that.
func (c client) is(script, want string) {
	c.t.Helper()
	if got := c.run(script); got != want {
		c.t.Errorf("%s prints %q, want %q", script, got, want)
	}
}

// put writes a file of the system.
func (c client) put(name, format string, args ...any) {
	c.t.Helper()
	at := filepath.Join(c.root, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(at, fmt.Appendf(nil, format, args...), 0o644); err != nil {
		c.t.Fatal(err)
	}
}
