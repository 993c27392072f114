// Package contentstest makes artifacts of given members, for tests.
package contentstest

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/blakesmith/ar"
	"github.com/google/rpmpack"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Time is that of all members.
var Time = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// An Entry is a member. One whose name ends in a slash is a dir, one whose content begins
// with "-> " a link.
type Entry struct{ Name, Content string }

// File returns the entry of a name and a content.
func File(name, content string) Entry { return Entry{Name: name, Content: content} }

// Tar returns a tar. All files are executable.
func Tar(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.Name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(e.Content)), ModTime: Time,
			Uname: "root", Gname: "root"}
		target, link := strings.CutPrefix(e.Content, "-> ")
		if link {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, target, 0
		} else if strings.HasSuffix(e.Name, "/") {
			h.Typeflag = tar.TypeDir
		}
		check(t, w.WriteHeader(h))
		if h.Size > 0 {
			_, err := io.WriteString(w, e.Content)
			check(t, err)
		}
	}
	check(t, w.Close())
	return b.Bytes()
}

// Compress compresses data by gz, xz or zst.
func Compress(t testing.TB, how string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch how {
	case "gz":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b)
	default:
		t.Fatalf("nothing compresses by %q", how)
	}
	check(t, err)
	_, err = w.Write(data)
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}

// Ar returns an ar archive, as dpkg-deb writes one.
func Ar(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ar.NewWriter(&b)
	check(t, w.WriteGlobalHeader())
	for _, e := range entries {
		check(t, w.WriteHeader(&ar.Header{Name: e.Name, Mode: 0o644, Size: int64(len(e.Content)), ModTime: Time}))
		_, err := io.WriteString(w, e.Content)
		check(t, err)
	}
	return b.Bytes()
}

// Deb returns a Debian package of the files, compressed by gz, xz or zst.
func Deb(t testing.TB, how string, files ...Entry) []byte {
	t.Helper()
	control := Tar(t, Entry{"./", ""}, Entry{"./control", "Package: ship\n"})
	return Ar(t, Entry{"debian-binary", "2.0\n"},
		Entry{"control.tar." + how, string(Compress(t, how, control))},
		Entry{"data.tar." + how, string(Compress(t, how, Tar(t, files...)))})
}

// RPM returns an rpm of the files and links, whose names are absolute. It is compressed by
// gzip, xz or zstd, and is of the crew.
func RPM(t testing.TB, how string, files ...Entry) []byte {
	t.Helper()
	r, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: "ship", Version: "1.0", Release: "1", Arch: "x86_64", Summary: "Sails", Compressor: how, BuildTime: Time,
		BuildHost: "slipway",
	})
	check(t, err)
	for _, f := range files {
		one := rpmpack.RPMFile{Name: f.Name, Body: []byte(f.Content), Mode: 0o755, Owner: "root", Group: "crew",
			MTime: uint32(Time.Unix())}
		if target, link := strings.CutPrefix(f.Content, "-> "); link {
			one.Body, one.Mode = []byte(target), 0o120777
		}
		r.AddFile(one)
	}
	var b bytes.Buffer
	check(t, r.Write(&b))
	return b.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
