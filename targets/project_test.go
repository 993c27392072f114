package targets_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A project is a folder with the test fork in it and a user who runs mage there.
type project struct {
	exe string // mage
	dir string
	env []string
}

// newProject writes a project to dir and pins its fork.
func newProject(t *testing.T, dir string) *project {
	t.Helper()
	p := emptyProject(t, dir)
	if err := writeProject(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removable(p.path(".home")) })
	p.must(t, "patches:lock")
	return p
}

// emptyProject returns a project without a fork.
func emptyProject(t *testing.T, dir string) *project {
	t.Helper()
	y := inYard(t)
	return &project{filepath.Join(y.bin, "mage"), dir, y.env(filepath.Join(dir, ".home"))}
}

// removable lets the folders below dir be emptied: modules are read-only where a
// run was killed while it unpacked them.
func removable(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(name, 0o755)
		}
		return err
	})
}

// with returns the project with variables set.
func (p *project) with(env ...string) *project {
	return &project{p.exe, p.dir, append(slices.Clip(p.env), env...)}
}

func (p *project) path(elem ...string) string {
	return filepath.Join(append([]string{p.dir}, elem...)...)
}

// built returns the path of a component for this machine's platform, or of
// another file in its folder.
func (p *project) built(name string) string {
	return p.path("dist", "ship-1.4", "bin", runtime.GOOS+"_"+runtime.GOARCH, name)
}

// command returns mage, not started yet, in a new process group, and where its
// output will be.
func (p *project) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(p.exe, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.dir, p.env, &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

func (p *project) mage(args ...string) (output string, err error) {
	cmd, out := p.command(args...)
	err = cmd.Run()
	return out.String(), err
}

func (p *project) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.mage(args...)
	if err != nil {
		t.Fatalf("mage %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// fails runs mage, which has to end with an error that says all of these.
func (p *project) fails(t *testing.T, args []string, says ...string) {
	t.Helper()
	out, err := p.mage(args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Errorf("mage %s: want it to fail, got %v\n%s", strings.Join(args, " "), err, out)
	}
	for _, want := range says {
		if !strings.Contains(out, want) {
			t.Errorf("mage %s does not say %q:\n%s", strings.Join(args, " "), want, out)
		}
	}
}

func mustList(t *testing.T, path string) listing {
	t.Helper()
	found, err := list(path)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sameAs checks that the files at path are exactly those listed.
func sameAs(t *testing.T, want listing, path string) {
	t.Helper()
	for _, line := range want.differ(mustList(t, path)) {
		t.Errorf("in %s, %s", path, line)
	}
}
