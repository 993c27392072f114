package cross

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSlim has module caches, and what of their files is kept.
func TestSlim(t *testing.T) {
	for _, c := range []struct {
		name       string
		files, has []string
	}{
		{"no module", nil, nil},
		{"a module", []string{
			"cache/lock", "cache/download/sumdb/x/latest", "cache/download/example.org/rope/@v/v1.0.0.mod",
			"cache/download/example.org/rope/@v/v1.0.0.zip", "cache/download/example.org/rope/@v/v1.0.0.ziphash",
			"example.org/rope@v1.0.0/rope.go",
		}, []string{
			"cache/download/example.org/rope/@v/v1.0.0.mod", "cache/download/example.org/rope/@v/v1.0.0.ziphash",
			"example.org/rope@v1.0.0/rope.go",
		}},
	} {
		dir := filepath.Join(t.TempDir(), "go-mod")
		for _, name := range c.files {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := slim(dir); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				rel, _ := filepath.Rel(dir, name)
				got = append(got, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil || !slices.Equal(got, c.has) {
			t.Errorf("%s: it has %q, %v, want %q", c.name, got, err, c.has)
		}
	}
}
