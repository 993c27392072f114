package repotest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// A server has files in memory, and counts how often one is asked for.
type server struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	data, ok := s.files[strings.TrimPrefix(r.URL.Path, "/")]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(data)
}

func (s *server) put(files ...file) {
	for _, f := range files {
		s.mu.Lock()
		s.files[f.path] = f.data
		s.mu.Unlock()
	}
}

type file struct {
	path string
	data []byte
}

// A state is a version of ship in a repository: what may be there before readers find it, and
// what they start at.
type state struct{ content, points []file }

func (s *state) add(path, data string) string {
	s.content = append(s.content, file{path, []byte(data)})
	return fmt.Sprintf("%x", sha256.Sum256([]byte(data)))
}

func (s *state) start(path string, data []byte) { s.points = append(s.points, file{path, data}) }

// stateOf returns the state with a version, signed.
func stateOf(t *testing.T, version string, by *sign.Signer) state {
	t.Helper()
	s := state{}
	s.apt(t, version, by)
	s.yum(t, version, by)
	s.git(t, version)
	s.downloads(t, version, by)
	return s
}

func (s *state) apt(t *testing.T, version string, by *sign.Signer) {
	t.Helper()
	deb := "deb of " + version
	name := "pool/captain_" + version + ".deb"
	packages := fmt.Sprintf("Package: captain\nVersion: %s\nFilename: %s\nSize: %d\nSHA256: %s\n\n",
		version, name, len(deb), s.add("apt/"+name, deb))
	packages += strings.Replace(packages, "captain\n", "mate\n", 1)
	const dir = "main/binary-amd64/"
	release := "Suite: ship-1.4\nSHA256:\n"
	for _, index := range []struct{ name, data string }{{"Packages", packages}, {"Packages.gz", packed(t, packages)}} {
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(index.data)))
		s.add("apt/dists/ship-1.4/"+dir+"by-hash/SHA256/"+sum, index.data)
		release += fmt.Sprintf(" %s %d %s\n", sum, len(index.data), dir+index.name)
	}
	s.start("apt/dists/ship-1.4/InRelease", signed(t, by.Clear, release))
	s.start("apt/dists/ship-1.4/Release", []byte(release))
}

func (s *state) yum(t *testing.T, version string, by *sign.Signer) {
	t.Helper()
	rpm := "rpm of " + version
	name := "captain-" + version + ".rpm"
	primary := packed(t, fmt.Sprintf(`<metadata xmlns="http://linux.duke.edu/metadata/common"><package type="rpm">`+
		`<checksum type="sha256">%s</checksum><size package="%d"/><location href="../../packages/%s"/></package></metadata>`,
		s.add("rpm/packages/"+name, rpm), len(rpm), name))
	dir := "rpm/ship-1.4/" + version + "/repodata/"
	repomd := fmt.Sprintf(`<repomd><data type="primary"><checksum type="sha256">%s</checksum><size>%d</size>`+
		`<location href="repodata/primary.xml.gz"/></data></repomd>`, s.add(dir+"primary.xml.gz", primary), len(primary))
	s.add(dir+"repomd.xml", repomd)
	s.add(dir+"repomd.xml.asc", string(signed(t, by.Detach, repomd)))
	s.start("rpm/ship-1.4/mirrorlist", []byte("https://packages.example.org/rpm/ship-1.4/"+version+"/\n"))
}

func (s *state) git(t *testing.T, version string) {
	t.Helper()
	dir := t.TempDir()
	testkit.Git(t, dir, "init", "-q", "-b", "stable", ".")
	testkit.Git(t, dir, "commit", "-q", "--allow-empty", "-m", version)
	testkit.Git(t, dir, "repack", "-q", "-a", "-d")
	testkit.Git(t, dir, "update-server-info")
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	packs, err := filepath.Glob(dir + "/.git/objects/pack/*")
	if err != nil || len(packs) < 2 {
		t.Fatalf("%v, %v", packs, err)
	}
	for _, pack := range packs {
		s.add("overlay.git/objects/pack/"+filepath.Base(pack), string(read(pack)))
	}
	for _, name := range []string{"objects/info/packs", "info/refs", "HEAD"} {
		s.start("overlay.git/"+name, read(dir+"/.git/"+name))
	}
}

func (s *state) downloads(t *testing.T, version string, by *sign.Signer) {
	t.Helper()
	dir := "release/v" + version
	sums := s.add(dir+"/bin/linux/amd64/captain", "captain "+version) + "  bin/linux/amd64/captain\n"
	s.add(dir+"/SHA256SUMS", sums)
	s.add(dir+"/SHA256SUMS.asc", string(signed(t, by.Detach, sums)))
	s.start("release/stable.txt", []byte("v"+version+"\n"))
}

func signed(t *testing.T, by func(context.Context, []byte) ([]byte, error), text string) []byte {
	t.Helper()
	out, err := by(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func serve(t *testing.T) (*server, string) {
	t.Helper()
	s := &server{files: map[string][]byte{}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, h.URL
}

func read(t *testing.T, url string, n int, verify sign.Verifier) Report {
	t.Helper()
	report, err := Read(t.Context(), url, []string{"ship-1.4"}, n, verify)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestRead checks that a whole repository has no faults, and that each thing that can be wrong
// is one.
func TestRead(t *testing.T) {
	by := signer(t, "captain")
	old, next, foreign := stateOf(t, "1.4.0", by), stateOf(t, "1.4.1", by), stateOf(t, "1.4.1", signer(t, "purser"))
	for name, c := range map[string]struct {
		files []file
		drop  string // the suffix of a path
		want  string // the only fault, or some of each
	}{
		"whole":         {},
		"the next, too": {files: all(next)},
		"content alone": {files: next.content},
		"no index by hash": {
			files: all(next), drop: "by-hash",
			want: "apt: broken: URL/apt/dists/ship-1.4/main/binary-amd64/by-hash/SHA256/",
		},
		"no deb": {drop: ".deb", want: "apt: broken: URL/apt/pool/captain_1.4.0.deb: 404"},
		"another deb": {
			files: []file{{"apt/pool/captain_1.4.0.deb", []byte("deb of 1.4.1")}},
			want:  "apt: mixed: URL/apt/pool/captain_1.4.0.deb",
		},
		"another key of apt": {files: foreign.points[:1], want: "apt: broken: URL/apt/dists/ship-1.4/InRelease: "},
		"no rpm":             {drop: ".rpm", want: "dnf: broken: URL/rpm/packages/captain-1.4.0.rpm: 404"},
		"no signature": {
			drop: "repomd.xml.asc",
			want: "dnf: broken: URL/rpm/ship-1.4/1.4.0/repodata/repomd.xml.asc: 404",
		},
		"metadata replaced in place": {
			files: []file{{"rpm/ship-1.4/1.4.0/repodata/primary.xml.gz", []byte(packed(t, "<metadata/>"))}},
			want:  "dnf: mixed: URL/rpm/ship-1.4/1.4.0/repodata/primary.xml.gz",
		},
		"a signature of other metadata": {
			files: []file{{"rpm/ship-1.4/1.4.0/repodata/repomd.xml", []byte("<repomd/>")}},
			want:  "dnf: broken: URL/rpm/ship-1.4/1.4.0/repodata/repomd.xml: ",
		},
		"a mirror list of nothing": {
			files: []file{{"rpm/ship-1.4/mirrorlist", []byte("# none\n")}}, want: "it names no folder below rpm/ship-1.4/",
		},
		"branches before packs": {
			files: find(next.points, "info/refs"), want: "git: mixed: URL/overlay.git/objects/info/packs",
		},
		"no pack": {drop: ".pack", want: "git: broken: URL/overlay.git/objects/pack/pack-"},
		"a cut pack": {
			files: cut(find(old.content, ".pack")), want: "git: mixed: URL/overlay.git/objects/pack/pack-",
		},
		"a cut index of a pack": {files: cut(find(old.content, ".idx")), want: "it is not an index of a pack"},
		"a branch that is none": {
			files: []file{{"overlay.git/HEAD", []byte("ref: refs/heads/none\n")}}, want: "git: mixed: URL/overlay.git/HEAD",
		},
		"a version without sums": {
			files: []file{{"release/stable.txt", []byte("v1.4.9\n")}}, want: "curl: broken: URL/release/v1.4.9/SHA256SUMS: 404",
		},
		"another binary": {
			files: []file{{"release/v1.4.0/bin/linux/amd64/captain", []byte("captain 1.4.1")}},
			want:  "curl: mixed: URL/release/v1.4.0/bin/linux/amd64/captain",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, url := serve(t)
			s.put(all(old)...)
			s.put(c.files...)
			for path := range s.files {
				if c.drop != "" && strings.Contains(path, c.drop) {
					delete(s.files, path)
				}
			}
			report := read(t, url, 40, by.Verifier())
			if len(report.Reads) != 4 || report.Reads["apt"] != 10 {
				t.Errorf("the reads are %v, want 10 of each kind", report.Reads)
			}
			if (c.want == "") != (len(report.Broken) == 0) {
				t.Errorf("%s\nwant %q", report, c.want)
			}
			for _, f := range report.Broken {
				if !strings.Contains(f.String(), strings.ReplaceAll(c.want, "URL", url)) {
					t.Errorf("%s\nwant %q", f, c.want)
				}
			}
		})
	}
}

func all(s state) []file { return append(append([]file{}, s.content...), s.points...) }

// find returns those of files whose paths end so.
func find(files []file, suffix string) (out []file) {
	for _, f := range files {
		if strings.HasSuffix(f.path, suffix) {
			out = append(out, f)
		}
	}
	return out
}

// cut returns files without their last bytes.
func cut(files []file) (out []file) {
	for _, f := range files {
		out = append(out, file{f.path, f.data[:len(f.data)-7]})
	}
	return out
}

// TestReadWhileItChanges checks that readers notice an updater that replaces what they start at
// before what that names, and none that does it in order.
func TestReadWhileItChanges(t *testing.T) {
	by := signer(t, "captain")
	states := []state{stateOf(t, "1.4.0", by), stateOf(t, "1.4.1", by)}
	var packs []byte // both histories are in all lists: an overlay's only grows
	for _, s := range states {
		packs = append(packs, find(s.points, "info/packs")[0].data...)
	}
	for i, s := range states {
		states[i].points = slices.DeleteFunc(s.points, func(f file) bool { return strings.HasSuffix(f.path, "info/packs") })
		states[i].start("overlay.git/objects/info/packs", packs)
	}
	for name, c := range map[string]struct {
		update func(s *server, to state)
		faulty bool
	}{
		"content first": {update: func(s *server, to state) {
			s.put(to.content...)
			s.put(to.points...)
		}},
		"what readers start at first": {faulty: true, update: func(s *server, to state) {
			for _, f := range to.content { // as rsync --delete has it, that sends in any order
				s.mu.Lock()
				delete(s.files, f.path)
				s.mu.Unlock()
			}
			s.put(to.points...)
			s.put(to.content...)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, url := serve(t)
			s.put(states[1].content...)
			s.put(all(states[0])...)
			ctx, cancel := context.WithCancel(t.Context())
			var done sync.WaitGroup
			done.Go(func() {
				for i := 1; ctx.Err() == nil; i++ {
					c.update(s, states[i%2])
				}
			})
			report := read(t, url, 800, by.Verifier())
			cancel()
			done.Wait()
			if (len(report.Broken) > 0) != c.faulty {
				t.Errorf("%.2000s", report)
			}
		})
	}
}

// TestReadBegins checks what is read of a repository that has not everything.
func TestReadBegins(t *testing.T) {
	by := signer(t, "captain")
	s, url := serve(t)
	if _, err := Read(t.Context(), url, []string{"ship-1.4"}, 1, sign.Verifier{}); err == nil ||
		!strings.Contains(err.Error(), "nothing that a client of ship-1.4 could start at") {
		t.Errorf("an empty repository: %v", err)
	}
	only := state{}
	only.apt(t, "1.4.0", by)
	s.put(all(only)...)
	delete(s.files, "apt/dists/ship-1.4/InRelease")
	if report := read(t, url, 6, sign.Verifier{}); report.String() != "apt: 6 reads" {
		t.Errorf("a suite without a signature: %s", report)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := Read(ctx, url, []string{"ship-1.4"}, 6, sign.Verifier{}); err == nil {
		t.Errorf("a read that was ended: %s", report)
	}
}

// signer returns who signs with the OpenPGP key of a name.
func signer(t *testing.T, name string) *sign.Signer {
	t.Helper()
	keys := []string{signtest.OpenPGP(t, name).Secret}
	by, err := sign.Open(t.Context(), sign.Settings{Keys: keys, Time: signtest.Release})
	if err != nil {
		t.Fatal(err)
	}
	return by
}
