package series

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// put writes files by their paths below dir.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// contents returns the files below dir by their paths; none if it does not exist.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		out[path] = string(data)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func TestRevisionWrite(t *testing.T) {
	type files = map[string]string
	const yaml, series, a, b = "fork.yaml", "patches/series", "patches/a.patch", "patches/sub/b.patch"
	two := files{yaml: "version: 1\n", series: "# first\na.patch\nsub/b.patch -p0\n", a: "a.patch", b: "sub/b.patch"}
	strip0 := patches.Patch{Name: "sub/b.patch", Strip: 0, Data: []byte("sub/b.patch")}
	for name, c := range map[string]struct {
		there    files
		before   []patches.Patch
		revision revision
		want     files
	}{
		"nothing changed": {
			there: two, before: list("a.patch", "sub/b.patch"),
			revision: revision{files: []patches.Patch{list("a.patch")[0], strip0}}, want: two,
		},
		"a new file, in a new folder": {
			there: files{yaml: "version: 1\n", series: "a.patch\n", a: "a.patch"}, before: list("a.patch"),
			revision: revision{files: []patches.Patch{list("a.patch")[0], strip0}},
			want:     files{yaml: "version: 1\n", series: "a.patch\nsub/b.patch -p0\n", a: "a.patch", b: "sub/b.patch"},
		},
		"the first file of a fork": {
			there: files{yaml: "version: 1\n"}, revision: revision{files: list("a.patch")},
			want: files{yaml: "version: 1\n", series: "a.patch\n", a: "a.patch"},
		},
		"other content": {
			there: files{yaml: "version: 1\n", series: "a.patch\n", a: "old"}, before: list("a.patch"),
			revision: revision{files: list("a.patch")},
			want:     files{yaml: "version: 1\n", series: "a.patch\n", a: "a.patch"},
		},
		"a file gone, the comments of the rest kept": {
			there: two, before: list("a.patch", "sub/b.patch"), revision: revision{files: list("a.patch")},
			want: files{yaml: "version: 1\n", series: "# first\na.patch\n", a: "a.patch"},
		},
		"all gone": {
			there:  files{yaml: "version: 1\n", series: "a.patch\n# the end\n", a: "a.patch"},
			before: list("a.patch"), want: files{yaml: "version: 1\n", series: "# the end\n"},
		},
		"no series before and after": {there: files{yaml: "version: 1\n"}, want: files{yaml: "version: 1\n"}},
		"a file that the series does not name stays": {
			there:    files{yaml: "version: 1\n", "patches/notes.txt": "x", "README.md": "y"},
			revision: revision{files: list("a.patch")},
			want: files{
				yaml: "version: 1\n", series: "a.patch\n", a: "a.patch", "patches/notes.txt": "x", "README.md": "y",
			},
		},
		"edits of fork.yaml, one after the other": {
			there: files{yaml: "version: 1\n"},
			revision: revision{edits: []func([]byte) ([]byte, error){
				setField("version", "2"), func(data []byte) ([]byte, error) { return append(data, "# "+string(data)...), nil },
			}},
			want: files{yaml: "version: 2\n# version: 2\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, c.there)
			if err := c.revision.write(dir, c.before); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, dir); !maps.Equal(got, c.want) {
				t.Errorf("the fork is\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

func TestRevisionWriteFails(t *testing.T) {
	dir := t.TempDir()
	if err := (revision{}).write(dir, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a fork.yaml, the error is %v", err)
	}
	put(t, dir, map[string]string{"fork.yaml": "version: 1\n"})
	bad := errors.New("no such field")
	fails := func([]byte) ([]byte, error) { return nil, bad }
	err := revision{edits: []func([]byte) ([]byte, error){fails}}.write(dir, nil)
	says(t, err, "fork.yaml: no such field")
	if err := (revision{}).write(dir, list("a.patch")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where a patch cannot be removed, the error is %v", err)
	}
}

func TestMoveTo(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		to   source.Upstream
		want string
	}{
		"a module": {
			yaml: "version: 1.4.1+a\nupstream:\n  module: example.org/ship@v1.4.1\n",
			to:   source.Upstream{Module: "example.org/ship@v1.4.2"},
			want: "version: 1.4.2+a\nupstream:\n  module: example.org/ship@v1.4.2\n",
		},
		"a module, whose commit is not known then": {
			yaml: "version: 1.4.1+a\nupstream:\n  module: example.org/ship@v1.4.1\n  commit: " + commitA + "\n",
			to:   source.Upstream{Module: "example.org/ship@v1.4.2"},
			want: "version: 1.4.2+a\nupstream:\n  module: example.org/ship@v1.4.2\n",
		},
		"a tag": {
			yaml: "version: 1.4.1+a\nupstream:\n  git: ../ship\n  commit: " + commitA + "\n  tag: v1.4.1\n",
			to:   source.Upstream{Git: "../ship", Commit: commitB, Tag: "v1.4.2"},
			want: "version: 1.4.2+a\nupstream:\n  git: ../ship\n  commit: " + commitB + "\n  tag: v1.4.2\n",
		},
		"a tag where there was none": {
			yaml: "version: 1.4.1+a\nupstream:\n  git: ../ship\n  commit: " + commitA + "\n",
			to:   source.Upstream{Git: "../ship", Commit: commitB, Tag: "v1.4.2"},
			want: "version: 1.4.2+a\nupstream:\n  git: ../ship\n  commit: " + commitB + "\n  tag: v1.4.2\n",
		},
		"a commit, and no tag any more": {
			yaml: "version: 1.4.1+a\nupstream:\n  git: ../ship # ours\n  commit: " + commitA + "\n  tag: v1.4.1\n",
			to:   source.Upstream{Git: "../ship", Commit: commitB},
			want: "version: 1.4.2+a\nupstream:\n  git: ../ship # ours\n  commit: " + commitB + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := edit(t, c.yaml, moveTo(c.to, "1.4.2+a")); got != c.want {
				t.Errorf("fork.yaml is\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
