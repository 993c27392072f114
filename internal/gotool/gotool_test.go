package gotool

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
)

func put(t *testing.T, name, content string, perm os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), perm)); err != nil {
		t.Fatal(err)
	}
}

// fake is a go command that says it is the release GOTOOLCHAIN asks for, or go1.26.8. It has go1.27.0 and not
// go1.28.0, and writes down the GOTOOLCHAIN it was run with.
const fake = `#!/bin/sh
case "$1 $2" in "env -json") ;; *) echo "the fake has no go $*" >&2; exit 2 ;; esac
echo "$GOTOOLCHAIN $GOWORK $PWD" >> "$ASKED"
case "$GOTOOLCHAIN" in
go1.28.0*) echo "go: download go1.28.0 for linux/amd64: toolchain not available" >&2; exit 1 ;;
go*) version=${GOTOOLCHAIN%%+*} ;;
*) version=go1.26.8 ;;
esac
echo '{"GOVERSION": "'$version'", "GOTOOLCHAIN": "'${GOTOOLCHAIN:-auto}'", "GOHOSTOS": "linux",'
echo '"GOMODCACHE": "/mod", "OTHER": "x"}'
`

// fakeGo returns the environment for the fake, and the file that it writes to.
func fakeGo(t *testing.T) (env run.Env, asked string) {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "bin", "go"), fake, 0o755)
	asked = filepath.Join(dir, "asked")
	return run.Env{"PATH=" + filepath.Join(dir, "bin") + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"ASKED=" + asked}, asked
}

func TestFind(t *testing.T) {
	env, asked := fakeGo(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g, err := Find(t.Context(), run.Runner{}, env, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{GOVERSION: "go1.26.8", GOTOOLCHAIN: "auto", GOHOSTOS: "linux", GOMODCACHE: "/mod"}
	if g.Settings != want || !slices.Equal(g.Env, env) {
		t.Errorf("Find() = %+v with %q, want %+v with %q", g.Settings, g.Env, want, env)
	}
	if data, err := os.ReadFile(asked); err != nil || string(data) != " off "+dir+"\n" {
		t.Errorf("the go command was asked with %q (%v), want no GOTOOLCHAIN, no workspace, in %s", data, err, dir)
	}
}

func TestFindFails(t *testing.T) {
	bad := t.TempDir()
	put(t, filepath.Join(bad, "go"), "#!/bin/sh\necho 'not JSON'\n", 0o755)
	for _, c := range []struct {
		name string
		env  run.Env
		want string
	}{
		{"no go", run.Env{"PATH=" + t.TempDir()}, "go: no such program in PATH"},
		{"another go", run.Env{"PATH=" + bad}, "reading go env -json: "},
	} {
		if g, err := Find(t.Context(), run.Runner{}, c.env, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Find() = %v, %v, want an error that says %q", c.name, g, err, c.want)
		}
	}
}

func TestAt(t *testing.T) {
	for _, c := range []struct {
		name                     string
		has, mode                string // GOVERSION, GOTOOLCHAIN
		pin, needs               string
		want, asked, wantErr     string
		andErr, andNotErr, extra string
	}{
		{name: "nothing asked", has: "go1.26.8", mode: "auto", want: "go1.26.8"},
		{name: "an older tree", has: "go1.26.8", mode: "auto", needs: "1.24.0", want: "go1.26.8"},
		{name: "a tree of this very release", has: "go1.26.8", mode: "local", needs: "1.26.8", want: "go1.26.8"},
		{name: "a tree of this language", has: "go1.26.8", mode: "local", needs: "1.26", want: "go1.26.8"},
		{name: "a newer tree", has: "go1.26.8", mode: "auto", needs: "1.27.0", want: "go1.27.0", asked: "go1.27.0"},
		{name: "a newer language", has: "go1.26.8", mode: "auto", needs: "1.27", want: "go1.27.0", asked: "go1.27.0"},
		{name: "pinned as it is", has: "go1.26.8", mode: "local", pin: "go1.26.8", want: "go1.26.8"},
		{name: "pinned newer", has: "go1.26.8", mode: "auto", pin: "go1.27.0", needs: "1.24.0", want: "go1.27.0",
			asked: "go1.27.0"},
		{name: "pinned older", has: "go1.27.0", mode: "auto", pin: "go1.26.8", needs: "1.24.0", want: "go1.26.8",
			asked: "go1.26.8"},
		{name: "only what is in PATH", has: "go1.26.8", mode: "path", pin: "go1.27.0", want: "go1.27.0",
			asked: "go1.27.0+path"},
		{name: "at least, and in PATH", has: "go1.26.8", mode: "go1.26.8+path", needs: "1.27.0", want: "go1.27.0",
			asked: "go1.27.0+path"},
		{name: "local unless the tree is newer", has: "go1.26.8", mode: "local+auto", needs: "1.27.0", want: "go1.27.0",
			asked: "go1.27.0"},
		{name: "a distro's build", has: "go1.26.8 (Red Hat 1.26.8-1.el10)", mode: "auto", needs: "1.24.0",
			want: "go1.26.8 (Red Hat 1.26.8-1.el10)"},
		{name: "an experiment", has: "go1.26.8 X:jsonv2", mode: "local", needs: "1.26.0", want: "go1.26.8 X:jsonv2"},
		{name: "an experiment, as newer releases write it", has: "go1.26.8-X:jsonv2", mode: "local", pin: "go1.26.8",
			want: "go1.26.8-X:jsonv2"},

		{name: "kept local", has: "go1.26.8", mode: "local", needs: "1.27.0",
			wantErr: "this fork is built with go1.27.0 (fork.lock says that its tree needs go 1.27.0)",
			andErr:  "but this machine has go1.26.8 and GOTOOLCHAIN=local",
			extra:   "\n  Install go1.27.0, or run again with GOTOOLCHAIN=auto"},
		{name: "kept local, pinned", has: "go1.26.8", mode: "local", pin: "go1.27.0", needs: "1.24.0",
			wantErr: "this fork is built with go1.27.0 (build.toolchain pins it)", andErr: "GOTOOLCHAIN=local"},
		{name: "not published", has: "go1.26.8", mode: "auto", pin: "go1.28.0",
			wantErr: "this fork is built with go1.28.0 (build.toolchain pins it), this machine has go1.26.8, and the go " +
				"command could not fetch the other",
			andErr: "toolchain not available"},
		{name: "a tree newer than its pin", has: "go1.26.8", mode: "auto", pin: "go1.26.8", needs: "1.27.0",
			wantErr: "build.toolchain pins go1.26.8, but", andErr: "go 1.27.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env, asked := fakeGo(t)
			g := &Go{Env: env, Settings: Settings{GOVERSION: c.has, GOTOOLCHAIN: c.mode}}
			got, err := g.At(t.Context(), c.pin, c.needs, "")
			if c.wantErr != "" {
				for _, part := range []string{c.wantErr, c.andErr, c.extra} {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Fatalf("At() = %v, %v, want an error that says %q", got, err, part)
					}
				}
				return
			}
			if err != nil || got.GOVERSION != c.want {
				t.Fatalf("At() = %+v, %v, want %s", got, err, c.want)
			}
			if data, _ := os.ReadFile(asked); strings.Fields(string(data) + " -")[0] != max(c.asked, "-") {
				t.Errorf("the go command was run with GOTOOLCHAIN=%s, want %q", data, c.asked)
			}
		})
	}
}

func TestToolchain(t *testing.T) {
	for goLine, want := range map[string]string{
		"1.20": "go1.20", "1.20.3": "go1.20.3", "1.21": "go1.21.0", "1.26": "go1.26.0", "1.26.0": "go1.26.0",
		"1.26.8":  "go1.26.8",
		"1.27rc1": "go1.27rc1",
	} {
		if got := toolchain(goLine); got != want {
			t.Errorf("a tree that says go %s wants %s, not %s", goLine, got, want)
		}
	}
}

// TestCleanNamesTheToolchain to the letter: the go command compares GOTOOLCHAIN with the whole of its version, and
// looks for another release where they differ.
func TestCleanNamesTheToolchain(t *testing.T) {
	for _, has := range []string{"go1.26.8", "go1.27rc1", "go1.26.8 (Red Hat 1.26.8-1.el10)", "go1.26.8 X:jsonv2",
		"go1.26.8-bigcorp", "go1.27-devel_0123456789"} {
		if got := (&Go{Settings: Settings{GOVERSION: has}}).Clean().Get("GOTOOLCHAIN"); got != has {
			t.Errorf("with %s, GOTOOLCHAIN=%s", has, got)
		}
	}
}

func TestModuleDir(t *testing.T) {
	g := &Go{Settings: Settings{GOMODCACHE: "/mod"}}
	for _, c := range []struct{ path, version, want string }{
		{"k8s.io/kubernetes", "v1.36.1", "/mod/k8s.io/kubernetes@v1.36.1"},
		{"github.com/Masterminds/semver/v3", "v3.5.0", "/mod/github.com/!masterminds/semver/v3@v3.5.0"},
		{"example.org/x", "v1.0.0-RC1", "/mod/example.org/x@v1.0.0-!r!c1"},
		{"../escape", "v1.0.0", ""},
		{"example.org/x", "../../v1", ""},
	} {
		got, err := g.ModuleDir(c.path, c.version)
		if got != filepath.FromSlash(c.want) || (err == nil) != (c.want != "") {
			t.Errorf("ModuleDir(%q, %q) = %q, %v, want %q", c.path, c.version, got, err, c.want)
		}
	}
}

// TestSettingsAreWhatGoSays holds the names of the fields against the go command's.
func TestSettingsAreWhatGoSays(t *testing.T) {
	out, err := run.Runner{}.Output(t.Context(), run.Cmd{Args: []string{"go", "env", "-json"}, Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	var says map[string]string
	data, marshalErr := json.Marshal(Settings{})
	var fields map[string]string
	if err := errors.Join(json.Unmarshal(out, &says), marshalErr, json.Unmarshal(data, &fields)); err != nil {
		t.Fatal(err)
	}
	for name := range fields {
		if _, ok := says[name]; !ok {
			t.Errorf("go env does not know %s", name)
		}
	}
}
