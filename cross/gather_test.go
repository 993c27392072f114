package cross

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// TestListed has what the go command prints of packages, and what they are.
func TestListed(t *testing.T) {
	const printed = `{"ImportPath": "fmt", "Dir": "/go/src/fmt", "Standard": true}
{"ImportPath": "example.org/ship/cmd", "Dir": "/tree/cmd", "Module": {"Path": "example.org/ship", "Dir": "/tree"}}
{"ImportPath": "example.org/hull/keel", "Dir": "/tree/staging/hull/keel",
 "Module": {"Path": "example.org/hull", "Version": "v0.0.0", "Dir": "/tree/staging/hull"}}
{"ImportPath": "example.com/rope/knot", "Dir": "/mod/example.com/rope@v1.2.3/knot",
 "Module": {"Path": "example.com/rope", "Version": "v1.2.3", "Dir": "/mod/example.com/rope@v1.2.3", "Sum": "h1:x"}}
{"ImportPath": "example.com/flag/set", "Dir": "/tree/vendor/example.com/flag/set",
 "Module": {"Path": "example.com/flag", "Version": "v1.0.0"}}
{"ImportPath": "example.org/ship/vendor/example.com/old", "Dir": "/tree/vendor/example.com/old"}
`
	want := []Package{
		{"example.org/ship/cmd", "/tree/cmd", "example.org/ship", "/tree", ""},
		{"example.org/hull/keel", "/tree/staging/hull/keel", "example.org/hull", "/tree/staging/hull", ""},
		{"example.com/rope/knot", "/mod/example.com/rope@v1.2.3/knot", "example.com/rope@v1.2.3",
			"/mod/example.com/rope@v1.2.3", "h1:x"},
		{"example.com/flag/set", "/tree/vendor/example.com/flag/set", "example.com/flag@v1.0.0",
			"/tree/vendor/example.com/flag", ""},
		{"example.org/ship/vendor/example.com/old", "/tree/vendor/example.com/old", "", "/tree", ""},
	}
	got, err := listed(strings.NewReader(printed), "/tree")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v, want\n%+v", got, err, want)
	}
	if _, err := listed(strings.NewReader(printed+"{"), "/tree"); err == nil {
		t.Error("a list that is cut is read")
	}
}

func TestFileProxy(t *testing.T) {
	for dir, want := range map[string]string{
		"/home/mate/go/pkg/mod/cache/download": "file:///home/mate/go/pkg/mod/cache/download",
		"/a, longer|näme/mod":                  "file:///a%2C%20longer%7Cn%C3%A4me/mod",
	} {
		if got := fileProxy(dir); got != want {
			t.Errorf("%s is %s, want %s", dir, got, want)
		}
	}
}
