package patches

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
)

// A files literal is a tree: a name with * behind it is executable, and one
// with @ a symbolic link.
type files map[string]string

func split(key string) (name string, mode filetree.Mode) {
	switch key[len(key)-1] {
	case '*':
		return key[:len(key)-1], filetree.Executable
	case '@':
		return key[:len(key)-1], filetree.Link
	}
	return key, filetree.Regular
}

func join(name string, mode filetree.Mode) string {
	return name + map[filetree.Mode]string{filetree.Executable: "*", filetree.Link: "@"}[mode]
}

// lay writes the files to a folder, emptied before except for .git.
func (f files) lay(t testing.TB, dir string) filetree.Dir {
	t.Helper()
	old, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range old {
		if e.Name() != ".git" {
			must(t, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	for key, content := range f {
		name, mode := split(key)
		name = filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		switch mode {
		case filetree.Link:
			must(t, os.Symlink(content, name))
		case filetree.Executable:
			must(t, os.WriteFile(name, []byte(content), 0o755))
		default:
			must(t, os.WriteFile(name, []byte(content), 0o644))
		}
	}
	return scan(t, dir)
}

// scan describes what lies in dir, without a .git folder.
func scan(t testing.TB, dir string) filetree.Dir {
	t.Helper()
	d, err := filetree.Scan(t.Context(), dir)
	must(t, err)
	d.Tree = slices.DeleteFunc(d.Tree, func(e filetree.Entry) bool { return strings.HasPrefix(e.Path, ".git/") })
	return d
}

// after returns the tree that changes make of f.
func (f files) after(changes []filetree.Change) files {
	out := files{}
	for key, content := range f {
		name, _ := split(key)
		if !slices.ContainsFunc(changes, func(c filetree.Change) bool { return c.Path == name }) {
			out[key] = content
		}
	}
	for _, c := range changes {
		if !c.Deleted {
			out[join(c.Path, c.Mode)] = string(c.Content)
		}
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
