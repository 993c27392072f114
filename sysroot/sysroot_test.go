package sysroot

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
)

// listing returns the paths of a tree, with what links point to.
func listing(t *testing.T, dir filetree.Dir) string {
	t.Helper()
	var out []string
	for _, e := range dir.Tree {
		text := e.Path
		if e.Mode == filetree.Link {
			target, err := dir.ReadFile(e.Path)
			if err != nil {
				t.Fatal(err)
			}
			text += " > " + string(target)
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func TestFolder(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"only what compilers read", map[string]string{"etc/shadow": "x", "usr/bin/cc": "x", "usr/share/doc/a": "x",
			"usr/include/stdlib.h": "x", "usr/lib/a/crt1.o": "x", "lib64/ld.so": "x", "usr/local/include/a.h": "x",
			"usr/share/pkgconfig/a.pc": "x", "usr/libexec/a": "x", "usr/lib32/a": "x"},
			"lib64/ld.so\nusr/include/stdlib.h\nusr/lib/a/crt1.o\nusr/lib32/a\nusr/local/include/a.h\nusr/share/pkgconfig/a.pc"},
		{"a merged usr", map[string]string{"lib": ">usr/lib", "usr/lib/a.so": "x"}, "lib > usr/lib\nusr/lib/a.so"},
		{"links that lead to the machine", map[string]string{"lib/x/libm.so.6": "x", "usr/lib/x/libm.so": ">/lib/x/libm.so.6",
			"usr/lib/x/a": ">../../../../../lib/a", "lib64": ">/usr/lib64"},
			"lib/x/libm.so.6\nlib64 > usr/lib64\nusr/lib/x/a > ../../../lib/a\nusr/lib/x/libm.so > ../../../lib/x/libm.so.6"},
		{"links that stay", map[string]string{"usr/lib/x/libm.so": ">libm.so.6", "usr/lib/x/a": ">../../../lib/a"},
			"usr/lib/x/a > ../../../lib/a\nusr/lib/x/libm.so > libm.so.6"},
		{"no usr", map[string]string{"include/stdlib.h": "x", "lib/crt1.o": "x"}, "include/stdlib.h\nlib/crt1.o"},
	} {
		dir := testkit.Lay(t, c.files)
		source, err := Folder(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		laid, err := source.Lay(t.Context(), Folders{}, filepath.Join(t.TempDir(), "root"))
		if err != nil {
			t.Fatal(err)
		}
		if got := listing(t, laid); got != c.want {
			t.Errorf("%s: the sysroot has\n%s\nwant\n%s", c.name, got, c.want)
		}
		if err := laid.Verify(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		again, err := Folder(t.Context(), dir, nil)
		if err != nil || again.Folder != source.Folder {
			t.Errorf("%s: read again, it is %s, %v, want %s", c.name, again.Folder, err, source.Folder)
		}
	}
}

func TestFolderRefuses(t *testing.T) {
	dir := testkit.Lay(t, map[string]string{"README": "x", "lib/a": "x"})
	if err := os.RemoveAll(filepath.Join(dir, "lib")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		dir:                          dir + " is not a sysroot: it has neither usr/include nor usr/lib",
		filepath.Join(dir, "none"):   "no such file or directory",
		filepath.Join(dir, "README"): " is not a sysroot",
	} {
		_, err := Folder(t.Context(), name, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// TestFolderThatChanges holds that a file that was changed after it was read is in no
// sysroot.
func TestFolderThatChanges(t *testing.T) {
	dir := testkit.Lay(t, map[string]string{"usr/include/stdlib.h": "x"})
	source, err := Folder(t.Context(), dir, nil)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "usr/include/stdlib.h"), []byte("y"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = source.Lay(t.Context(), Folders{}, filepath.Join(t.TempDir(), "root"))
	if err == nil || !strings.Contains(err.Error(), dir+" was changed while it was read: run this again") {
		t.Errorf("got %v", err)
	}
}

func TestUnpacked(t *testing.T) {
	file := func(name, text string) debbase.Entry {
		return debbase.Entry{Path: name, Mode: 0o644, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}}
	}
	changes, err := unpacked(debbase.Layer{Entries: []debbase.Entry{
		{Path: "lib", Kind: debbase.Link, Target: "usr/lib"}, {Path: "usr", Kind: debbase.Folder},
		file("usr/bin/a", "a"), file("usr/include/a.h", "h"),
		{Path: "usr/lib/libm.so", Kind: debbase.Link, Target: "/lib/libm.so.6"},
		{Path: "usr/lib/hard", Kind: debbase.HardLink, Target: "usr/bin/a"}, file("usr/share/doc/a", "doc"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	dir := filetree.Dir{Path: filepath.Join(t.TempDir(), "root")}
	if dir, err = dir.Update(t.Context(), filetree.Dir{}, changes); err != nil {
		t.Fatal(err)
	}
	const want = "lib > usr/lib\nusr/include/a.h\nusr/lib/hard\nusr/lib/libm.so > ../../lib/libm.so.6"
	if got := listing(t, dir); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if text, err := dir.ReadFile("usr/lib/hard"); string(text) != "a" || err != nil {
		t.Errorf("the hard link holds %q, %v", text, err)
	}
}
