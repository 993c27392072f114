package scaffold

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
)

// patch is one that a series can have.
const patch = `Greet the crew.

--- a/crew.go
+++ b/crew.go
@@ -1 +1 @@
-package crew
+package crew // ahoy
`

// shipYAML is a profile of a project's own.
const shipYAML = `name: ship
modules:
  - {versions: ">=1.4.0-0", path: example.org/ship}
build:
  - {versions: ">=1.0.0-0"}
components:
  - {name: captain, main: cmd/captain, platforms: [linux]}
  - {name: bosun, main: cmd/bosun}
  - {name: porter, main: cmd/porter, platforms: [windows]}
`

// ask returns a request for a fork of the ship in a folder with those files.
func ask(t *testing.T, files map[string]string, change func(*Request)) Request {
	t.Helper()
	all := map[string]string{"profiles/ship.yaml": shipYAML}
	for name, text := range files {
		all[name] = text
	}
	r := Request{
		Dir: testkit.Lay(t, all), Module: "example.org/harbour/forks", Profile: "ship", Version: "1.4.1",
		Maintainer: "Mate <mate@example.org>", Env: tools(t, "exit 0"),
	}
	if change != nil {
		change(&r)
	}
	return r
}

// tools returns an environment whose "go mod tidy" is a line of shell. "go list -m" prints LISTED, or else what go.mod
// declares.
func tools(t *testing.T, tidy string) []string {
	t.Helper()
	script := "#!/bin/sh\ncase $1 in\nlist) echo ${LISTED-$(sed -n 's/^module //p' go.mod)}; exit ;;\n" +
		"env) echo '{}'; exit ;;\nesac\n" + tidy + "\n"
	dir := testkit.Lay(t, map[string]string{"go": script})
	if err := os.Chmod(filepath.Join(dir, "go"), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{"PATH=" + dir + ":/usr/bin:/bin"}
}

// tree returns the files below a folder, by their names, but for what ask lays.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		found[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWrite(t *testing.T) {
	r := ask(t, map[string]string{"mine/0001-crew.patch": patch, "README.md": "Ships.\n"}, func(r *Request) {
		r.Dir, r.Patches, r.CI = r.Dir+"/", []string{"mine/0001-crew.patch"}, "gitlab"
	})
	names, err := Write(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".gitignore", ".gitlab-ci.yml", ".gitlab/release.yml", "forks/ship/fork.yaml",
		"forks/ship/patches/0001-crew.patch", "forks/ship/patches/series", "go.mod", "magefile.go"}
	if !slices.Equal(names, want) {
		t.Errorf("wrote %q, want %q", names, want)
	}
	var text strings.Builder
	found := tree(t, r.Dir)
	for _, name := range want {
		if !strings.Contains(name, "gitlab") {
			text.WriteString("-- " + name + " --\n" + found[name])
		}
	}
	golden.Check(t, "testdata/ship.txt", []byte(text.String()))
	if found["README.md"] != "Ships.\n" || len(found) != len(want)+3 {
		t.Errorf("the folder has %d files: %q", len(found), found)
	}
	f, err := fork.Project{Dir: r.Dir}.Fork("")
	if err != nil || f.Version != "1.4.1+harbour.1" || len(f.Series) != 1 {
		t.Errorf("the fork is %+v, %v", f.Fork, err)
	}
}

// What is in a repository already stays as it is, but for what has to be added.
func TestWriteIntoRepository(t *testing.T) {
	const mod = "module example.org/harbour/tools\n\ngo 1.25.0\n\n// Ours.\nrequire example.org/rope v1.2.3\n"
	first := ask(t, map[string]string{"go.mod": mod, ".gitignore": "*.o\n*.tmp"}, func(r *Request) { r.Module = "" })
	if _, err := Write(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	found := tree(t, first.Dir)
	if got := found[".gitignore"]; got != "*.o\n*.tmp\n/dist/\nmage_output_file.go\n" {
		t.Errorf(".gitignore is %q", got)
	}
	parsed, err := modfile.Parse("go.mod", []byte(found["go.mod"]), nil)
	if err != nil || len(parsed.Tool) != 2 || parsed.Go.Version != goVersion ||
		!strings.Contains(found["go.mod"], "// Ours.") {
		t.Errorf("go.mod is %v\n%s", err, found["go.mod"])
	}
	second := first
	second.Name, second.Version = "ship-1.5", "1.5.0+harbour.7"
	names, err := Write(t.Context(), second)
	want := []string{"forks/ship-1.5/fork.yaml", "forks/ship-1.5/patches/series"}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("a second fork writes %q, %v, want %q", names, err, want)
	}
	for name, text := range tree(t, first.Dir) {
		if was, there := found[name]; there && was != text {
			t.Errorf("a second fork changes %s to\n%s", name, text)
		}
	}
}

// What cannot be is refused, all at once, and nothing is written.
// A pipeline does not have a clone that is elsewhere.
func TestWriteTellsOfAClone(t *testing.T) {
	const clone = "module " + slipway + "\n"
	for name, c := range map[string]struct {
		project, clone, ci string // folders of one repository, or beside it
		want               bool
	}{
		"beside":                    {"builds", "../tools", "github", true},
		"in the project":            {"builds", "tools", "github", false},
		"in the project's git":      {"repo/builds", "../tools", "tekton", false},
		"beside the project's git":  {"repo/builds", "../../tools", "gitlab", true},
		"beside, without a service": {"builds", "../tools", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			said := ""
			r := ask(t, nil, func(r *Request) {
				above := r.Dir
				r.Dir, r.Slipway, r.CI = filepath.Join(above, c.project), c.clone, c.ci
				r.Events = func(e event.Event) {
					if e.Kind == event.Note {
						said += e.Detail
					}
				}
				for file, text := range map[string]string{
					filepath.Join(r.Dir, c.clone, "go.mod"): clone, filepath.Join(r.Dir, "profiles/ship.yaml"): shipYAML,
					filepath.Join(above, "repo/.git/HEAD"): "ref: refs/heads/main\n",
				} {
					if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755),
						os.WriteFile(file, []byte(text), 0o644)); err != nil {
						t.Fatal(err)
					}
				}
			})
			if _, err := Write(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			want := ""
			if c.want {
				want = "the pipeline will not find " + c.clone + ","
			}
			if !strings.HasPrefix(said, want) || want == "" && said != "" {
				t.Errorf("it says %q, want %q", said, want)
			}
		})
	}
}

// TestWriteTellsOfAWorkspace has a project that is in no workspace, though there is one.
func TestWriteTellsOfAWorkspace(t *testing.T) {
	said := ""
	r := ask(t, nil, func(r *Request) {
		r.Env = append(r.Env, "LISTED=example.org/other")
		r.Events = func(e event.Event) {
			if e.Kind == event.Note {
				said += e.Detail
			}
		}
	})
	if _, err := Write(t.Context(), r); err != nil || !strings.Contains(said, "go work use .") {
		t.Errorf("it says %q, %v", said, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	type files = map[string]string
	for name, c := range map[string]struct {
		files  files
		change func(*Request)
		want   []string
	}{
		"no maintainer": {nil, func(r *Request) { r.Maintainer = "" },
			[]string{"the maintainer is missing", "-maintainer='"}},
		"a maintainer without an address": {nil, func(r *Request) { r.Maintainer = "Mate" },
			[]string{`maintainer: "Mate" is not a name and an address`}},
		"a near profile": {nil, func(r *Request) { r.Profile = "kuberntes" },
			[]string{`unknown profile "kuberntes"`, "did you mean kubernetes?"}},
		"no version":     {nil, func(r *Request) { r.Version = "" }, []string{"the version of ship is missing"}},
		"not a version":  {nil, func(r *Request) { r.Version = "1.4" }, []string{`"1.4" is not a semantic version`}},
		"an old version": {nil, func(r *Request) { r.Version = "0.9.0" }, []string{"does not say how 0.9.0"}},
		"no such module": {nil, func(r *Request) { r.Version = "1.2.0" },
			[]string{"profile ship names no Go module", "upstream.git"}},
		"many at once": {nil, func(r *Request) { r.Components, r.Platforms = []string{"capitan"}, []string{"linux/amd46"} },
			[]string{`ship 1.4.1: unknown component "capitan"; there are captain, bosun, porter; did you mean captain?`,
				`linux/amd46`, "did you mean linux/amd64?"}},
		"no Linux": {nil, func(r *Request) { r.Components, r.Platforms = []string{"captain"}, []string{"windows/amd64"} },
			[]string{"forks/ship/fork.yaml", "none of build.components builds for windows/amd64"}},
		"a near pipeline": {nil, func(r *Request) { r.CI = "githup" },
			[]string{`unknown pipeline "githup"`, "did you mean github?"}},
		"no such patch": {nil, func(r *Request) { r.Patches = []string{"0001-crew.patch"} },
			[]string{"0001-crew.patch", "no such file"}},
		"not a patch": {files{"a.patch": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n"},
			func(r *Request) { r.Patches = []string{"a.patch"} },
			[]string{"a.patch:"}},
		"two patches of a name": {files{"a/a.patch": patch, "b/a.patch": patch},
			func(r *Request) { r.Patches = []string{"a/a.patch", "b/a.patch"} }, []string{"b/a.patch", "rename one"}},
		"a folder of outputs": {nil, func(r *Request) { r.Name = "overlay" },
			[]string{"forks/overlay: rename the folder"}},
		"a fork outside of forks": {nil, func(r *Request) { r.Name = "../ship" }, []string{`"../ship" cannot name a folder`}},
		"a module's path": {nil, func(r *Request) { r.Module = "not a path" },
			[]string{`"not a path" cannot be the path`, "-module="}},
		"another module": {files{"go.mod": "module example.org/other\n"}, nil,
			[]string{"go.mod is of module example.org/other, not example.org/harbour/forks"}},
		"not a clone": {files{"clone/go.mod": "module example.org/other\n"}, func(r *Request) { r.Slipway = "clone" },
			[]string{"clone is not a clone of Slipway"}},
		"what is there": {files{"magefile.go": "package main\n", "forks/ship/notes": "", ".gitlab-ci.yml": ""},
			func(r *Request) { r.CI = "gitlab" },
			[]string{".gitlab-ci.yml, forks/ship, magefile.go: already there", "To have the targets there, too: "}},
		"magefiles without targets": {files{"magefiles/a.go": "package main\n"}, nil,
			[]string{"magefiles is there already", "To have the targets there, too: "}},
		"a folder in the way": {files{"forks": "a file\n"}, nil, []string{"forks"}},
		"no Go":               {nil, func(r *Request) { r.Env = nil }, []string{"go: no such program in PATH", "Install Go"}},
		"a control plane of ships": {nil, func(r *Request) { r.ControlPlane = true },
			[]string{"a control plane is one of kubernetes: leave out ship"}},
	} {
		r := ask(t, c.files, c.change)
		before := tree(t, r.Dir)
		names, err := Write(t.Context(), r)
		if err == nil || names != nil {
			t.Errorf("%s: wrote %q", name, names)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error is\n%v\nwhich does not say %q", name, err, want)
			}
		}
		if after := tree(t, r.Dir); len(after) != len(before) {
			t.Errorf("%s: the folder has %d files, and had %d", name, len(after), len(before))
		}
	}
}

// If a file cannot be written, those before it are taken back.
func TestWriteAllOrNone(t *testing.T) {
	dir := testkit.Lay(t, map[string]string{"b": "old\n", "d": "in the way\n"})
	files := []file{{name: "a/a", data: []byte("new\n")}, {name: "b", data: []byte("new\n"), edits: true},
		{name: "c", data: []byte("new\n")}, {name: "d/d", data: []byte("new\n")}}
	if err := write(dir, files); err == nil {
		t.Fatal("a file was written below a file")
	}
	found := tree(t, dir)
	if found["b"] != "old\n" || len(found) != 2 {
		t.Errorf("the folder has %q", found)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder a is left: %v", err)
	}
}

// A go.mod that could not be completed is no reason to take the rest away.
func TestWriteUntidy(t *testing.T) {
	r := ask(t, nil, func(r *Request) { r.Env = tools(t, "echo no network >&2; exit 1") })
	names, err := Write(t.Context(), r)
	var untidy *TidyError
	if !errors.As(err, &untidy) || !strings.Contains(err.Error(), "no network") ||
		!strings.Contains(err.Error(), "To complete it: cd "+r.Dir+" && go mod tidy\n") ||
		!strings.Contains(err.Error(), "go mod edit -replace=github.com/slipway-build/slipway=CLONE") {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "forks/ship/fork.yaml")); err != nil || len(names) != 5 {
		t.Errorf("wrote %q, %v", names, err)
	}
}

func TestRevisionOf(t *testing.T) {
	for module, want := range map[string]string{
		"example.org/acme/kubernetes-builds": "acme",
		"github.com/The-Fleet/forks":         "thefleet",
		"example.org":                        "fork",
		"builds":                             "fork",
		"_":                                  "fork",
	} {
		if got := revisionOf(module); got != want {
			t.Errorf("revisions in %s are named %q, want %q", module, got, want)
		}
	}
}
