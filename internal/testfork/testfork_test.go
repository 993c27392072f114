package testfork

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/format"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

const stagingPlace = "staging/src/example.org"

func TestProxyIsTheSameEveryTime(t *testing.T) {
	once, twice := t.TempDir(), t.TempDir()
	for _, dir := range []string{once, twice, twice} {
		if err := WriteProxy(dir); err != nil {
			t.Fatal(err)
		}
	}
	want, got := snapshot(t, once), snapshot(t, twice)
	if len(want) != 13*3+5 { // .info, .mod and .zip of thirteen versions, and the lists of five modules
		t.Errorf("the proxy has %d files", len(want))
	}
	if len(got) != len(want) {
		t.Errorf("written twice, the proxy has %d files instead of %d", len(got), len(want))
	}
	for name, data := range want {
		if got[name] != data {
			t.Errorf("%s differs from one proxy to the other", name)
		}
	}
}

func TestProxyURL(t *testing.T) {
	for dir, want := range map[string]string{
		"/tmp/proxy":   "file:///tmp/proxy",
		"/tmp/a proxy": "file:///tmp/a%20proxy",
		"C:/proxy":     "file:///C:/proxy",
	} {
		if got := ProxyURL(dir); got != want {
			t.Errorf("ProxyURL(%q) = %q, want %q", dir, got, want)
		}
	}
}

func TestModulesDownload(t *testing.T) {
	w := newWorld(t).online()
	for path, want := range map[string]string{
		"example.com/rope":           "v1.2.3 v1.3.0 v1.4.0",
		"example.org/ship":           "v1.4.0 v1.4.1 v1.5.0-rc.1",
		"example.org/hull":           "v0.4.0 v0.4.1 v0.5.0-rc.1",
		"example.org/rigging":        "v0.4.0 v0.4.1 v0.5.0-rc.1",
		"example.org/sample-lantern": "v0.4.0",
	} {
		if got := w.must("go", "list", "-m", "-versions", "-f", "{{join .Versions \" \"}}", path); got != want+"\n" {
			t.Errorf("%s is served at %s, want %s", path, got, want)
		}
		for version := range strings.FieldsSeq(want) {
			checkModule(t, w.download(path, version))
		}
	}
	if out, err := w.run("go", "mod", "download", "example.org/sample-lantern@v0.4.1"); err == nil {
		t.Errorf("sample-lantern v0.4.1 is served, but must not be: %s", out)
	}
}

// checkModule checks what the go command does not: that sources are formatted and nothing was left to fill in.
func checkModule(t *testing.T, m downloaded) {
	t.Helper()
	if len(m.Origin.Hash) != 40 {
		t.Errorf("%s: the origin's commit is %q", m.Dir, m.Origin.Hash)
	}
	for name, text := range snapshot(t, m.Dir) {
		if strings.Contains(text, "{{") {
			t.Errorf("%s %s: braces left in %s", m.Path, m.Version, name)
		}
		if filepath.Ext(name) != ".go" {
			continue
		}
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			t.Errorf("%s %s: %s is not formatted (%v)", m.Path, m.Version, name, err)
		}
	}
}

func TestForkBuildsAndRuns(t *testing.T) {
	testkit.Need(t, "git")
	w := newWorld(t)
	w.lay("v1.4.1", "v0.4.1", "hull", "rigging")
	w.fails("cannot load module staging/src/example.org/sample-lantern", "go", "list", "./cmd/captain")
	w.dropLantern()
	// A vendor folder without modules.txt counts outside a workspace only.
	w.online().fails("inconsistent vendoring", "go", "list", "./cmd/captain")
	w.must("git", "apply", w.patch("0001-crew.patch"), w.patch("0002-bosun.patch"))
	w.online().must("go", "-C", stagingPlace+"/rigging", "build", "./...") // with the go.mod and go.sum there

	const stamps = "-X example.org/hull/version.gitVersion=v1.4.1+test.1 -X example.org/hull/version.gitMajor=1"
	w.must("go", "build", "-trimpath", "-tags=sail", "-ldflags="+stamps, "-o=bin/",
		"./cmd/captain", "./cmd/deckhand", "./cmd/bosun", "./"+stagingPlace+"/hull/cmd/logline")
	for command, want := range map[string]string{
		"captain --version": "Ship v1.4.1+test.1\n",
		"captain --crew":    "captain\ndeckhand\nbosun\nAny wind, and whoever is awake.\n",
		"captain --sail":    "sails set\n",
		"deckhand":          "the mainsheet is made fast aboard Ship v1.4.1+test.1\n",
		"bosun":             "all hands: captain\nall hands: deckhand\nall hands: bosun\n",
		"bosun --version":   "Ship v1.4.1+test.1\n",
		"logline --version": "Ship v1.4.1+test.1\n",
	} {
		words := strings.Fields(command)
		if got := w.must(filepath.Join(w.tree, "bin", words[0]), words[1:]...); got != want {
			t.Errorf("%s prints %q, want %q", command, got, want)
		}
	}
	checkVersion(t, w.must(filepath.Join(w.tree, "bin", "captain"), "version", "-o", "json"))
}

func checkVersion(t *testing.T, text string) {
	t.Helper()
	var got map[string]string
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"gitVersion":   "v1.4.1+test.1",
		"gitMajor":     "1",
		"gitMinor":     "",
		"gitCommit":    "$Format:%H$", // stamps that were not given leave what the source says
		"gitTreeState": "",
		"buildDate":    "1970-01-01T00:00:00Z",
	} {
		if got[key] != want {
			t.Errorf("captain version: %s is %q, want %q", key, got[key], want)
		}
	}
}

func TestAnchorNeedsCgo(t *testing.T) {
	w := newWorld(t)
	w.lay("v1.4.0", "v0.4.0", "hull", "rigging", "sample-lantern") // the one release that has all its siblings
	w.fails("build constraints exclude all Go files", "go", "build", "-o=bin/", "./cmd/anchor")
	testkit.Need(t, "gcc")
	w.env = append(w.env, "CGO_ENABLED=1")
	w.must("go", "build", "-o=bin/", "./cmd/anchor")
	if got := w.must(filepath.Join(w.tree, "bin", "anchor")); got != "45 fathoms of chain\n" {
		t.Errorf("anchor prints %q", got)
	}
}

func TestPatchesMeetOtherReleases(t *testing.T) {
	testkit.Need(t, "git")
	w := newWorld(t)
	w.lay("v1.4.0", "v0.4.0")
	w.must("git", "apply", "--check", w.patch("0001-crew.patch"), w.patch("0002-bosun.patch"))
	w.clear()
	w.lay("v1.5.0-rc.1", "v0.5.0-rc.1")
	w.fails("patch failed: pkg/crew/crew.go:6", "git", "apply", "--check", w.patch("0001-crew.patch"))
	w.must("git", "apply", "--check", w.patch("0002-bosun.patch"))
}

// world is a proxy, a project and the folder in which a tree is laid by hand, as a tool would do it.
type world struct {
	*testing.T
	open          []string // environment in which the proxy can be asked
	env           []string // environment of the commands that run in the tree
	project, tree string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{T: t, project: filepath.Join(dir, "project"), tree: filepath.Join(dir, "tree")}
	proxy := filepath.Join(dir, "proxy")
	if err := errors.Join(WriteProxy(proxy), WriteProject(w.project), os.Mkdir(w.tree, 0o755)); err != nil {
		t.Fatal(err)
	}
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	env := append(Env(proxy, filepath.Join(dir, "home"), strings.TrimSpace(string(cache))),
		"PATH="+os.Getenv("PATH"), "CGO_ENABLED=0", "GIT_CEILING_DIRECTORIES="+dir)
	w.open = append(slices.Clip(env), "GOWORK=off")
	w.env = append(slices.Clip(env), "GOWORK="+filepath.Join(w.tree, "go.work"), "GOPROXY=off")
	return w
}

// online is the same world, but its commands can ask the proxy.
func (w *world) online() *world {
	other := *w
	other.env = w.open
	return &other
}

// lay copies a release of the ship and the siblings named into the tree, and has the rope at hand.
func (w *world) lay(ship, sibling string, names ...string) {
	w.Helper()
	w.copy(w.download("example.org/ship", ship).Dir, ".")
	for _, name := range names {
		w.copy(w.download("example.org/"+name, sibling).Dir, stagingPlace+"/"+name)
	}
	w.download("example.com/rope", "v1.2.3")
}

func (w *world) copy(from, to string) {
	w.Helper()
	if err := os.CopyFS(filepath.Join(w.tree, to), os.DirFS(from)); err != nil {
		w.Fatal(err)
	}
}

func (w *world) clear() {
	w.Helper()
	if err := errors.Join(os.RemoveAll(w.tree), os.Mkdir(w.tree, 0o755)); err != nil {
		w.Fatal(err)
	}
}

// dropLantern takes out the lines that name the sibling which was not published.
func (w *world) dropLantern() {
	w.Helper()
	const lantern = "example.org/sample-lantern"
	w.must("go", "mod", "edit", "-droprequire="+lantern, "-dropreplace="+lantern)
	w.must("go", "work", "edit", "-dropuse=./"+stagingPlace+"/sample-lantern")
}

func (w *world) patch(name string) string {
	return filepath.Join(w.project, "forks/ship-1.4/patches", name)
}

// downloaded is what go mod download -json says.
type downloaded struct {
	Path, Version, Dir string
	Origin             struct{ Hash string }
}

func (w *world) download(path, version string) downloaded {
	w.Helper()
	var m downloaded
	out := w.online().must("go", "mod", "download", "-json", path+"@"+version)
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		w.Fatal(err)
	}
	return m
}

// run runs a command in the tree and returns its standard output, or all that it printed when it failed.
func (w *world) run(name string, args ...string) (string, error) {
	cmd := exec.CommandContext(w.Context(), name, args...)
	cmd.Dir, cmd.Env = w.tree, w.env
	var stdout, both bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, &both), &both
	if err := cmd.Run(); err != nil {
		return both.String(), err
	}
	return stdout.String(), nil
}

func (w *world) must(name string, args ...string) string {
	w.Helper()
	out, err := w.run(name, args...)
	if err != nil {
		w.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func (w *world) fails(why, name string, args ...string) {
	w.Helper()
	out, err := w.run(name, args...)
	if err == nil || !strings.Contains(out, why) {
		w.Errorf("%s %s: got %v, want a failure that says %q\n%s", name, strings.Join(args, " "), err, why, out)
	}
}

// snapshot maps the name of every file below dir to its content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	tree := os.DirFS(dir)
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestEarly makes the repository from before modules, whose history is what rebases tell of.
func TestEarly(t *testing.T) {
	testkit.Need(t, "git")
	testkit.Need(t, "sh")
	dir := t.TempDir()
	if err := WriteEarly(dir); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "make.sh")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make.sh: %v\n%s", err, out)
	}
	repo := filepath.Join(dir, "kubernetes")
	for want, args := range map[string][]string{
		"kubelet: say whose it is\nMerge the load balancer\napiserver: say whose it is\ncinder: wait longer for a device\n": {
			"log", "--first-parent", "--format=%s", "v1.4.12..acme"},
		"Kubernetes v1.5.2\ncinder: wait longer for a device\nkubelet: reserve\n": {"log", "--format=%s", "v1.4.12..v1.5.2"},

		"../../staging/src/k8s.io/client-go": {"cat-file", "blob", "v1.4.12:vendor/k8s.io/client-go"},
	} {
		if got := testkit.Git(t, repo, args...); got != want {
			t.Errorf("git %s: got %q, want %q", strings.Join(args, " "), got, want)
		}
	}
	for _, folder := range []string{"cmd", "pkg", "staging"} {
		for name, text := range snapshot(t, filepath.Join(repo, folder)) {
			if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
				t.Errorf("%s/%s is not formatted (%v)", folder, name, err)
			}
		}
	}
}
