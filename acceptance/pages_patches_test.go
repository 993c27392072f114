//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// logRunner is the program that docs/patches.md changes.
const logRunner = "staging/src/k8s.io/component-base/logs/kube-log-runner/kube-log-runner.go"

// somebody has the commits that docs/patches.md takes.
const somebody = `export GIT_AUTHOR_NAME=Somebody GIT_AUTHOR_EMAIL=somebody@example.org
export GIT_COMMITTER_NAME=Somebody GIT_COMMITTER_EMAIL=somebody@example.org
sed -i 's/not enough arguments to run/name the command to run/' ` + logRunner + `
git commit -qam 'kube-log-runner: say what is missing'
sed -i 's/"flush-interval", 0, "\(.*\) default value 0/"flush-interval", 5*time.Second, "\1 default value 5s/' \
	` + logRunner + `
git commit -qam 'kube-log-runner: flush every five seconds'
`

// TestPatchesPage carries the patches of docs/patches.md from one release of Kubernetes to the next.
func TestPatchesPage(t *testing.T) {
	testkit.Need(t, "git")
	onAMD64(t)
	dir, home := newProject(t), t.TempDir()
	env := visitor(t, home, home) // with an editor
	theirs := filepath.Join(t.TempDir(), "kubernetes")
	put(t, filepath.Join(home, ".gitconfig"),
		"[url \"file://"+theirs+"\"]\n\tinsteadOf = https://example.org/somebody/kubernetes\n", 0o644)
	edit := filepath.Join(home, "editor")
	put(t, edit, "#!/bin/sh\nsed -i \"s/Running command:/Do you want &/\" \"$1\"\n", 0o755)
	d := openDocument(t, "patches.md", docscript.Shell{Dir: dir, Env: append(env, "EDITOR="+edit)})
	do := func(script string) {
		t.Helper()
		cmd := command(dir, "bash", "-ec", script)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	do("go tool mage patches:lock patches:apply -tree=" + theirs + "\ncd " + theirs + "\n" + somebody)

	d.run("patches:import")
	d.run("git log --oneline")
	do("cd dist/kubernetes/src; " + edit + " " + logRunner)
	d.run("ask a question")
	d.run("tool mage cross")
	c := openDocument(t, "command.md", docscript.Shell{Dir: dir, Env: env})
	c.run("go tool slipway cross")
	c.run("completion bash")
	do(". ~/.slipway-completion.bash; complete -p slipway mage go")
	do("git init -q; git add -A forks; git commit -qm 'Carry the log runner'")
	do("cd dist/kubernetes/src; echo >>" + logRunner + "; git commit -qam 'kube-log-runner: end with a blank'\n" +
		"echo >>" + logRunner)
	d.run("mage clean")
	do("rm -rf dist/kubernetes/src")
	d.run("export TREE")
	do("git checkout -q forks; git clean -qdf forks")
	d.run("-onto=1.36.1\n")
	d.run("-onto=1.36.1 -write")
}

// newProject makes a project with a fork of Kubernetes 1.35.4, without patches.
func newProject(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "acme")
	for _, name := range []string{"go.mod", "go.sum", "magefile.go"} {
		text := read(t, filepath.Join(root, "examples", "acme", name))
		put(t, filepath.Join(dir, name), strings.Replace(text, "slipway => ../..", "slipway => "+root, 1), 0o644)
	}
	put(t, filepath.Join(dir, ".gitignore"), "/dist\n", 0o644)
	put(t, filepath.Join(dir, "forks", "kubernetes", "fork.yaml"), `name: kubernetes
version: 1.35.4+acme.1
upstream:
  module: k8s.io/kubernetes@v1.35.4
build:
  components: [kube-log-runner]
  platforms: [linux/amd64]
`, 0o644)
	return dir
}

// put writes a file.
func put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
