package targets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/sign/signtest"
)

// A fork makes the same bytes in another folder, for another user, at another
// time, compiled from nothing, and whatever was asked for first.
func TestSameBytesEverywhere(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	once := newProject(t, filepath.Join(root, "a"))
	once.must(t, "cross", "-components=captain,bosun,deckhand")
	packages := runtime.GOOS == "linux" // or their documents cannot be asked for
	if packages {
		once.must(t, "deb")
		once.must(t, "rpm")
	}
	want := mustList(t, once.path("dist", "ship-1.4"))

	other := newProject(t, filepath.Join(root, "another folder", "with, a longer näme"))
	if !testing.Short() { // it takes compiling the standard library
		cache := filepath.Join(root, "cache")
		other = other.with("GOCACHE=" + cache)
	}
	tmp := filepath.Join(root, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	other = other.with("TMPDIR="+tmp, "USER=somebody", "LANG=tr_TR.UTF-8", "TZ=Asia/Kathmandu", "GOMAXPROCS=1")
	for _, component := range []string{"deckhand", "bosun", "captain"} {
		other.must(t, "cross", "-components="+component)
	}
	if packages {
		other.must(t, "rpm")
		other.must(t, "deb", "-packages=captain")
		other.must(t, "deb", "-packages=bosun")
	}
	sameAs(t, want, other.path("dist", "ship-1.4"))
}

// A signed release has the same bytes in another folder, for another user and another mask of
// permissions, at another time of the world, but for the page, which tells how it was made.
func TestSameReleaseEverywhere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("packages and images are made on Linux")
	}
	keys := "-key=" + signtest.OpenPGP(t, "harbour").Secret + "," + signtest.PEM(t).Secret
	root := t.TempDir()
	once := newProject(t, filepath.Join(root, "a"))
	once.must(t, "release", keys)
	other := newProject(t, filepath.Join(root, "another folder", "with, a longer näme"))
	tmp := filepath.Join(root, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	other = other.with("TMPDIR="+tmp, "USER=somebody", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "TZ=Asia/Kathmandu",
		"GOMAXPROCS=1")
	other.must(t, "rpm") // something is there already
	masked := exec.Command("sh", "-c", `umask 077; exec "$0" release "$1"`, other.exe, keys)
	masked.Dir, masked.Env = other.dir, other.env
	if out, err := masked.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, line := range once.released(t).differ(other.released(t)) {
		t.Error(line)
	}
}

// released returns the contents of the files of the project's release, but for the page.
func (p *project) released(t *testing.T) listing {
	t.Helper()
	files := mustList(t, p.path("dist", "ship-1.4", "release"))
	delete(files, "/index.html")
	if len(files) == 0 {
		t.Fatal("there is no release")
	}
	for name, says := range files {
		_, files[name], _ = strings.Cut(says, " ") // the permissions are the user's
	}
	return files
}
