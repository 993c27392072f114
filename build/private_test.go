package build

import (
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

// TestSearchPrivate searches files for folders of this machine: of a program it is kept what
// was found, as long as the program holds the same.
func TestSearchPrivate(t *testing.T) {
	s := newYard(t).open()
	dir, name := s.fork.Project.Dir, filepath.Join(t.TempDir(), "captain")
	search := s.searchPrivate(t.Context())
	for _, c := range []struct {
		about, program, data, want string
	}{
		{"a program", "ahoy", "", ""},
		{"a program that names the project", "built in " + dir + "/cmd", "", dir},
		{"the first again", "ahoy", "", ""},
		{"a text", "", "see " + dir, dir},
		{"another text", "", "see /usr/share/doc", ""},
	} {
		f := packaging.File{Path: "/usr/bin/captain", Data: []byte(c.data)}
		if c.program != "" {
			put(t, name, c.program)
			f.Source = name
		}
		for range 2 {
			if got, err := search(f); err != nil || got != c.want {
				t.Errorf("%s: got %q, %v", c.about, got, err)
			}
		}
	}
	if kept, err := filepath.Glob(filepath.Join(dir, "dist", ".cache", "private*", "*")); err != nil || len(kept) != 2 {
		t.Errorf("what is kept of two programs is %v, %v", kept, err)
	}
	_, err := search(packaging.File{Source: name + ".gone"})
	says(t, err, "no such file")
}
