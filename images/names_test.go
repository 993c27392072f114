package images

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// long returns a path of n bytes that begins with a slash, in parts of at most 90.
func long(n int) string {
	part := "/" + strings.Repeat("l", 89)
	return strings.Repeat(part, n/len(part)+1)[:n-1] + "x"
}

// odd are files with names, targets and numbers at the limits of USTAR, and beyond.
func odd() []File {
	files := []File{
		{Path: "/usr/share/ca/mozilla/NetLock_Arany_=Class_Gold=_Főtanúsítvány.crt", Data: []byte("á")},
		{Path: "/usr/share/ü", Folder: true},
		{Path: "/usr/share/ü/ü", Target: "../ß"},
		{Path: "/usr/share/latin-1/\xfc"},
		{Path: `/lib/systemd/system-systemd\x2dcryptsetup.slice`},
		{Path: "/usr/share/two words"},
		{Path: "/one part/" + strings.Repeat("p", 100)},
		{Path: "/one part/" + strings.Repeat("q", 101), Mode: 0o755, Bind: true, Data: []byte("program")},
		{Path: "/one part/" + strings.Repeat("r", 255)},
		{Path: "/one part/" + strings.Repeat("ö", 127)},
		{Path: "/dir" + strings.Repeat("d", 152) + "/file"},
		{Path: "/dir" + strings.Repeat("e", 153) + "/file"},
		{Path: "/owner", UID: 1<<21 - 1, GID: 1<<21 - 1},
		{Path: "/owner-beyond", UID: 1 << 21, GID: 1 << 30},
	}
	for _, n := range []int{99, 100, 101, 155, 156, 157, 254, 255, 256, 257, 258, 1000} {
		at := fmt.Sprintf("/n%d", n)
		files = append(files,
			File{Path: at + long(n-len(at)+1), Data: []byte("x")},
			File{Path: fmt.Sprintf("/soft%d", n), Target: long(n + 1)[1:]},
			File{Path: fmt.Sprintf("/z/hard%d", n), Target: at + long(n-len(at)+1), Hard: true},
			File{Path: fmt.Sprintf("/f%d", n) + long(n), Folder: true})
	}
	return files
}

// read lists the entries of a tar as files with their content; dirs that only hold others are
// among them.
func read(t *testing.T, r io.Reader) map[string]File {
	t.Helper()
	out := map[string]File{}
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		f := File{
			Path: path.Join("/", h.Name), Mode: h.Mode, UID: h.Uid, GID: h.Gid, Folder: h.Typeflag == tar.TypeDir,
			Target: h.Linkname, Hard: h.Typeflag == tar.TypeLink, Data: data,
			Bind: h.PAXRecords["SCHILY.xattr.security.capability"] != "",
		}
		if f.Hard {
			f.Target = "/" + f.Target
		}
		out[f.Path] = f
	}
}

// same reports whether an entry is what a file makes.
func same(entry, f File) bool {
	return entry.Path == f.Path && entry.UID == f.UID && entry.GID == f.GID && entry.Folder == f.Folder &&
		entry.Target == f.Target && entry.Hard == f.Hard && entry.Bind == f.Bind && bytes.Equal(entry.Data, f.Data)
}

// TestNames holds that a layer has any name, target and owner.
func TestNames(t *testing.T) {
	for _, compression := range compressions {
		r, err := write(t, odd(), compression).Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, r)
		r.Close()
		for _, f := range odd() {
			if e, ok := got[f.Path]; !ok || !same(e, f) {
				t.Errorf("%s: %q is %+v, want %+v", compression, f.Path, e, f)
			}
		}
	}
}

// TestOnlyUSTAR holds that what USTAR can hold is in the bytes of USTAR alone, and which
// files need more.
func TestOnlyUSTAR(t *testing.T) {
	write := func(f File, format tar.Format) ([]byte, error) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h := f.header(date)
		if format == tar.FormatUSTAR {
			h.Format = format
		}
		h.Size = f.Size
		err := w.WriteHeader(h)
		return b.Bytes(), err
	}
	files := append(odd(), File{Path: "/size", Size: 1<<33 - 1}, File{Path: "/size-beyond", Size: 1 << 33})
	var beyond []string
	for _, f := range files {
		got, err := write(f, tar.FormatPAX)
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
		want, err := write(f, tar.FormatUSTAR)
		if err != nil {
			beyond = append(beyond, f.Path)
			if len(got) < 157 || got[156] != tar.TypeXHeader {
				t.Errorf("%s has no PAX header", f.Path)
			}
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s has other bytes than USTAR", f.Path)
		}
	}
	for path, want := range map[string]bool{
		"/usr/share/two words": false, "/usr/share/ü": true, "/owner": false, "/owner-beyond": true, "/size": false,
		"/size-beyond": true, "/soft100": false, "/soft101": true, "/z/hard100": false, "/z/hard101": true,
		"/one part/" + strings.Repeat("p", 100): false, "/one part/" + strings.Repeat("q", 101): true,
	} {
		if got := slices.Contains(beyond, path); got != want {
			t.Errorf("%q is beyond USTAR: %t, want %t", path, got, want)
		}
	}
}

// TestNamesForTar has GNU tar unpack a layer, in two locales.
func TestNamesForTar(t *testing.T) {
	testkit.Need(t, "tar")
	files := odd()
	layer := filepath.Join(t.TempDir(), "layer.tar")
	r, err := write(t, files, "gzip").Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err == nil {
		err = os.WriteFile(layer, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, locale := range []string{"C", "C.UTF-8"} {
		root := t.TempDir()
		cmd := exec.Command("tar", "-xf", layer, "--no-same-owner", "-C", root)
		cmd.Env = append(os.Environ(), "LC_ALL="+locale)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", locale, err, out)
		}
		for _, f := range files {
			if err := unpacked(root, f); err != nil {
				t.Errorf("%s: %v", locale, err)
			}
		}
	}
}

// unpacked returns how what is below root differs from a file of its layer.
func unpacked(root string, f File) error {
	at := filepath.Join(root, f.Path)
	info, err := os.Lstat(at)
	if err != nil {
		return err
	}
	wrong := ""
	switch {
	case f.Hard:
		var other os.FileInfo
		if other, err = os.Stat(filepath.Join(root, f.Target)); err == nil && !os.SameFile(info, other) {
			wrong = "is not a name of " + f.Target
		}
	case f.Target != "":
		var target string
		if target, err = os.Readlink(at); target != f.Target {
			wrong = fmt.Sprintf("leads to %q, want %q", target, f.Target)
		}
	case !f.Folder:
		var data []byte
		if data, err = os.ReadFile(at); !bytes.Equal(data, f.Data) {
			wrong = fmt.Sprintf("has %q, want %q", data, f.Data)
		}
	}
	if err == nil && wrong != "" {
		err = fmt.Errorf("%s %s", f.Path, wrong)
	}
	return err
}

// FuzzNames writes a file and a link of any name, and reads them.
func FuzzNames(f *testing.F) {
	for _, file := range odd() {
		f.Add(file.Path, file.Target, file.UID)
	}
	f.Fuzz(func(t *testing.T, name, target string, uid int) {
		name = path.Join("/", name)
		if name == "/" || name == "/link" || target == "" || strings.Contains(name+target, "\x00") || uid < 0 {
			t.Skip()
		}
		files := []File{{Path: name, UID: uid, Data: []byte("x")}, {Path: "/link", Target: target}}
		if strings.HasPrefix(name, "/link/") {
			files = files[:1]
		}
		r, err := write(t, files, "gzip").Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := read(t, r)
		for _, f := range files {
			if !same(got[f.Path], f) {
				t.Errorf("%q is %+v, want %+v", f.Path, got[f.Path], f)
			}
		}
	})
}
