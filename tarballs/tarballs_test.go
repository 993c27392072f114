package tarballs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
)

var date = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

var deep = "deep/" + strings.Repeat("folder/", 40) + "file" // longer than a plain header of tar holds

// lay writes a small tree to a new folder.
func lay(t *testing.T) filetree.Dir {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"a": "aye", "bin/run": "#!/bin/sh\n", deep: "far down", "empty": ""} {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	big := bytes.Repeat([]byte("many hands make light work\n"), 100_000)
	if err := errors.Join(
		os.Chmod(filepath.Join(dir, "bin/run"), 0o755),
		os.Symlink("../a", filepath.Join(dir, "bin/link")),
		os.WriteFile(filepath.Join(dir, "big"), big, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	d, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A member is one file of a tarball.
type member struct {
	header  *tar.Header
	content string
}

// read reads a tarball, in order.
func read(t *testing.T, name string) []member {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []member
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, member{h, string(data)})
	}
}

func TestWrite(t *testing.T) {
	tree := lay(t)
	for _, c := range []struct{ name, root, below string }{
		{"below a folder", "ship-1.4.1", "ship-1.4.1/"},
		{"below two folders", "ship/src", "ship/src/"},
		{"at the top", "", ""},
	} {
		name := filepath.Join(t.TempDir(), "ship.tar.gz")
		if err := Write(t.Context(), name, c.root, tree, date); err != nil {
			t.Fatal(err)
		}
		got := map[string]member{}
		for _, m := range read(t, name) {
			h := m.header
			if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(date) {
				t.Errorf("%s: %s is %d:%d %q:%q of %s", c.name, h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
			}
			if dir := path.Dir(path.Clean(h.Name)) + "/"; dir != "./" && got[dir].header == nil {
				t.Errorf("%s: %s comes before its folder", c.name, h.Name)
			}
			if got[h.Name].header != nil {
				t.Errorf("%s: %s is there twice", c.name, h.Name)
			}
			got[h.Name] = m
		}
		for _, want := range []struct {
			name    string
			mode    int64
			content string // the target of a link
		}{
			{"a", 0o644, "aye"},
			{"empty", 0o644, ""},
			{deep, 0o644, "far down"},
			{"big", 0o644, strings.Repeat("many hands make light work\n", 100_000)},
			{"bin/", 0o755, ""},
			{"bin/run", 0o755, "#!/bin/sh\n"},
			{"bin/link", 0o777, "../a"},
		} {
			m := got[c.below+want.name]
			if m.header == nil {
				t.Errorf("%s: %s is missing", c.name, want.name)
			} else if m.header.Mode != want.mode || m.content+m.header.Linkname != want.content {
				t.Errorf("%s: %s has mode %o and %.40q", c.name, want.name, m.header.Mode, m.content+m.header.Linkname)
			}
		}
		files, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*"))
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o644 || len(files) != 1 {
			t.Errorf("%s: the tarball has mode %s, %v, beside %q", c.name, info.Mode(), err, files)
		}
	}
}

// TestWriteIsTheSameEverywhere writes the same tree from two folders, with one
// processor and with many.
func TestWriteIsTheSameEverywhere(t *testing.T) {
	for _, suffix := range []string{".tar.gz", ".tar.xz"} {
		var made [][]byte
		for _, processors := range []int{1, runtime.NumCPU() + 2} {
			before := runtime.GOMAXPROCS(processors)
			name := filepath.Join(t.TempDir(), "ship"+suffix)
			err := Write(t.Context(), name, "ship", lay(t), date)
			runtime.GOMAXPROCS(before)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, data)
		}
		if !bytes.Equal(made[0], made[1]) {
			t.Errorf("%s: two tarballs of one tree differ", suffix)
		}
	}
}

func TestTarReadsIt(t *testing.T) {
	testkit.Need(t, "tar")
	testkit.Need(t, "xz")
	name := filepath.Join(t.TempDir(), "ship.tar.xz")
	if err := Write(t.Context(), name, "ship", lay(t), date); err != nil {
		t.Fatal(err)
	}
	dst := t.TempDir()
	if out, err := exec.Command("tar", "-xf", name, "-C", dst).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := filetree.Scan(t.Context(), filepath.Join(dst, "ship"))
	if err != nil || got.Tree.Digest() != lay(t).Tree.Digest() {
		t.Errorf("tar unpacks another tree (%v)", err)
	}
}

// TestWriteFails shows that Write leaves no file when it fails.
func TestWriteFails(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name, file string
		ctx        context.Context
		remove     string // from the tree
		want       string // part of the error, after DIR for the folder that is written to
	}{
		{"canceled", "ship.tar.xz", ended, "", "writing DIR/ship.tar.xz: "},
		{"a file that is gone", "ship.tar.gz", t.Context(), "a", "writing DIR/ship.tar.gz: "},
		{"a link that is gone", "ship.tar.gz", t.Context(), "bin/link", "bin/link: no such file"},
		{"another archive", "ship.rar", t.Context(), "", "DIR/ship.rar: want a name that ends in .tar.gz or .tar.xz"},
		{"no compression", "ship.tar", t.Context(), "", "DIR/ship.tar: want a name that ends in .tar.gz or .tar.xz"},
		{"no folder", "gone/ship.tar.gz", t.Context(), "", "DIR/gone/"},
	} {
		tree, dir := lay(t), t.TempDir()
		if c.remove != "" {
			if err := os.Remove(filepath.Join(tree.Path, c.remove)); err != nil {
				t.Fatal(err)
			}
		}
		err := Write(c.ctx, filepath.Join(dir, c.file), "ship", tree, date)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), dir, "DIR"), c.want) {
			t.Errorf("%s: Write() = %v, want %s", c.name, err, c.want)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%s: Write() leaves %v (%v)", c.name, entries, err)
		}
	}
}
