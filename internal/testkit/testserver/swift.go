package testserver

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

// What tempauth of Swift knows: an account with its administrator.
const (
	SwiftUser = "ship:mate"
	SwiftKey  = "anchor"
)

// swiftd starts one of Swift's servers with a configuration outside of /etc/swift.
const swiftd = `import sys
from swift.common import utils
utils.set_swift_dir(sys.argv[1])
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(sys.argv[2], sys.argv[3]))`

// ringd says on which disk what is: of each kind of server, the one on its port.
const ringd = `import sys
from swift.common.ring import RingBuilder
for at in sys.argv[2:]:
    name, port = at.split("=")
    ring = RingBuilder(4, 1, 0)
    ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1})
    ring.rebalance()
    ring.get_ring().save("%s/%s.ring.gz" % (sys.argv[1], name))`

// Swift starts OpenStack's object store on one disk, as Debian packages it (swift-proxy,
// swift-account, swift-container, swift-object, memcached), and returns its URL. Below it,
// /auth/v1.0 is for clients of Swift, and / for those of S3.
func Swift(t testing.TB) string {
	t.Helper()
	for _, tool := range []string{"swift-proxy-server", "swift-account-server", "swift-container-server",
		"swift-object-server", "memcached"} {
		testkit.Need(t, tool)
	}
	s := &swift{dir: t.TempDir(), ports: map[string]int{}}
	for _, name := range []string{"proxy", "account", "container", "object", "memcached"} {
		s.ports[name] = FreePort(t)
	}
	for name, text := range s.files(t) {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.rings(t)
	start(t, s.log(), "memcached", "-u", me(t), "-l", "127.0.0.1", "-p", fmt.Sprint(s.ports["memcached"]))
	for _, name := range []string{"account", "container", "object", "proxy"} {
		start(t, s.log(), "/usr/bin/python3", "-c", swiftd, s.dir, filepath.Join(s.dir, name+".conf"), name+"-server")
	}
	url := fmt.Sprintf("http://127.0.0.1:%d", s.ports["proxy"])
	s.wait(t, url)
	return url
}

type swift struct {
	dir   string
	ports map[string]int
}

// filters are what a request passes, in this order.
func filters() []string {
	return []string{"catch_errors", "healthcheck", "cache", "listing_formats", "bulk", "s3api", "tempauth", "copy", "slo",
		"dlo"}
}

// files are the configurations of the servers.
func (s *swift) files(t testing.TB) map[string]string {
	common := func(name string) string {
		return fmt.Sprintf("[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = %d\nworkers = 0\nuser = %s\nswift_dir = %s\n"+
			"devices = %s/devices\nmount_check = false\ndisable_fallocate = true\nlog_level = ERROR\n",
			s.ports[name], me(t), s.dir, s.dir)
	}
	files := map[string]string{
		"swift.conf": "[swift-hash]\nswift_hash_path_suffix = ship\nswift_hash_path_prefix = ship\n" +
			"[storage-policy:0]\nname = ship\ndefault = yes\n",
		"proxy.conf": common("proxy") + "[pipeline:main]\npipeline = " + strings.Join(filters(), " ") + " proxy-server\n" +
			"[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n",
	}
	for _, name := range []string{"account", "container", "object"} {
		files[name+".conf"] = common(name) + fmt.Sprintf(
			"[pipeline:main]\npipeline = %s-server\n[app:%s-server]\nuse = egg:swift#%s\n", name, name, name)
	}
	account, name, _ := strings.Cut(SwiftUser, ":")
	settings := map[string]string{
		"cache":    fmt.Sprintf("memcache_servers = 127.0.0.1:%d\n", s.ports["memcached"]),
		"tempauth": fmt.Sprintf("user_%s_%s = %s .admin\n", account, name, SwiftKey),
	}
	for _, filter := range filters() {
		egg := filter
		if filter == "cache" {
			egg = "memcache"
		}
		files["proxy.conf"] += fmt.Sprintf("[filter:%s]\nuse = egg:swift#%s\n%s", filter, egg, settings[filter])
	}
	return files
}

// rings makes the disk, and writes where it is.
func (s *swift) rings(t testing.TB) {
	if err := os.MkdirAll(filepath.Join(s.dir, "devices", "d1"), 0o700); err != nil {
		t.Fatal(err)
	}
	args := []string{"-c", ringd, s.dir}
	for _, name := range []string{"account", "container", "object"} {
		args = append(args, fmt.Sprintf("%s=%d", name, s.ports[name]))
	}
	if out, err := exec.Command("/usr/bin/python3", args...).CombinedOutput(); err != nil {
		t.Fatalf("the rings of Swift: %v\n%s", err, out)
	}
}

// wait waits until all servers answer.
func (s *swift) wait(t testing.TB, url string) {
	const limit = 30 * time.Second
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(url + "/healthcheck")
		up := err == nil && response.StatusCode == http.StatusOK
		for _, name := range []string{"account", "container", "object", "memcached"} {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.ports[name]))
			if err != nil {
				up = false
				continue
			}
			c.Close()
		}
		if response != nil {
			response.Body.Close()
		}
		if up {
			return
		}
		if time.Since(start) > limit {
			log, _ := os.ReadFile(s.log())
			t.Fatalf("Swift does not answer after %v: %v\n%s", limit, err, log)
		}
	}
}

func (s *swift) log() string { return filepath.Join(s.dir, "log") }

// start starts a server that ends with the test, and adds what it prints to a file.
func start(t testing.TB, file string, args ...string) {
	t.Helper()
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// FreePort returns a port of this host that nobody listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().(*net.TCPAddr).Port
}

func me(t testing.TB) string {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}
