package targets_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
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
