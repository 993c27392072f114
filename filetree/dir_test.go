package filetree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A file is one of a folder that a test lays out.
type file struct {
	path    string
	mode    Mode
	content string
}

// lay writes files into a new folder and describes it.
func lay(t *testing.T, files ...file) Dir {
	t.Helper()
	return scan(t, put(t, t.TempDir(), files...))
}

// put writes files below dir, and returns dir.
func put(t *testing.T, dir string, files ...file) string {
	t.Helper()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := write(name, Change{Mode: f.mode, Content: []byte(f.content)}); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func scan(t *testing.T, dir string) Dir {
	t.Helper()
	d, err := Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// contents maps each path of the tree to its mode and bytes, read from the folder.
func contents(t *testing.T, d Dir) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, e := range scan(t, d.Path).Tree {
		data, err := d.ReadFile(e.Path)
		if err != nil {
			t.Fatal(err)
		}
		found[e.Path] = string(e.Mode) + " " + string(data)
	}
	return found
}

func TestScan(t *testing.T) {
	d := lay(t,
		file{"zz", Regular, ""},
		file{"bin/captain", Executable, "aye"},
		file{"bin-old", Regular, "old"},
		file{"mate", Link, "bin/captain"},
		file{"lost", Link, "../../nowhere"},
		file{"into", Link, "bin"},
		file{" odd\r\tname ", Regular, "odd"})
	if err := os.MkdirAll(filepath.Join(d.Path, "empty", "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := Tree{
		entry(" odd\r\tname ", Regular, "odd"),
		entry("bin-old", Regular, "old"),
		entry("bin/captain", Executable, "aye"),
		entry("into", Link, "bin"), // a link to a folder is a link, and not gone into
		entry("lost", Link, "../../nowhere"),
		entry("mate", Link, "bin/captain"),
		entry("zz", Regular, ""),
	}
	if got := scan(t, d.Path); !slices.Equal(got.Tree, want) || got.Path != d.Path {
		t.Errorf("Scan() = %v, want %v", got.Tree, want)
	}
}

func TestScanKnowsTwoPermissions(t *testing.T) {
	d := lay(t, file{"f", Regular, "x"})
	for perm, want := range map[fs.FileMode]Mode{
		0o400: Regular, 0o644: Regular, 0o666: Regular,
		0o744: Executable, 0o654: Executable, 0o645: Executable, 0o755: Executable, 0o777: Executable,
	} {
		if err := os.Chmod(filepath.Join(d.Path, "f"), perm); err != nil {
			t.Fatal(err)
		}
		if got := scan(t, d.Path).Tree[0].Mode; got != want {
			t.Errorf("a file with permissions %o has mode %s, want %s", perm, got, want)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(dir string) error
		want string
	}{
		{"a pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644) },
			"pipe is neither a file nor a symbolic link"},
		{"a line break in a name", func(dir string) error { return os.WriteFile(filepath.Join(dir, "a\nb"), nil, 0o644) },
			"a file's name may not hold a line break"},
		{"a line break in a folder's name", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "a\nb"), 0o755),
				os.WriteFile(filepath.Join(dir, "a\nb", "c"), nil, 0o644))
		}, "a file's name may not hold a line break"},
		{"no folder", os.Remove, "no such file or directory"},
	} {
		dir := t.TempDir()
		if err := c.make(dir); err != nil {
			t.Fatal(err)
		}
		if d, err := Scan(t.Context(), dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Scan() = %v, %v, want an error that says %q", c.name, d, err, c.want)
		}
	}
}

func TestScanEnds(t *testing.T) {
	d := lay(t, file{"f", Regular, "x"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Scan(ctx, d.Path); !errors.Is(err, context.Canceled) {
		t.Errorf("Scan() in a context that has ended returns %v", err)
	}
}

func TestScanIsTheSameEverywhere(t *testing.T) {
	var files []file
	for _, name := range []string{"a", "a-b", "a0", "b/c/d", "b/c-d", "b/c.d", "c"} {
		files = append(files, file{"x/" + name, Regular, name}, file{"y" + name, Executable, name},
			file{"z" + name, Link, name})
	}
	want := lay(t, files...).Tree.Digest()
	slices.Reverse(files)
	there := lay(t, files...)
	for range 3 {
		if got := scan(t, there.Path).Tree.Digest(); got != want {
			t.Errorf("in another folder, written in another order, the tree is %s and not %s", got, want)
		}
	}
}

func TestReadFile(t *testing.T) {
	d := lay(t, file{"a/b", Regular, "content"}, file{"l", Link, "a/b"})
	for path, want := range map[string]string{"a/b": "content", "l": "a/b"} {
		if got, err := d.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("ReadFile(%q) = %q, %v, want %q", path, got, err, want)
		}
	}
	// A file that lies in the folder and is not of the tree is not there.
	put(t, d.Path, file{"stray", Regular, ""})
	for _, path := range []string{"absent", "a", "", "stray", "../" + filepath.Base(d.Path) + "/a/b"} {
		if got, err := d.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q) = %q, %v, want fs.ErrNotExist", path, got, err)
		}
	}
}

func TestVerify(t *testing.T) {
	files := []file{{"a", Regular, "1"}, {"b/c", Executable, "2"}, {"l", Link, "a"}}
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   []string
	}{
		{"nothing", func(string) error { return nil }, nil},
		{"an empty folder more", func(dir string) error { return os.Mkdir(filepath.Join(dir, "d"), 0o755) }, nil},
		{"a byte", func(dir string) error { return os.WriteFile(filepath.Join(dir, "a"), []byte("!"), 0o644) },
			[]string{"a"}},
		{"a mode", func(dir string) error { return os.Chmod(filepath.Join(dir, "b", "c"), 0o644) }, []string{"b/c"}},
		{"a link's target", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "l")), os.Symlink("b", filepath.Join(dir, "l")))
		}, []string{"l"}},
		{"files more and less", func(dir string) error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "b")), os.WriteFile(filepath.Join(dir, "z"), nil, 0o644))
		}, []string{"b/c", "z"}},
	} {
		d := lay(t, files...)
		if err := c.change(d.Path); err != nil {
			t.Fatal(err)
		}
		var changed *ChangedError
		switch err := d.Verify(t.Context(), nil); {
		case c.want == nil && err != nil:
			t.Errorf("%s: Verify() = %v", c.name, err)
		case c.want != nil && (!errors.As(err, &changed) || changed.Dir != d.Path || !slices.Equal(changed.Paths, c.want)):
			t.Errorf("%s: Verify() = %#v, want a *ChangedError of %q", c.name, err, c.want)
		}
	}
}

func TestChangedErrorSays(t *testing.T) {
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"a"}, "/tree was changed by something else: a (1 file)"},
		{[]string{"a", "b"}, "/tree was changed by something else: a (2 files)"},
	} {
		if got := (&ChangedError{"/tree", c.paths}).Error(); got != c.want {
			t.Errorf("the error says %q, want %q", got, c.want)
		}
	}
}
