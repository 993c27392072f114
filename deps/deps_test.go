package deps

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/internal/testkit"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		deps Deps
		want []string // FIELD: and a part of the message
	}{
		{"none", nil, nil},
		{"whole versions", Deps{"example.com/rope": "v1.3.0", "example.com/chain/v2": "v2.0.0-rc.1"}, nil},
		{"a commit", Deps{"example.com/rope": "v1.3.1-0.20260102030405-0123456789ab"}, nil},
		{"part of a version", Deps{"example.com/rope": "v1.3"},
			[]string{": example.com/rope: v1.3 is only part of a version"}},
		{"no version", Deps{"example.com/rope": "latest"}, []string{": example.com/rope@latest: invalid version"}},
		{"only a path", Deps{"example.com/rope": "example.net/cord"}, []string{": example.com/rope@example.net/cord: " +
			"invalid version: not a semantic version: write a full version, such as v0.55.0, or PATH@VERSION for another"}},
		{"no module", Deps{"rope": "v1.3.0"}, []string{`: malformed module path "rope"`}},
		{"another major version", Deps{"example.com/rope": "v2.0.0"}, []string{": example.com/rope@v2.0.0: invalid version"}},
		{"another module in its place", Deps{"example.com/rope": "example.net/cord@v1.3.0"}, nil},
		{"another module without a version", Deps{"example.com/rope": "example.net/cord@"},
			[]string{": example.net/cord@: invalid version"}},
		{"another module at part of a version", Deps{"example.com/rope": "example.net/cord@v1.3"},
			[]string{": example.com/rope: v1.3 is only part of a version"}},
		{"a folder in its place", Deps{"example.com/rope": "./cord@v1.3.0"}, []string{`: malformed module path "./cord"`}},
		{"no module to replace", Deps{"rope": "example.net/cord@v1.3.0"}, []string{`: malformed module path "rope"`}},
		{"two faults, by name", Deps{"example.com/rope": "v1", "example.com/chain": "v1.0"},
			[]string{": example.com/chain: v1.0 is", ": example.com/rope: v1 is"}},
	} {
		testkit.Faults(t, c.name, c.deps.Validate(), c.want...)
	}
}

func TestSetVersions(t *testing.T) {
	for _, c := range []struct {
		name, mod string
		to        string // v1.3.0 if empty
		want      string // "" if the file stays as it is
		used      bool
		err       string
	}{
		{name: "required", used: true,
			mod:  "module m\n\nrequire example.com/rope v1.2.3 // for the sails\n",
			want: "module m\n\nrequire example.com/rope v1.3.0 // for the sails\n"},
		{name: "indirect", used: true,
			mod:  "module m\n\nrequire example.com/rope v1.2.3 // indirect\n",
			want: "module m\n\nrequire example.com/rope v1.3.0 // indirect\n"},
		{name: "newer already, and asked for an older one", used: true,
			mod: "module m\n\nrequire example.com/rope v1.4.0\n", want: "module m\n\nrequire example.com/rope v1.3.0\n"},
		{name: "in a block", used: true,
			mod:  "module m\n\nrequire (\n\texample.com/chain v1.0.0\n\texample.com/rope v1.2.3\n)\n",
			want: "module m\n\nrequire (\n\texample.com/chain v1.0.0\n\texample.com/rope v1.3.0\n)\n"},
		{name: "already at it", used: true, mod: "module m\n\nrequire example.com/rope v1.3.0\n"},
		{name: "not required", mod: "module m\n\nrequire example.com/chain v1.0.0\n"},
		{name: "another module's folder", mod: "module m\n\nrequire example.com/rope/knots v1.2.3\n"},
		{name: "replaced", used: true,
			mod: "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => ./rope\n",
			err: "deps: example.com/rope: sub/go.mod:5 replaces it by ./rope: change that with a patch, " +
				"or name the module to replace it by, as PATH@VERSION"},
		{name: "replaced by a version of itself", used: true,
			mod:  "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.com/rope v1.2.3\n",
			want: "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.com/rope v1.3.0\n"},
		{name: "replaced by that version of itself", used: true,
			mod: "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.com/rope v1.3.0\n"},
		{name: "not required, but replaced", used: true,
			mod:  "module m\n\nreplace example.com/rope => example.com/rope v1.2.3\n",
			want: "module m\n\nreplace example.com/rope => example.com/rope v1.3.0\n"},
		{name: "another module in the place of one that is not required", to: "example.net/cord@v1.3.0", mod: "module m\n"},
		{name: "one version replaced", used: true,
			mod: "module m\n\nrequire example.com/rope v1.2.3\n\n" +
				"replace example.com/rope v1.2.3 => example.com/rope v1.2.4\n",
			want: "module m\n\nrequire example.com/rope v1.2.3\n\n" +
				"replace example.com/rope v1.2.3 => example.com/rope v1.3.0\n"},
		{name: "another module in its place", to: "example.net/cord@v1.3.0", used: true,
			mod:  "module m\n\nrequire example.com/rope v1.2.3\n",
			want: "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.net/cord v1.3.0\n"},
		{name: "another module in the place of what replaced it", to: "example.net/cord@v1.3.0", used: true,
			mod:  "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.com/rope v1.2.3\n",
			want: "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.net/cord v1.3.0\n"},
		{name: "another module that replaces it already", to: "example.net/cord@v1.3.0", used: true,
			mod: "module m\n\nrequire example.com/rope v1.2.3\n\nreplace example.com/rope => example.net/cord v1.3.0\n"},
		{name: "no go.mod", mod: "module m\n\nrequired\n", err: "sub/go.mod:3: unknown directive: required"},
	} {
		used := map[string]bool{}
		d := Deps{"example.com/rope": cmp.Or(c.to, "v1.3.0")}
		got, err := setVersions("sub/go.mod", []byte(c.mod), d, used)
		if string(got) != c.want || fmt.Sprint(err) != c.err && (err != nil || c.err != "") ||
			used["example.com/rope"] != c.used {
			t.Errorf("%s: setVersions() = %q, %v, used %v; want %q, %s", c.name, got, err, used, c.want, c.err)
		}
	}
}

func TestIsModFile(t *testing.T) {
	for name, want := range map[string]bool{
		"go.mod": true, "staging/src/example.org/hull/go.mod": true, "pkg/vendor/go.mod": true,
		"go.sum": false, "vendor/go.mod": false, "vendor/example.com/rope/go.mod": false, "pkg/testdata/m/go.mod": false,
		"go.mod.bak": false,
	} {
		if got := isModFile(filetree.Entry{Path: name, Mode: filetree.Regular}); got != want {
			t.Errorf("isModFile(%s) = %v", name, got)
		}
	}
	if isModFile(filetree.Entry{Path: "go.mod", Mode: filetree.Link}) {
		t.Error("a symbolic link counts as a go.mod")
	}
}

// ropes has rope at three versions, and chain, which requires the second. The go
// command starts with more variables.
func ropes(t *testing.T, more ...string) *gotool.Go {
	t.Helper()
	testkit.Need(t, "go")
	proxy, home := t.TempDir(), t.TempDir()
	for _, v := range []string{"v1.2.3", "v1.3.0", "v1.4.0"} {
		must(t, testfork.WriteModule(proxy, "example.com/rope", v,
			"-- go.mod --\nmodule example.com/rope\n\ngo 1.24.0\n-- rope.go --\npackage rope\n\nconst Version = \""+v+"\"\n"))
	}
	for _, v := range []string{"v1.0.0", "v1.1.0"} {
		must(t, testfork.WriteModule(proxy, "example.com/chain", v, "-- go.mod --\nmodule example.com/chain\n\n"+
			"go 1.24.0\n\nrequire example.com/rope v1.3.0\n-- chain.go --\npackage chain\n\nimport _ \"example.com/rope\"\n"))
	}
	env := append(run.Env{"PATH=" + os.Getenv("PATH")}, testfork.Env(proxy, home, filepath.Join(home, "cache"))...)
	g, err := gotool.Find(t.Context(), run.Runner{}, env.With(more...), home)
	must(t, err)
	return g
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lay writes the files of a txtar archive into a new folder.
func lay(t *testing.T, archive string) filetree.Dir {
	t.Helper()
	files, err := txtar.FS(txtar.Parse([]byte(archive)))
	must(t, err)
	dir := filepath.Join(t.TempDir(), "tree")
	must(t, os.CopyFS(dir, files))
	d, err := filetree.Scan(t.Context(), dir)
	must(t, err)
	return d
}

// mod is a module that requires others, and imports what it requires.
func mod(dir, name string, requires ...string) string {
	out := "-- " + dir + "go.mod --\nmodule " + name + "\n\ngo 1.24.0\n"
	imports := ""
	for _, r := range requires {
		path, _, _ := strings.Cut(r, " ")
		out += "\nrequire " + r + "\n"
		imports += "import _ \"" + path + "\"\n"
	}
	return out + "-- " + dir + "ship.go --\npackage ship\n\n" + imports
}

func TestApply(t *testing.T) {
	g := ropes(t)
	for _, c := range []struct {
		name, tree string
		deps       Deps
		want       map[string]string // of each file that changes, a part; "" for one that is deleted
		err        string
	}{
		{name: "a module", tree: mod("", "example.org/ship", "example.com/rope v1.2.3"),
			deps: Deps{"example.com/rope": "v1.4.0"},
			want: map[string]string{"go.mod": "require example.com/rope v1.4.0", "go.sum": "example.com/rope v1.4.0 h1:"}},
		{name: "a module that is nowhere, and another in its place",
			tree: mod("", "example.org/ship", "example.net/gone v1.2.3"),
			deps: Deps{"example.net/gone": "example.com/rope@v1.4.0"},
			want: map[string]string{"go.mod": "=> example.com/rope v1.4.0", "go.sum": "example.com/rope v1.4.0 h1:"}},
		{name: "a module that only a sibling requires, and another in its place",
			tree: "-- go.mod --\nmodule example.org/ship\n\ngo 1.24.0\n\nrequire example.org/hull v0.0.0\n\n" +
				"replace example.org/hull => ./hull\n-- ship.go --\npackage ship\n\nimport _ \"example.org/hull\"\n" +
				mod("hull/", "example.org/hull", "example.net/gone v1.2.3"),
			deps: Deps{"example.net/gone": "example.com/rope@v1.4.0"},
			want: map[string]string{"go.mod": "=> example.com/rope v1.4.0", "go.sum": "example.com/rope v1.4.0 h1:",
				"hull/go.mod": "=> example.com/rope v1.4.0"}},
		{name: "a version pinned by a replacement",
			tree: strings.Replace(mod("", "example.org/ship", "example.com/rope v1.2.3"), "-- ship.go",
				"\nreplace example.com/rope => example.com/rope v1.2.3\n-- ship.go", 1),
			deps: Deps{"example.com/rope": "v1.4.0"},
			want: map[string]string{"go.mod": "=> example.com/rope v1.4.0", "go.sum": "example.com/rope v1.4.0 h1:"}},
		{name: "a module of a workspace, and another in its place", deps: Deps{"example.net/gone": "example.com/rope@v1.3.0"},
			tree: mod("", "example.org/ship", "example.net/gone v1.2.3") +
				mod("hull/", "example.org/hull", "example.net/gone v1.2.3") +
				"-- go.work --\ngo 1.24.0\n\nuse (\n\t.\n\t./hull\n)\n",
			want: map[string]string{
				"go.mod": "example.com/rope v1.3.0", "hull/go.mod": "example.com/rope v1.3.0",
				"go.work.sum": "example.com/rope v1.3.0/go.mod h1:",
			}},
		{name: "a workspace", deps: Deps{"example.com/rope": "v1.3.0"},
			tree: mod("", "example.org/ship", "example.com/rope v1.2.3") +
				mod("hull/", "example.org/hull", "example.com/rope v1.2.3") +
				"-- go.work --\ngo 1.24.0\n\nuse (\n\t.\n\t./hull\n)\n",
			want: map[string]string{
				"go.mod": "example.com/rope v1.3.0", "hull/go.mod": "example.com/rope v1.3.0",
				"go.work.sum": "example.com/rope v1.3.0/go.mod h1:",
			}},
		{name: "a vendored module", deps: Deps{"example.com/rope": "v1.4.0"},
			tree: mod("", "example.org/ship", "example.com/rope v1.2.3") +
				"-- vendor/modules.txt --\n# example.com/rope v1.2.3\n## explicit; go 1.24.0\nexample.com/rope\n" +
				"-- vendor/example.com/rope/rope.go --\npackage rope\n\nconst Version = \"v1.2.3\"\n" +
				"-- vendor/example.com/rope/gone.go --\npackage rope\n",
			want: map[string]string{
				"go.mod": "example.com/rope v1.4.0", "go.sum": "v1.4.0 h1:", "vendor/modules.txt": "# example.com/rope v1.4.0",
				"vendor/example.com/rope/rope.go": `"v1.4.0"`, "vendor/example.com/rope/gone.go": "",
			}},
		{name: "a vendored module that only tests, and other systems, use", deps: Deps{
			"example.com/rope": "v1.4.0", "example.com/chain": "v1.1.0"},
			tree: "-- go.mod --\nmodule example.org/ship\n\ngo 1.24.0\n\nrequire (\n\texample.com/chain v1.0.0\n" +
				"\texample.com/rope v1.3.0\n)\n-- ship.go --\npackage ship\n" +
				"-- ship_test.go --\npackage ship\n\nimport _ \"example.com/rope\"\n" +
				"-- ship_plan9.go --\npackage ship\n\nimport _ \"example.com/chain\"\n" +
				"-- vendor/modules.txt --\n# example.com/chain v1.0.0\n## explicit; go 1.24.0\nexample.com/chain\n" +
				"# example.com/rope v1.3.0\n## explicit; go 1.24.0\nexample.com/rope\n" +
				"-- vendor/example.com/rope/rope.go --\npackage rope\n" +
				"-- vendor/example.com/chain/chain.go --\npackage chain\n",
			want: map[string]string{
				"go.mod": "example.com/rope v1.4.0", "go.sum": "example.com/chain v1.1.0 h1:",
				"vendor/modules.txt":                "# example.com/chain v1.1.0",
				"vendor/example.com/rope/rope.go":   `"v1.4.0"`,
				"vendor/example.com/chain/chain.go": "example.com/rope",
			}},
		{name: "a vendored workspace", deps: Deps{"example.com/rope": "v1.4.0"},
			tree: mod("", "example.org/ship", "example.com/rope v1.2.3") + mod("hull/", "example.org/hull") +
				"-- go.work --\ngo 1.24.0\n\nuse (\n\t.\n\t./hull\n)\n" +
				"-- vendor/modules.txt --\n## workspace\n# example.com/rope v1.2.3\n## explicit; go 1.24.0\nexample.com/rope\n" +
				"-- vendor/example.com/rope/rope.go --\npackage rope\n",
			want: map[string]string{
				"go.mod": "example.com/rope v1.4.0", "go.work.sum": "example.com/rope v1.4.0 h1:",
				"vendor/modules.txt": "# example.com/rope v1.4.0", "vendor/example.com/rope/rope.go": `"v1.4.0"`,
			}},
		{name: "older than another dependency allows", deps: Deps{"example.com/rope": "v1.2.3"},
			tree: mod("", "example.org/ship", "example.com/rope v1.3.0", "example.com/chain v1.0.0"),
			err: "deps: example.com/rope: another dependency requires v1.3.0, so v1.2.3 cannot be used\n" +
				"  To see which: go mod graph"},
		{name: "not required", tree: mod("", "example.org/ship"),
			deps: Deps{"example.com/rope": "v1.3.0", "example.com/chain": "v1.0.0"},
			err: "deps: example.com/chain: no go.mod of the patched tree requires it: leave it out\n" +
				"deps: example.com/rope: no go.mod of the patched tree requires it: leave it out"},
		{name: "a module that only a nested module requires",
			tree: mod("", "example.org/ship") + mod("hull/", "example.org/hull", "example.com/rope v1.2.3"),
			deps: Deps{"example.com/rope": "v1.4.0"}, err: "\n  Only a nested module requires it, which the go.mod of the root"},
		{name: "a version that nobody has", tree: mod("", "example.org/ship", "example.com/rope v1.2.3"),
			deps: Deps{"example.com/rope": "v1.9.9"}, err: "changing the dependencies: go list -deps ./...: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes, err := c.deps.Apply(t.Context(), g, lay(t, c.tree))
			if err == nil != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("Apply() = %v, want %q", err, c.err)
			}
			for _, change := range changes {
				want, ok := c.want[change.Path]
				if !ok || change.Deleted != (want == "") || !strings.Contains(string(change.Content), want) {
					t.Errorf("%s becomes %q (deleted: %v), want %q", change.Path, change.Content, change.Deleted, want)
				}
			}
			if len(changes) != len(c.want) {
				t.Errorf("%d files change, want %d: %v", len(changes), len(c.want), c.want)
			}
		})
	}
}

// TestApplyIsTheSameEverywhere holds that what a machine or a user has set for the go command changes no file.
func TestApplyIsTheSameEverywhere(t *testing.T) {
	tree := mod("", "example.org/ship", "example.com/rope v1.2.3") +
		"-- ship_linux.go --\npackage ship\n\nimport _ \"example.com/chain\"\n" +
		"-- ship_windows.go --\npackage ship\n\nimport _ \"example.com/absent\"\n"
	tree = strings.Replace(tree, "require ", "require example.com/chain v1.0.0\n\nrequire ", 1)
	d := Deps{"example.com/rope": "v1.4.0"}
	want, err := d.Apply(t.Context(), ropes(t), lay(t, tree))
	must(t, err)
	hostile := []string{"GOOS=windows", "GOARCH=arm64", "CGO_ENABLED=0", "GOFLAGS=-mod=vendor", "GOWORK=/nowhere/go.work",
		"GO111MODULE=off", "GOEXPERIMENT=none"}
	for name, env := range map[string][]string{
		"go.env": {"PATH=" + testkit.GoPath(t, hostile...)}, "the environment": hostile,
	} {
		got, err := d.Apply(t.Context(), ropes(t, env...), lay(t, tree))
		if err != nil || len(want) != 2 || !reflect.DeepEqual(got, want) {
			t.Errorf("with settings from %s: %v, %v, want %v", name, got, err, want)
		}
	}
}
