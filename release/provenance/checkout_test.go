package provenance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
)

func TestReadCheckout(t *testing.T) {
	root := testkit.Lay(t, map[string]string{"project/forks/ship/fork.yaml": "name: ship\n"})
	dir := filepath.Join(root, "project")
	read := func(step string) Checkout {
		t.Helper()
		env := run.Env(testkit.GitEnv(root)).With("GIT_DIR=/absent")
		c, err := ReadCheckout(t.Context(), run.Runner{}, env, dir)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		return c
	}
	write := func(name, text string) {
		t.Helper()
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(step string) {
		t.Helper()
		if c := read(step); c != (Checkout{}) {
			t.Errorf("%s: %+v", step, c)
		}
	}
	nothing("no repository")
	testkit.Git(t, root, "init", "-q")
	nothing("no commit")
	testkit.Git(t, root, "add", "-A")
	testkit.Git(t, root, "commit", "-qm", "Begin")
	head := strings.TrimSpace(testkit.Git(t, root, "rev-parse", "HEAD"))
	write("project/dist/ship/bin/captain", "ahoy")
	write("elsewhere", "is of no project")
	if c := read("no remote"); c != (Checkout{Commit: head}) {
		t.Errorf("without a remote: %+v", c)
	}
	testkit.Git(t, root, "remote", "add", "origin", "https://mate:secret@example.org/forks.git")
	if c := read("a remote"); c != (Checkout{"https://example.org/forks.git", head}) {
		t.Errorf("with a remote: %+v", c)
	}
	write("project/forks/ship/new", "")
	nothing("a new file")
	testkit.Git(t, root, "add", "-A")
	nothing("a file that was added")
}

func TestReadCheckoutFails(t *testing.T) {
	dir := testkit.Lay(t, map[string]string{".git": "rubbish"})
	c, err := ReadCheckout(t.Context(), run.Runner{}, testkit.GitEnv(dir), dir)
	if err == nil || c != (Checkout{}) {
		t.Errorf("a broken repository is none: %+v, %v", c, err)
	}
}

func TestPublic(t *testing.T) {
	for remote, want := range map[string]string{
		"": "", "/home/mate/forks.git": "", "file:///home/mate/forks.git": "", "../forks.git": "",
		"https://example.org/forks.git":   "https://example.org/forks.git",
		"git@example.org:forks.git":       "git@example.org:forks.git",
		"ssh://git@example.org/forks.git": "ssh://example.org/forks.git",
	} {
		if got := public(remote); got != want {
			t.Errorf("%s: %q, want %q", remote, got, want)
		}
	}
}
