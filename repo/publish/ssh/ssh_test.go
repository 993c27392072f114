package ssh_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
	"github.com/slipway-build/slipway/repo/publish/ssh"
	"github.com/slipway-build/slipway/repo/tree"
)

func options(t testing.TB, server testserver.SSHD) publish.Options {
	return publish.Options{Env: []string{"PATH=" + server.Path, "HOME=" + t.TempDir(), "LC_ALL=C"}, Scratch: t.TempDir()}
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// open opens a folder of the server.
func open(t testing.TB, server testserver.SSHD, root string) publish.Target {
	t.Helper()
	target, err := ssh.Open(t.Context(), &url.URL{Scheme: "ssh", Host: server.Address, Path: root}, options(t, server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	return target
}

func serve(t testing.TB) testserver.SSHD {
	t.Helper()
	testkit.Need(t, "rsync")
	return testserver.Sshd(t)
}

func TestTarget(t *testing.T) {
	const odd = "it's a `repo` $HOME \"x\" é"
	server := serve(t)
	publishtest.Target(t, open(t, server, filepath.Join(t.TempDir(), odd)))
	publishtest.Swaps(t, open(t, server, filepath.Join(t.TempDir(), odd)))
}

func TestPublish(t *testing.T) {
	root := filepath.Join(t.TempDir(), "repo")
	publishtest.Publishes(t, open(t, serve(t), root), func() publishtest.Objects { return publishtest.Folder(t, root) })
}

// TestWithoutFlock publishes to a host that has no more than it needs.
func TestWithoutFlock(t *testing.T) {
	testkit.Need(t, "rsync")
	bin := t.TempDir()
	for _, tool := range []string{
		"sh", "cat", "cp", "find", "ln", "mkdir", "mv", "rm", "rmdir", "rsync", "sha256sum", "sleep", "sync", "wc",
	} {
		name, err := exec.LookPath(tool)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(name, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	server, root := testserver.Sshd(t, "PATH="+bin), filepath.Join(t.TempDir(), "repo")
	target := open(t, server, root)
	if limits := target.Limits(); len(limits) != 1 || !strings.Contains(limits[0], "no flock") {
		t.Errorf("the limits are %q", limits)
	}
	publishtest.Publishes(t, target, func() publishtest.Objects { return publishtest.Folder(t, root) })
	if err := os.Remove(filepath.Join(bin, "rsync")); err != nil {
		t.Fatal(err)
	}
	_, err := ssh.Open(t.Context(), parse(t, target.String()), options(t, server))
	if err == nil || !strings.Contains(err.Error(), "the host has no rsync") {
		t.Errorf("without rsync: %v", err)
	}
}

// to and path are how a child is told where it publishes, and which ssh knows the way.
const to, path = "SLIPWAY_TEST_PUBLISH_TO", "SLIPWAY_TEST_PUBLISH_PATH"

// TestChild is run by TestKill, in a process of its own.
func TestChild(t *testing.T) {
	if os.Getenv(to) == "" {
		t.Skip("only TestKill runs it")
	}
	o := options(t, testserver.SSHD{Path: os.Getenv(path)})
	target, err := ssh.Open(t.Context(), parse(t, os.Getenv(to)), o)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	_, two, _, _ := publishtest.Voyage(t)
	if _, err := publishtest.Publish(t, target, two, 2); err != nil {
		t.Error(err)
	}
}

func TestKill(t *testing.T) {
	server, root := serve(t), filepath.Join(t.TempDir(), "repo")
	target := open(t, server, root)
	publishtest.Kill{
		Times: 30, Step: 40 * time.Millisecond, Target: target,
		Held:  func() publishtest.Objects { return publishtest.Folder(t, root) },
		Child: []string{to + "=" + target.String(), path + "=" + server.Path, "TMPDIR=" + t.TempDir()},
	}.Run(t, func() { publishtest.Clear(t, root) })
}

// TestBatch sends many files, some of them from others, in the modes of a repository.
func TestBatch(t *testing.T) {
	root, from := filepath.Join(t.TempDir(), "repo"), filepath.Join(t.TempDir(), "ship.deb")
	if err := os.WriteFile(from, []byte("ship"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := open(t, serve(t), root)
	files := []tree.File{tree.Of(tree.Content, "apt/pool/ship.deb", []byte("ship"))}
	files[0].Data, files[0].From = nil, from
	for i := range 300 {
		files = append(files, tree.Of(tree.Content, fmt.Sprintf("apt/pool/%d/mate.deb", i), []byte(fmt.Sprint("mate", i))))
	}
	batch := target.(publish.Batch)
	if err := batch.PutAll(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	var entries []tree.Entry
	for _, f := range files {
		entries = append(entries, f.Entry)
	}
	found, err := batch.StatAll(t.Context(), entries)
	for i := range entries {
		if err != nil || found[i] != publish.Same {
			t.Fatalf("%s is %v, %v", entries[i].Path, found[i], err)
		}
	}
	for path, want := range map[string]os.FileMode{"": 0o755, "apt/pool/7": 0o755, "apt/pool/ship.deb": 0o644} {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
	if err := os.WriteFile(from, []byte("boat"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := target.Put(t.Context(), files[0]); err == nil || !strings.Contains(err.Error(), "other content") {
		t.Errorf("a file that was changed meanwhile: %v", err)
	}
}

// TestOpen opens what cannot be published to.
func TestOpen(t *testing.T) {
	for text, want := range map[string]string{
		"http://example.org/repo":         "is named as ssh://",
		"ssh:///srv/repo":                 "is named as ssh://",
		"ssh://example.org":               "without the folder",
		"ssh://example.org/":              "without the folder",
		"ssh://mate:secret@example.org/r": "log in with a key",
		"ssh://-oProxyCommand=x/r":        "for an option",
		"ssh://-l@example.org/r":          "for an option",
		"ssh://example.org/r?x=y":         "there can be nothing",
		"ssh://example.org/r%0Ax":         "control character",
	} {
		_, err := ssh.Open(t.Context(), parse(t, text), publish.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%s) = %v, want %q", text, err, want)
		}
	}
	if _, err := ssh.Open(t.Context(), parse(t, "ssh://example.org/r"), publish.Options{}); err == nil ||
		!strings.Contains(err.Error(), "needs ssh and rsync") {
		t.Errorf("without tools: %v", err)
	}
	server := serve(t)
	o := options(t, server)
	for text, want := range map[string]string{
		"ssh://127.0.0.1:1/r":                       "refused",
		"ssh://purser@" + server.Address + "/srv/r": "Permission denied",
	} {
		_, err := ssh.Open(t.Context(), parse(t, text), o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "command -v") {
			t.Errorf("Open(%s) = %v, want %q", text, err, want)
		}
	}
	left, err := os.ReadDir(o.Scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v are left of connections that failed", left, err)
	}
}

// TestObstacles publishes where the host has something else, or lets nobody write.
func TestObstacles(t *testing.T) {
	server := serve(t)
	for name, c := range map[string]struct {
		lay  func(root string) error
		want string
	}{
		"a file for the folder": {func(root string) error { return os.WriteFile(root, nil, 0o644) }, "is not a folder"},
		"a link for a file": {func(root string) error {
			if err := os.MkdirAll(root, 0o755); err != nil {
				return err
			}
			return os.Symlink("/nonexistent", filepath.Join(root, "index.json"))
		}, "index.json is where the repository has a file"},
		"a device": {func(root string) error { return os.Symlink("/proc", root) }, "/state"},
	} {
		root := filepath.Join(t.TempDir(), "repo")
		if err := c.lay(root); err != nil {
			t.Fatal(err)
		}
		one, _, _, _ := publishtest.Voyage(t)
		_, err := publishtest.Publish(t, open(t, server, root), one, 1)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.want)) ||
			strings.Contains(err.Error(), "umask") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestCancelled stops a publisher between two of its requests, and after it has begun.
func TestCancelled(t *testing.T) {
	target := open(t, serve(t), filepath.Join(t.TempDir(), "repo"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	one, _, _, _ := publishtest.Voyage(t)
	if _, err := publish.Publish(ctx, target, one, publish.Request{}); err == nil {
		t.Error("a publisher that was stopped has published")
	}
	if _, err := publishtest.Publish(t, target, one, 1); err != nil {
		t.Error(err)
	}
}
