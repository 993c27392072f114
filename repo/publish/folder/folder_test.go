package folder_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/folder"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
	"github.com/slipway-build/slipway/repo/tree"
)

func open(t testing.TB, root string) *folder.Folder {
	t.Helper()
	f, err := folder.At(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestTarget(t *testing.T) {
	publishtest.Target(t, open(t, filepath.Join(t.TempDir(), "a", "repo")))
	publishtest.Swaps(t, open(t, t.TempDir()))
}

func TestPublish(t *testing.T) {
	root := filepath.Join(t.TempDir(), "repo")
	f := open(t, root)
	publishtest.Publishes(t, f, func() publishtest.Objects { return publishtest.Folder(t, root) })
	_, _, _, four := publishtest.Voyage(t)
	other := open(t, t.TempDir())
	shown, err := publish.Read(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ancestors, err := publish.Ancestors(t.Context(), f, shown.Snapshot)
	if err != nil || len(ancestors) != 3 {
		t.Fatalf("the ancestors are %q, %v", ancestors, err)
	}
	if _, err := publishtest.Publish(t, other, shown.Next(root, ancestors), 9); err != nil {
		t.Fatal(err)
	}
	publishtest.Held(t, other, four).Shows(t, "a folder of a folder", other, four)
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("absent", link); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"file://host/srv/repo":     "has no host",
		"file:srv/repo":            "has no host",
		"file:///srv/repo?a=b":     "nothing else",
		"s3://bucket":              "named by its path",
		"":                         "nothing else",
		"file://" + file:           "is a file",
		"file://" + link:           "a link to nowhere",
		"file://" + dir:            "",
		dir + "/new":               "",
		"file://" + dir + "/a%20b": "",
	} {
		u, err := url.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = folder.Open(t.Context(), u, publish.Options{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, want %q", name, err, want)
		}
	}
}

// TestModes publishes as somebody who hides what they make.
func TestModes(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	root := filepath.Join(t.TempDir(), "repo")
	hidden := filepath.Join(t.TempDir(), "ship.deb")
	if err := os.WriteFile(hidden, []byte("ship"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, root)
	file := tree.Of(tree.Content, "apt/pool/ship.deb", []byte("ship"))
	file.Data, file.From = nil, hidden
	if err := f.Put(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		"": 0o755, "apt": 0o755, "apt/pool": 0o755, "apt/pool/ship.deb": 0o644,
	} {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
}

// TestLinks checks what shares its bytes on the disk with where it came from.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	f := open(t, filepath.Join(dir, "repo"))
	for name, c := range map[string]struct {
		mode  os.FileMode
		class tree.Class
		want  bool
	}{
		"an output":                    {0o644, tree.Content, true},
		"what others may write to":     {0o666, tree.Content, false},
		"what others may not read":     {0o600, tree.Content, false},
		"a file that will be replaced": {0o644, tree.Commit, false},
	} {
		from := filepath.Join(dir, "from")
		_ = os.Remove(from)
		if err := os.WriteFile(from, []byte("ship"), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(from, c.mode); err != nil {
			t.Fatal(err)
		}
		file := tree.Of(c.class, "apt/"+name, []byte("ship"))
		file.Data, file.From = nil, from
		if err := f.Put(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		a, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.Stat(filepath.Join(f.String(), file.Path))
		if err != nil || os.SameFile(a, b) != c.want {
			t.Errorf("%s is linked: %v, want %v (%v)", name, !c.want, c.want, err)
		}
	}
	wrong := tree.Of(tree.Commit, "apt/wrong", []byte("boat"))
	wrong.Data, wrong.From = nil, filepath.Join(dir, "from")
	if err := f.Put(t.Context(), wrong); err == nil {
		t.Error("a file with other content than its entry's was published")
	}
}

// TestObstacles puts something else where the repository has its files.
func TestObstacles(t *testing.T) {
	for name, c := range map[string]struct {
		lay  func(root string) error
		want string
	}{
		"a link for a folder": {func(root string) error { return os.Symlink("/nonexistent", filepath.Join(root, "apt")) },
			"apt is a symbolic link"},
		"a link for a file": {func(root string) error { return os.Symlink("/nonexistent", filepath.Join(root, "key.deb")) },
			"key.deb is a symbolic link"},
		"a file for a folder": {func(root string) error { return os.WriteFile(filepath.Join(root, "apt"), nil, 0o644) },
			"apt is a file, where the repository has a folder"},
		"a folder for a file": {func(root string) error { return os.Mkdir(filepath.Join(root, "index.json"), 0o755) },
			"index.json is where the repository has a file"},
	} {
		root := t.TempDir()
		if err := c.lay(root); err != nil {
			t.Fatal(err)
		}
		one, _, _, _ := publishtest.Voyage(t)
		_, err := publishtest.Publish(t, open(t, root), one, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := os.Stat(filepath.Join(root, publish.HeadFile)); err == nil {
			t.Errorf("%s: something was published", name)
		}
	}
}

// TestSwap has many publishers replace the same head: one does.
func TestSwap(t *testing.T) {
	root := t.TempDir()
	var wg sync.WaitGroup
	var won sync.Map
	for i := range 8 {
		f := open(t, root)
		wg.Go(func() {
			if _, err := f.Swap(t.Context(), []byte(strings.Repeat("x", i+1)), "", nil); err == nil {
				won.Store(i, true)
			}
		})
	}
	wg.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d publishers replaced one head", n)
	}
}

// TestScratch checks that what killed runs left is removed, and what others write to is not.
func TestScratch(t *testing.T) {
	root := t.TempDir()
	tmp := filepath.Join(root, "state", "tmp")
	if err := os.MkdirAll(filepath.Join(tmp, "killed", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	a, b := open(t, root), open(t, root)
	for i, f := range []*folder.Folder{a, b} {
		if err := f.Put(t.Context(), tree.Of(tree.Commit, "index.json", []byte{byte(i)})); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(tmp)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v are there for two runs", entries, err)
	}
	if _, err := os.Stat(filepath.Join(tmp, "killed")); err == nil {
		t.Error("what a killed run left is still there")
	}
}

// to names the folder that a child publishes to.
const to = "SLIPWAY_TEST_PUBLISH_TO"

// TestChild is run by TestKill, in a process of its own.
func TestChild(t *testing.T) {
	root := os.Getenv(to)
	if root == "" {
		t.Skip("only TestKill runs it")
	}
	_, two, _, _ := publishtest.Voyage(t)
	if _, err := publishtest.Publish(t, open(t, root), two, 2); err != nil {
		t.Error(err)
	}
}

func TestKill(t *testing.T) {
	root := filepath.Join(t.TempDir(), "repo")
	publishtest.Kill{
		Times: 60, Step: time.Millisecond, Target: open(t, root),
		Held:  func() publishtest.Objects { return publishtest.Folder(t, root) },
		Child: []string{to + "=" + root},
	}.Run(t, func() { publishtest.Clear(t, root) })
}
