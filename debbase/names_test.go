package debbase

import (
	"archive/tar"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// oddNames are names that Debian's packages have, or may have, below usr/share/a.
func oddNames() []string {
	part := strings.Repeat("n", 120)
	return []string{
		"NetLock_Arany_=Class_Gold=_Főtanúsítvány.crt", `system-systemd\x2dcryptsetup.slice`, "two words", "a:b", "-dash",
		"...", "..dots", "latin-1-\xfc", strings.Repeat("p", 100), strings.Repeat("q", 101), strings.Repeat("r", 255),
		part + "/" + part + "/" + part + "/" + strings.Repeat("ö", 100),
	}
}

// TestNames unpacks files of odd names, and links to them.
func TestNames(t *testing.T) {
	var entries []tar.Header
	var want []string
	for _, name := range oddNames() {
		at, link, hard := "usr/share/a/"+name, "usr/share/s/"+name, "usr/share/z/"+name
		owned := file("./"+at, "x", 0o644)
		owned.Uid, owned.Gid = 1<<21, 1<<30
		entries = append(entries, owned, tar.Header{Typeflag: tar.TypeSymlink, Name: "./" + link, Linkname: "../a/" + name},
			tar.Header{Typeflag: tar.TypeLink, Name: "./" + hard, Linkname: "./" + at})
		want = append(want, "-rw-r--r-- 2097152:1073741824 "+at+` "x"`, "-rwxrwxrwx 0:0 "+link+" -> ../a/"+name,
			"-rw-r--r-- 2097152:1073741824 "+hard+" = "+at)
	}
	dir := t.TempDir()
	pins := put(t, dir, map[string][]byte{"a": debOf(t, "a", "", "", entries...)})
	layer, err := Unpack(t.Context(), pins, dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(listing(t, layer.Entries), "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("the layer does not have\n%s", line)
		}
	}
}

// TestNamesOfDpkg unpacks a package that dpkg-deb made, and compares the names with those
// that dpkg-deb unpacks.
func TestNamesOfDpkg(t *testing.T) {
	testkit.Need(t, "dpkg-deb")
	root, dir := filepath.Join(t.TempDir(), "root"), t.TempDir()
	control := "Package: a\nVersion: 1.0\nArchitecture: amd64\nMaintainer: Mate <mate@example.org>\nDescription: odd\n"
	files := map[string]string{"DEBIAN/control": control}
	for _, name := range oddNames() {
		files["usr/share/a/"+name] = name
	}
	for name, data := range files {
		at := filepath.Join(root, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(data), 0o644))
		if name != "DEBIAN/control" {
			to := strings.Repeat("../", strings.Count(name, "/")) + name
			link := filepath.Join(root, "usr/share/s"+strings.TrimPrefix(name, "usr/share/a"))
			err = errors.Join(err, os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(to, link))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	made, again := filepath.Join(dir, "a.deb"), filepath.Join(dir, "again")
	for _, args := range [][]string{{"--root-owner-group", "-b", root, made}, {"-x", made, again}} {
		if out, err := exec.Command("dpkg-deb", args...).CombinedOutput(); err != nil {
			t.Fatalf("dpkg-deb %s: %v\n%s", args[0], err, out)
		}
	}
	data, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := Unpack(t.Context(), put(t, dir, map[string][]byte{"a": data}), dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := below(layer.Entries), walk(t, filepath.Join(again, "usr/share")); !slices.Equal(got, want) {
		t.Errorf("the layer has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// below returns the entries in usr/share, as walk does.
func below(entries []Entry) []string {
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Path, "usr/share/"); ok {
			out = append(out, name+" -> "+e.Target)
		}
	}
	slices.Sort(out)
	return out
}

// walk lists what is below a dir, with the targets of links.
func walk(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(at string, _ fs.DirEntry, err error) error {
		if err != nil || at == dir {
			return err
		}
		target, _ := os.Readlink(at)
		out = append(out, strings.TrimPrefix(at, dir+"/")+" -> "+target)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
