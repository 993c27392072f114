package contents_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blakesmith/ar"
	"github.com/google/rpmpack"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/release/contents"
)

var launch = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// An entry is a member of a tar that a test makes.
type entry struct{ name, content string }

// tarOf returns a tar of files, of dirs (names that end in a slash) and of links (content
// that begins with "-> ").
func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(e.content)), ModTime: launch,
			Uname: "root", Gname: "root"}
		target, link := strings.CutPrefix(e.content, "-> ")
		if link {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, target, 0
		} else if strings.HasSuffix(e.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			io.WriteString(w, e.content)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t *testing.T, how string, data []byte) []byte {
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
		return data
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// arOf returns an ar archive, as dpkg-deb writes one.
func arOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ar.NewWriter(&b)
	err := w.WriteGlobalHeader()
	for _, e := range entries {
		if err == nil {
			err = w.WriteHeader(&ar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), ModTime: launch})
		}
		if err == nil {
			_, err = w.Write([]byte(e.content))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func debOf(t *testing.T, how string) []byte {
	t.Helper()
	control := tarOf(t, entry{"./", ""}, entry{"./control", "Package: ship\n"})
	data := tarOf(t, entry{"./", ""}, entry{"./usr/bin/captain", "ELF"}, entry{"./usr/bin/bosun", "-> captain"})
	return arOf(t, entry{"debian-binary", "2.0\n"}, entry{"control.tar." + how, string(compress(t, how, control))},
		entry{"data.tar." + how, string(compress(t, how, data))})
}

func rpmOf(t *testing.T, how string) []byte {
	t.Helper()
	r, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: "ship", Version: "1.0", Release: "1", Arch: "x86_64", Summary: "Sails", Compressor: how, BuildTime: launch,
		BuildHost: "slipway",
	})
	if err != nil {
		t.Fatal(err)
	}
	r.AddFile(rpmpack.RPMFile{Name: "/usr/bin/captain", Body: []byte("ELF"), Mode: 0o755, Owner: "root", Group: "crew",
		MTime: uint32(launch.Unix())})
	r.AddFile(rpmpack.RPMFile{Name: "/usr/bin/bosun", Body: []byte("captain"), Mode: 0o120777, Owner: "root", Group: "root",
		MTime: uint32(launch.Unix())})
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// list returns the members of an artifact, a line each.
func list(t *testing.T, name string, data []byte, s contents.Source) (string, error) {
	t.Helper()
	var b strings.Builder
	s.Name = name
	err := contents.WalkReader(t.Context(), bytes.NewReader(data), s, func(m contents.Member) error {
		content, err := io.ReadAll(m.Reader)
		fmt.Fprintf(&b, "%s [%s] %04o %s:%s %d", m, m.Type, m.Mode, m.User, m.Group, len(content))
		if m.Link != "" {
			fmt.Fprintf(&b, " -> %s", m.Link)
		}
		if m.Type == contents.Field && len(content) < 20 {
			fmt.Fprintf(&b, " %q", content)
		}
		b.WriteString("\n")
		if !m.Opened && m.Size >= 0 && int64(len(content)) != m.Size {
			t.Errorf("%s: it has %d bytes, and says %d", m, len(content), m.Size)
		}
		return err
	})
	return b.String(), err
}

func TestWalk(t *testing.T) {
	layer := compress(t, "gz", tarOf(t, entry{"usr/bin/captain", "ELF"}))
	docker := tarOf(t, entry{"manifest.json", "[]"}, entry{"abc.tar.gz", string(layer)},
		entry{"blobs/sha256/abc", string(layer)}, entry{"blobs/sha256/def", "{}"})
	server := compress(t, "gz", tarOf(t, entry{"ship/", ""}, entry{"ship/server/bin/captain", "ELF"},
		entry{"ship/server/bin/captain.tar", string(docker)}))
	for _, c := range []struct {
		file   string
		data   []byte
		nested bool
	}{
		{"ship_gz.deb", debOf(t, "gz"), false},
		{"ship_xz.deb", debOf(t, "xz"), false},
		{"ship_zst.deb", debOf(t, "zst"), false},
		{"ship-gzip.rpm", rpmOf(t, "gzip"), false},
		{"ship-xz.rpm", rpmOf(t, "xz"), false},
		{"ship-zstd.rpm", rpmOf(t, "zstd"), false},
		{"ship-server.tar.gz", server, false},
		{"ship-nested.tar.gz", server, true},
		{"ship.tar", docker, false},
		{"captain", []byte("ELF"), false},
	} {
		got, err := list(t, c.file, c.data, contents.Source{Nested: c.nested})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		golden.Check(t, filepath.Join("testdata", c.file+".txt"), []byte(got))
	}
}

func TestWalkFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "captain")
	if err := os.WriteFile(name, []byte("ELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	var seen []string
	err := contents.Walk(t.Context(), name, "", func(m contents.Member) error {
		seen = append(seen, fmt.Sprintf("%s %o %d", m.Path(), m.Mode, m.Size))
		return nil
	})
	if err != nil || fmt.Sprint(seen) != "[captain 755 3]" {
		t.Errorf("Walk() = %q, %v", seen, err)
	}
	sunk := errors.New("sunk")
	if err := contents.Walk(t.Context(), name, "", func(contents.Member) error { return sunk }); err != sunk {
		t.Errorf("Walk() = %v, want the function's error", err)
	}
}
