//go:build acceptance && linux

package acceptance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/internal/repotest"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/repo/publish/storetest"
)

// TestRepositoryLoad reads a repository of the sample project ten thousand times while it changes,
// counts requests, kills those who publish it, and has two publish it at once.
func TestRepositoryLoad(t *testing.T) {
	for _, tool := range []string{"docker-registry", "rsync", "ssh"} {
		testkit.Need(t, tool)
	}
	f := newFleet(t, 6)
	t.Run("reads", f.reads)
	t.Run("requests", f.requests)
	t.Run("kills", f.kills)
	t.Run("races", f.races)
}

// reads is how often the repository is read.
const reads = 10000

// reads has clients read a repository while versions are added, promoted, published, pruned and
// rolled back. What an index names stays for three more changes.
func (f *fleet) reads(t *testing.T) {
	site := filepath.Join(t.TempDir(), "site")
	web := serveFolder(t, site)
	k := f.keeper(t, web, "versions: 2, snapshots: 6, days: 1")
	k.add(f.releases[0])
	k.promote()
	k.publish(site)
	c := &crowd{t: t, count: map[string]int{}}
	c.work(reads, f.reader(t, web, 500))
	c.work(reads, f.reader(t, serveFolder(t, k.root()), 100))
	for _, client := range []reader{f.apt(t, web), f.dnf(t, web), git(t, web)} {
		c.work(40, client)
	}
	defer c.end()
	deleted := 0
	for i := 1; i < 8 || c.reads() < reads; i++ {
		if i < len(f.releases) {
			k.add(f.releases[i])
		} else {
			k.rollBack()
		}
		deleted += k.publish(site).Deleted.Files
		k.promote()
		deleted += k.publish(site).Deleted.Files
		k.resign()
		deleted += k.publish(site).Deleted.Files
	}
	c.end()
	t.Logf("%d files were deleted meanwhile; %v", deleted, c.count)
}

// serveFolder serves a folder, and returns its URL.
func serveFolder(t *testing.T, dir string) string {
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

// A crowd is clients that read, again and again, until the test ends.
type crowd struct {
	t     *testing.T
	all   sync.WaitGroup
	mu    sync.Mutex
	ended bool
	count map[string]int // reads by kind of client
}

// A reader reads, and says as what kind of client how often.
type reader func() (map[string]int, error)

// work has a reader read a number of times, or until the crowd is ended or it fails.
func (c *crowd) work(times int, f reader) {
	c.all.Go(func() {
		for range times {
			if c.over() {
				return
			}
			count, err := f()
			if err != nil {
				c.t.Error(err)
				return
			}
			c.mu.Lock()
			for client, n := range count {
				c.count[client] += n
			}
			c.mu.Unlock()
		}
	})
}

func (c *crowd) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// end has everybody end their last read.
func (c *crowd) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.all.Wait()
}

// reads is how often the repository was read by plain HTTP.
func (c *crowd) reads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count["apt"] + c.count["dnf"] + c.count["git"] + c.count["curl"]
}

// reader reads a repository n times as clients do, none of which may find anything broken.
func (f *fleet) reader(t *testing.T, web string, n int) reader {
	return func() (map[string]int, error) {
		report, err := repotest.Read(t.Context(), web, shipSuites, n, f.verify)
		if err == nil && len(report.Broken) > 0 {
			err = fmt.Errorf("%.4000s", report)
		}
		return report.Reads, err
	}
}

// program runs a script of a real client.
func program(t *testing.T, name, dir, script string) reader {
	return func() (map[string]int, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
		cmd.Dir = dir
		cmd.Env = append(testkit.GitEnv(dir), "PATH="+testkit.Path(), "LC_ALL=C.UTF-8", "APT_CONFIG="+dir+"/apt.conf")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return map[string]int{name: 1}, nil
	}
}

// apt updates its lists and fetches packages, in folders of its own.
func (f *fleet) apt(t *testing.T, web string) reader {
	testkit.Need(t, "apt-get")
	dir := t.TempDir()
	mustRun(t, dir, "mkdir", "-p", "etc/apt/preferences.d", "parts", "var/lib/apt/lists/partial",
		"var/cache/apt/archives/partial", "var/log/apt", "debs")
	for name, text := range map[string]string{
		"status":               "",
		"etc/apt/sources.list": "deb [signed-by=" + f.key.Public + "] " + web + "/apt ship-1.4 main\n",
		"apt.conf": fmt.Sprintf("Dir %[1]q;\nDir::State::status \"%[1]s/status\";\nDir::Etc::parts \"%[1]s/parts\";\n"+
			"APT::Architecture %[2]q;\nAPT::Architectures { %[2]q; };\nAPT::Sandbox::User \"\";\n"+
			"Acquire::Languages \"none\";\nAcquire::Retries \"0\";\n", dir, runtime.GOARCH),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return program(t, "apt-get", dir,
		"apt-get -qq --error-on=any update; cd debs; apt-get -qq download captain bosun; rm *.deb")
}

// dnf fetches all metadata by the mirrorlist.
func (f *fleet) dnf(t *testing.T, web string) reader {
	testkit.Need(t, "dnf")
	dir := t.TempDir()
	conf := fmt.Sprintf("[main]\nreposdir=/nowhere\nplugins=0\nretries=1\n[acme]\nname=acme\n"+
		"mirrorlist=%s/rpm/ship-1.4/mirrorlist\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://%s\n", web, f.key.Public)
	if err := os.WriteFile(filepath.Join(dir, "dnf.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	return program(t, "dnf makecache", dir,
		"dnf -q -y --config dnf.conf --installroot $PWD/root --releasever=1 makecache --refresh")
}

// git clones the overlay.
func git(t *testing.T, web string) reader {
	return program(t, "git clone", t.TempDir(), "rm -rf overlay; git clone -q "+web+"/overlay.git overlay")
}

// requests counts what publishing one more version takes: what changed, however many there are.
func (f *fleet) requests(t *testing.T) {
	const debs = 2 // of a version
	for name, c := range map[string]struct {
		keep string
		more int // that each earlier version adds: in the snapshot's dated tree of apt, its debs are looked for and copied
	}{
		"two versions stay": {"versions: 2, snapshots: 3", 0},
		"all versions stay": {"versions: 0, snapshots: 3", 2 * debs},
	} {
		t.Run(name, func(t *testing.T) {
			s := storetest.S3(t)
			k := f.keeper(t, "https://packages.example.org", c.keep)
			k.Env = append(k.Env, s.Env...)
			var counts []int
			for _, release := range f.releases {
				k.add(release)
				s.Requests()
				k.publish(s.URL)
				all := s.Requests()
				counts = append(counts, len(all))
				for _, r := range all {
					if method, at, _ := strings.Cut(r, " "); method == http.MethodGet && strings.Contains(at, "?") {
						t.Errorf("%s lists", r)
					}
				}
				if n := len(counts); n > 3 && counts[n-1] > counts[n-2]+c.more {
					t.Errorf("version %d takes %d requests, and the one before took %d", n, counts[n-1], counts[n-2])
				}
			}
			t.Logf("the versions took %v requests", counts)
		})
	}
}
