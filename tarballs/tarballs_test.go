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
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
)

var date = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// lay lays a small tree in a folder of its own.
func lay(t *testing.T) filetree.Dir {
	t.Helper()
	dir := t.TempDir()
	long := "deep/" + strings.Repeat("folder/", 40) + "file"
	for name, content := range map[string]string{"a": "aye", "bin/run": "#!/bin/sh\n", long: "far down", "empty": ""} {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	big := bytes.Repeat([]byte("many hands make light work\n"), 100_000)
	if err := errors.Join(os.Chmod(filepath.Join(dir, "bin/run"), 0o755), os.Symlink("../a", filepath.Join(dir, "bin/link")),
		os.WriteFile(filepath.Join(dir, "big"), big, 0o600)); err != nil {
		t.Fatal(err)
	}
	d, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWrite(t *testing.T) {
	tree := lay(t)
	name := filepath.Join(t.TempDir(), "ship.tar.gz")
	if err := Write(t.Context(), name, "ship-1.4.1", tree, date); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	var names []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(date) {
			t.Errorf("%s is %d:%d %q:%q of %s", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
		modes[h.Name] = h.Mode
		names = append(names, h.Name)
		if e, ok := tree.Tree.Lookup(strings.TrimPrefix(h.Name, "ship-1.4.1/")); ok && h.Typeflag == tar.TypeReg {
			want, err := tree.ReadFile(e.Path)
			got, rerr := io.ReadAll(r)
			if errors.Join(err, rerr) != nil || !bytes.Equal(got, want) {
				t.Errorf("%s holds other bytes (%v, %v)", h.Name, err, rerr)
			}
		}
		if h.Typeflag == tar.TypeSymlink && h.Linkname != "../a" {
			t.Errorf("%s leads to %s", h.Name, h.Linkname)
		}
	}
	for name, want := range map[string]int64{"ship-1.4.1/": 0o755, "ship-1.4.1/a": 0o644, "ship-1.4.1/big": 0o644, "ship-1.4.1/bin/": 0o755, "ship-1.4.1/bin/run": 0o755, "ship-1.4.1/bin/link": 0o777} {
		if got, ok := modes[name]; !ok || got != want {
			t.Errorf("%s has mode %o (%v), want %o", name, got, ok, want)
		}
	}
	if names[0] != "ship-1.4.1/" || !slices.Contains(names, "ship-1.4.1/empty") {
		t.Errorf("it holds %q", names)
	}
}

// TestWriteIsTheSameEverywhere has the same tree in two folders, with one processor and with all.
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

func TestWriteLeavesNothingHalf(t *testing.T) {
	tree := lay(t)
	dir := t.TempDir()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := Write(ended, filepath.Join(dir, "ship.tar.xz"), "ship", tree, date); err == nil {
		t.Error("Write() goes on when it is told to end")
	}
	if err := os.Remove(filepath.Join(tree.Path, "a")); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), filepath.Join(dir, "ship.tar.gz"), "ship", tree, date); err == nil {
		t.Error("Write() makes a tarball of a tree with a file less")
	}
	if err := Write(t.Context(), filepath.Join(dir, "ship.rar"), "ship", tree, date); err == nil || !strings.Contains(err.Error(), "ends in .tar.gz or .tar.xz") {
		t.Errorf("Write() of a .rar = %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("what stays is %v (%v)", entries, err)
	}
}
