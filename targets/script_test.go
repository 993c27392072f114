package targets_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/modfile"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// TestScripts runs whole commands on the test fork: each file of
// testdata/script is one behaviour. A script starts in a project with the fork
// ship-1.4, not pinned yet; a file in the script replaces the project's file of
// that name. The functions commands and condition say what a script can use
// beside the commands of testscript.
func TestScripts(t *testing.T) {
	y := inYard(t)
	eapi8, err := filepath.Abs(filepath.Join("testdata", "eapi8.bash"))
	if err != nil {
		t.Fatal(err)
	}
	armored, next, inPEM := signtest.OpenPGP(t, "harbour"), signtest.OpenPGP(t, "next"), signtest.PEM(t)
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		Cmds:               commands(),
		Condition:          y.condition,
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, y.env(filepath.Join(e.WorkDir, ".home"))...)
			hostDir := runtime.GOOS + "_" + runtime.GOARCH
			e.Vars = append(e.Vars, "PROXY="+y.proxy, "EAPI8="+eapi8, "MAGEDIR="+y.bin, "GODIR="+y.goBin,
				"F=forks/ship-1.4", "BIN=dist/ship-1.4/bin/"+hostDir,
				"OPENPGP="+armored.Secret, "OPENPGP_PUBLIC="+armored.Public, "PEM="+inPEM.Secret, "PEM_PUBLIC="+inPEM.Public,
				"NEXT="+next.Secret, "NEXT_PUBLIC="+next.Public,
				"HOST="+runtime.GOOS+"/"+runtime.GOARCH, "HOSTDIR="+hostDir, "HOSTARCH="+runtime.GOARCH)
			e.Values[memoryKey{}] = memory{}
			return writeProject(e.WorkDir)
		},
	})
}

// A yard is what all tests of whole commands share.
type yard struct {
	bin               string // folder of the program mage
	proxy             string // folder of the module proxy
	goBin             string // folder of the program go
	goCache, modCache string // the ones that this test was compiled with
}

// scratch is the folder that yards are in. TestMain takes it away.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "slipway-targets-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

var theYard = sync.OnceValues(func() (*yard, error) {
	y := &yard{bin: filepath.Join(scratch, "bin"), proxy: filepath.Join(scratch, "proxy")}
	out, err := exec.Command("go", "env", "GOROOT", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("asking the go command for its settings: %w", err)
	}
	settings := strings.Split(string(out), "\n")
	y.goBin, y.goCache, y.modCache = filepath.Join(settings[0], "bin"), settings[1], settings[2]
	if err := errors.Join(os.Mkdir(y.bin, 0o755), testfork.WriteProxy(y.proxy)); err != nil {
		return nil, err
	}
	return y, compileMagefile(filepath.Join(scratch, "magefile"), filepath.Join(y.bin, "mage"))
})

// compileMagefile compiles to exe the magefile of a user's repository, made in
// dir. This repository's magefile has more targets, and mage writes beside it.
func compileMagefile(dir, exe string) error {
	if err := errors.Join(os.Mkdir(dir, 0o755), writeMagefile(dir)); err != nil {
		return err
	}
	compile := exec.Command("go", "tool", "mage", "-compile", exe)
	compile.Dir = dir
	if out, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the magefile: %w\n%s", err, out)
	}
	return nil
}

// writeMagefile writes to dir what users write to have Slipway's targets.
func writeMagefile(dir string) error {
	const slipway = "github.com/slipway-build/slipway"
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return err
	}
	magefile := "//go:build mage\n\npackage main\n\n//mage:import\nimport _ \"" + slipway + "/targets\"\n"
	return errors.Join(
		mod.AddModuleStmt("example.org/harbour"), mod.AddRequire(slipway, "v0.0.0"), mod.AddReplace(slipway, "", root, ""),
		os.WriteFile(filepath.Join(dir, "go.mod"), modfile.Format(mod.Syntax), 0o644),
		os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644),
		os.WriteFile(filepath.Join(dir, "magefile.go"), []byte(magefile), 0o644),
	)
}

// inYard returns the yard, made by the first test that asks.
func inYard(t *testing.T) *yard {
	t.Helper()
	y, err := theYard()
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// env returns the environment of a user whose home is home, and who reaches no
// other network than the proxy.
func (y *yard) env(home string) []string {
	path := strings.Join([]string{y.bin, y.goBin, "/usr/bin", "/bin"}, string(os.PathListSeparator))
	return append(testfork.Env(y.proxy, home, y.goCache), "PATH="+path)
}

// writeProject writes the test fork's project to dir, around the files that are
// there already.
func writeProject(dir string) error {
	whole, err := os.MkdirTemp(scratch, "project-")
	if err != nil {
		return err
	}
	if err := testfork.WriteProject(whole); err != nil {
		return err
	}
	return filepath.WalkDir(whole, func(from string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, strings.TrimPrefix(from, whole))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if _, err := os.Lstat(to); err == nil {
			return nil
		}
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
}

// condition reports whether a condition of a script, in brackets, holds. Under
// CI, which has to test everything, a missing tool is an error.
//
//	[tool:NAME]  the program is in the script's first PATH
//	[mounts]     a script may mount file systems for itself: see unshare(1)
//	[root]       no permission keeps this user from writing
func (y *yard) condition(name string) (bool, error) {
	tool, isTool := strings.CutPrefix(name, "tool:")
	switch {
	case isTool:
		_, err := run.Env(y.env("")).LookPath(tool)
		return err == nil, underCI(err)
	case name == "root":
		return os.Geteuid() == 0, nil
	case name == "mounts" && runtime.GOOS != "linux":
		return false, nil
	case name == "mounts":
		out, err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", scratch).CombinedOutput()
		if err != nil && os.Geteuid() == 0 {
			return false, underCI(fmt.Errorf("%w\n%s", err, out))
		}
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition [%s]", name)
}

// underCI returns err, as the reason why a test cannot be run, if CI runs it.
func underCI(err error) error {
	if err == nil || os.Getenv("CI") == "" {
		return nil
	}
	return fmt.Errorf("CI has to test this: %w", err)
}
