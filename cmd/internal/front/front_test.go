package front

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestMain makes slipway and mage programs that scripts can run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"slipway": func() { os.Exit(Main("slipway", os.Args[1:])) },
		"mage":    func() { os.Exit(Main("mage", os.Args[1:])) },
	})
}

// TestScripts runs whole commands in a project with the magefile of testdata/harbour. A
// script starts in its folder sub/deep.
func TestScripts(t *testing.T) {
	env := harbourEnv(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, env...)
			e.Cd = filepath.Join(e.WorkDir, "sub", "deep")
			return writeHarbour(t, e.WorkDir)
		},
	})
}

// harbourEnv returns the environment that scripts compile magefiles in: that of this test,
// without its network.
func harbourEnv(t *testing.T) []string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"MAGEFILE_CACHE=" + t.TempDir(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "CGO_ENABLED=0",
		"GOCACHE=" + goSetting("GOCACHE", filepath.Join(cache, "go-build")), "GOMODCACHE=" + t.TempDir(),
	}
}

func goSetting(name, usual string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return usual
}

// writeHarbour writes a project with a magefile that needs nothing but Mage.
func writeHarbour(t *testing.T, dir string) error {
	t.Helper()
	mod := "module example.org/harbour\n\ngo 1.26.0\n\nrequire github.com/magefile/mage v1.17.2\n\n" +
		"replace github.com/magefile/mage => " + testkit.ModuleDir(t, "github.com/magefile/mage") + "\n"
	magefile, err := os.ReadFile(filepath.Join("testdata", "harbour", "magefile.go"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"go.mod": mod, "magefile.go": string(magefile), "sub/deep/keep": ""} {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(at); err == nil {
			continue // the script's
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// TestFindBehindALink has somebody in a folder of a project that a link elsewhere leads to.
func TestFindBehindALink(t *testing.T) {
	project, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := errors.Join(writeHarbour(t, project), os.Symlink(filepath.Join(project, "sub"), link)); err != nil {
		t.Fatal(err)
	}
	if got, err := find(filepath.Join(link, "deep")); got != project || err != nil {
		t.Errorf("find() = %q, %v, want %q", got, err, project)
	}
}

func TestCalledAs(t *testing.T) {
	key := strings.Repeat("0123456789abcdef", 4)
	project := t.TempDir()
	mod := "module example.org/harbour\n\ntool github.com/slipway-build/slipway/cmd/slipway\n"
	if err := os.WriteFile(filepath.Join(project, "go.mod"), []byte(mod), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ word, exe, dir, want string }{
		{"slipway", "/usr/local/bin/slipway", project, "slipway"},
		{"./slipway", "/home/mate/slipway", project, "./slipway"},
		{"/home/mate/.cache/go-build/3f/" + key + "-d/slipway", "/home/mate/.cache/go-build/3f/" + key + "-d/slipway",
			project, "go tool slipway"},
		{"/tmp/go-build123/b001/exe/slipway", "/tmp/go-build123/b001/exe/slipway", filepath.Join(project, "sub"),
			"go tool slipway"},
		{"/tmp/go-build123/b001/exe/slipway", "/tmp/go-build123/b001/exe/slipway", t.TempDir(),
			"go run github.com/slipway-build/slipway/cmd/slipway@latest"},
	} {
		if got := calledAs("slipway", c.word, c.exe, c.dir); got != c.want {
			t.Errorf("calledAs(%q, %q) = %q, want %q", c.word, c.exe, got, c.want)
		}
	}
}
