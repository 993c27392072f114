package testkit

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// GoPath returns a PATH whose go command is this machine's, but that its
// GOROOT/go.env has more lines, as a distribution's can have.
func GoPath(t testing.TB, lines ...string) string {
	t.Helper()
	Need(t, "go")
	out, err := exec.Command("go", "env", "GOROOT").Output()
	real, root := strings.TrimSpace(string(out)), t.TempDir()
	if err := errors.Join(err, os.Mkdir(filepath.Join(root, "bin"), 0o755)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(real)
	for _, e := range entries {
		if name := e.Name(); name != "bin" && name != "go.env" {
			err = errors.Join(err, os.Symlink(filepath.Join(real, name), filepath.Join(root, name)))
		}
	}
	program, err1 := os.ReadFile(filepath.Join(real, "bin", "go")) // which looks for its GOROOT where it is itself
	defaults, err2 := os.ReadFile(filepath.Join(real, "go.env"))
	text := string(defaults) + "\n" + strings.Join(lines, "\n") + "\n"
	err3 := os.WriteFile(filepath.Join(root, "bin", "go"), program, 0o755)
	err4 := os.WriteFile(filepath.Join(root, "go.env"), []byte(text), 0o644)
	if err := errors.Join(err, err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "bin") + string(filepath.ListSeparator) + Path()
}
