package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// head is an entry of a tar archive whose name says what is in it.
func head(name string, kind byte, link string) tar.Header {
	h := tar.Header{Name: name, Typeflag: kind, Linkname: link, Mode: 0o644, ModTime: time.Unix(1700000000, 0)}
	if kind == tar.TypeReg {
		h.Size = int64(len(name))
	}
	return h
}

// tarball writes the entries as name.tar.gz in a folder of the test's.
func tarball(t *testing.T, heads ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range heads {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(h.Name)[:h.Size]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return stored(t, "ship.tar.gz", b.Bytes())
}

func stored(t *testing.T, name string, data []byte) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(at, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return at
}

func unpacked(t *testing.T, name string, strip int, most limit) (Tree, string, error) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	format, ok := formatOf(name)
	if !ok {
		t.Fatalf("%s has no format", name)
	}
	dst := filepath.Join(t.TempDir(), "tree")
	tree, err := unpack(t.Context(), archive{file, format, strip, most}, dst)
	return tree, dst, err
}

func TestUnpack(t *testing.T) {
	folder := head("ship/", tar.TypeDir, "")
	run := head("ship/bin/run", tar.TypeReg, "")
	run.Mode, run.ModTime = 0o4755, time.Unix(1700000009, 5)
	comment := tar.Header{Name: "pax_global_header", Typeflag: tar.TypeXGlobalHeader,
		PAXRecords: map[string]string{"comment": "of git"}}
	name := tarball(t, comment, folder, head("ship/a", tar.TypeReg, ""), run,
		head("ship/hard", tar.TypeLink, "ship/a"), head("ship/bin/soft", tar.TypeSymlink, "../a"))
	tree, dst, err := unpacked(t, name, 1, limits())
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Unix(1700000009, 0).UTC(); !tree.Time.Equal(want) {
		t.Errorf("its time is %s, want %s", tree.Time, want)
	}
	var got []string
	for _, e := range tree.Tree {
		data, err := tree.ReadFile(e.Path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(e.Mode)+" "+e.Path+" "+string(data))
	}
	want := "100644 a ship/a|100755 bin/run ship/bin/run|120000 bin/soft ../a|100644 hard ship/a"
	if strings.Join(got, "|") != want {
		t.Errorf("it holds %q, want %s", got, want)
	}
	if err := tree.Verify(t.Context(), nil); err != nil {
		t.Errorf("%s is not the tree that it is said to be: %v", dst, err)
	}
}

// TestUnpackRefusesWhole has archives of which nothing may stay, whatever came before the fault.
func TestUnpackRefusesWhole(t *testing.T) {
	good := head("ship/a", tar.TypeReg, "")
	for _, c := range []struct {
		name  string
		heads []tar.Header
		want  string
	}{
		{"an absolute name", []tar.Header{good, head("/etc/passwd", tar.TypeReg, "")}, `"/etc/passwd" is outside the tree`},
		{"a way up", []tar.Header{good, head("ship/../../x", tar.TypeReg, "")}, `"ship/../../x" is outside the tree`},
		{"a folder up", []tar.Header{good, head("../", tar.TypeDir, "")}, `"../" is outside the tree`},
		{"a backslash", []tar.Header{good, head(`ship\..\x`, tar.TypeReg, "")}, "is outside the tree"},
		{"a repository", []tar.Header{good, head("ship/.GIT/config", tar.TypeReg, "")}, "is in a .git folder"},
		{"a name twice", []tar.Header{good, good}, "ship/a is in the archive twice"},
		{"a file and a link of one name", []tar.Header{good, head("ship/a", tar.TypeSymlink, "b")},
			"ship/a is in the archive twice"},
		{"a link out", []tar.Header{good, head("ship/l", tar.TypeSymlink, "../../x")}, "outside the tree"},
		{"an absolute link", []tar.Header{good, head("ship/l", tar.TypeSymlink, "/etc")}, "not a relative name"},
		{"a file below a link", []tar.Header{good, head("ship/l", tar.TypeSymlink, "."), head("ship/l/x", tar.TypeReg, "")},
			"ship/l"},
		{"a file below a file", []tar.Header{good, head("ship/a/x", tar.TypeReg, "")}, "below"},
		{"a hard link out", []tar.Header{good, head("ship/l", tar.TypeLink, "/etc/passwd")},
			`not a file before it in the archive`},
		{"a hard link to a link", []tar.Header{good, head("ship/s", tar.TypeSymlink, "a"),
			head("ship/l", tar.TypeLink, "ship/s")}, "not a file before it"},
		{"a device", []tar.Header{good, head("ship/null", tar.TypeChar, "")}, "ship/null is a device"},
		{"a pipe", []tar.Header{good, head("ship/pipe", tar.TypeFifo, "")}, "ship/pipe is a named pipe"},
		{"nothing", nil, "it contains no files"},
	} {
		_, dst, err := unpacked(t, tarball(t, c.heads...), 0, limits())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: unpack() = %v, want %q", c.name, err, c.want)
		}
		if _, err := os.Lstat(dst); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something stays in %s", c.name, dst)
		}
	}
}

func TestUnpackLimits(t *testing.T) {
	name := tarball(t, head("ship/a", tar.TypeReg, ""), head("ship/b", tar.TypeReg, ""))
	for want, most := range map[string]limit{
		"too large for a source tree": {bytes: 11, files: 2}, "too many files for a source tree": {bytes: 12, files: 1},
	} {
		if _, _, err := unpacked(t, name, 0, most); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("unpack() within %v = %v, want %q", most, err, want)
		}
	}
	if _, _, err := unpacked(t, name, 0, limit{bytes: 12, files: 2}); err != nil {
		t.Errorf("unpack() of just what is allowed = %v", err)
	}
	if _, _, err := unpacked(t, name, 2, limits()); err == nil ||
		!strings.Contains(err.Error(), "ship/a has fewer than the 2 leading folders") {
		t.Errorf("unpack() with too much to strip = %v", err)
	}
}

func TestUnpackZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"ship/", "ship/a"} {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(1700000000, 0)}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if _, err := f.Write([]byte("aye")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tree, _, err := unpacked(t, stored(t, "ship.zip", b.Bytes()), 1, limits())
	if err != nil || len(tree.Tree) != 1 || tree.Tree[0].Path != "a" || tree.Tree[0].Size != 3 {
		t.Errorf("unpack() = %v, %v", tree.Tree, err)
	}
}

func TestUnpackDamaged(t *testing.T) {
	name := tarball(t, head("ship/a", tar.TypeReg, ""), head("ship/b", tar.TypeReg, ""))
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 5, len(data) / 2} {
		_, dst, err := unpacked(t, stored(t, "ship.tar.gz", data[:n]), 0, limits())
		if err == nil {
			t.Errorf("unpack() takes an archive cut at byte %d of %d", n, len(data))
		}
		if _, err := os.Lstat(dst); err == nil {
			t.Errorf("of an archive cut at byte %d something stays", n)
		}
	}
}

// FuzzUnpack holds that nothing is ever written beside the tree.
func FuzzUnpack(f *testing.F) {
	f.Add("ship/a", "ship/l", "../../x", byte(tar.TypeSymlink))
	f.Add("a", "../b", "", byte(tar.TypeReg))
	f.Fuzz(func(t *testing.T, a, b, link string, kind byte) {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		for _, h := range []tar.Header{{Name: a, Typeflag: tar.TypeReg, Mode: 0o644},
			{Name: b, Typeflag: kind, Linkname: link, Mode: 0o644}, {Name: b + "/x", Typeflag: tar.TypeReg, Mode: 0o644}} {
			if w.WriteHeader(&h) != nil {
				return
			}
		}
		if w.Close() != nil {
			return
		}
		var z bytes.Buffer
		zw := gzip.NewWriter(&z)
		if _, err := zw.Write(buf.Bytes()); err != nil || zw.Close() != nil {
			return
		}
		_, dst, _ := unpacked(t, stored(t, "x.tar.gz", z.Bytes()), 0, limits())
		entries, err := os.ReadDir(filepath.Dir(dst))
		if err != nil || len(entries) > 1 || len(entries) == 1 && entries[0].Name() != "tree" {
			t.Errorf("beside the tree lies %v (%v)", entries, err)
		}
	})
}
