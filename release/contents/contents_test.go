package contents_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/release/contents"
	ct "github.com/slipway-build/slipway/release/contents/contentstest"
)

// list returns the members of an artifact, a line each.
func list(t *testing.T, data []byte, s contents.Source) (string, error) {
	t.Helper()
	var b strings.Builder
	err := contents.Walk(t.Context(), bytes.NewReader(data), s, func(m contents.Member) error {
		content, err := io.ReadAll(m.Reader)
		b.WriteString(line(m, content))
		if m.Type == contents.Regular && !m.Opened && m.Size >= 0 && int64(len(content)) != m.Size {
			t.Errorf("%s: it has %d bytes, and says %d", m, len(content), m.Size)
		}
		return err
	})
	return b.String(), err
}

func line(m contents.Member, content []byte) string {
	out := fmt.Sprintf("%s [%s] %04o %s:%s %d", m, m.Type, m.Mode, m.User, m.Group, len(content))
	if m.Link != "" {
		out += " -> " + m.Link
	}
	if m.Type == contents.Field && len(content) < 20 {
		out += fmt.Sprintf(" %q", content)
	}
	return out + "\n"
}

func TestWalk(t *testing.T) {
	deb := []ct.Entry{ct.File("./", ""), ct.File("./usr/bin/captain", "ELF"), ct.File("./usr/bin/bosun", "-> captain")}
	rpm := []ct.Entry{ct.File("/usr/bin/captain", "ELF"), ct.File("/usr/bin/bosun", "-> captain")}
	layer := string(ct.Compress(t, "gz", ct.Tar(t, ct.File("usr/bin/captain", "ELF"))))
	docker := ct.Tar(t, ct.File("manifest.json", "[]"), ct.File("abc.tar.gz", layer),
		ct.File("blobs/sha256/abc", layer), ct.File("blobs/sha256/def", "{}"))
	server := ct.Compress(t, "gz", ct.Tar(t, ct.File("ship/", ""), ct.File("ship/server/bin/captain", "ELF"),
		ct.File("ship/server/bin/captain.tar", string(docker))))
	for _, c := range []struct {
		file   string
		data   []byte
		nested bool
	}{
		{"ship_gz.deb", ct.Deb(t, "gz", deb...), false},
		{"ship_xz.deb", ct.Deb(t, "xz", deb...), false},
		{"ship_zst.deb", ct.Deb(t, "zst", deb...), false},
		{"ship-gzip.rpm", ct.RPM(t, "gzip", rpm...), false},
		{"ship-xz.rpm", ct.RPM(t, "xz", rpm...), false},
		{"ship-zstd.rpm", ct.RPM(t, "zstd", rpm...), false},
		{"ship-server.tar.gz", server, false},
		{"ship-nested.tar.gz", server, true},
		{"ship-damaged.tar", ct.Tar(t, ct.File("a.tar.gz", "\x1f\x8b"), ct.File("b", "B")), true},
		{"ship.tar", docker, false},
		{"captain", []byte("ELF"), false},
	} {
		got, err := list(t, c.data, contents.Source{Name: c.file, Nested: c.nested})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		golden.Check(t, filepath.Join("testdata", c.file+".txt"), []byte(got))
	}
}

// walkFile walks a file.
func walkFile(ctx context.Context, name string, f func(contents.Member) error) error {
	r, err := os.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	return contents.Walk(ctx, r, contents.Source{Name: name}, f)
}

func TestWalkFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "captain")
	if err := os.WriteFile(name, []byte("ELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	var seen []string
	err := walkFile(t.Context(), name, func(m contents.Member) error {
		seen = append(seen, fmt.Sprintf("%s %o %d", m.Path(), m.Mode, m.Size))
		return nil
	})
	if err != nil || fmt.Sprint(seen) != "[captain 755 3]" {
		t.Errorf("Walk() = %q, %v", seen, err)
	}
	sunk := errors.New("sunk")
	if err := walkFile(t.Context(), name, func(contents.Member) error { return sunk }); !errors.Is(err, sunk) {
		t.Errorf("Walk() = %v, want the function's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := walkFile(ctx, name, func(contents.Member) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Walk() = %v, want the context's error", err)
	}
}

// TestRefused opens artifacts that are damaged, or made to harm.
func TestRefused(t *testing.T) {
	deb := ct.Deb(t, "zst", ct.File("./usr/bin/captain", strings.Repeat("ELF", 1000)))
	rpm := ct.RPM(t, "gzip", ct.File("/usr/bin/captain", "ELF"))
	tgz := ct.Compress(t, "gz", ct.Tar(t, ct.File("a", "A"), ct.File("b", strings.Repeat("B", 100_000))))
	nested := ct.Tar(t, ct.File("a.tar", string(ct.Tar(t, ct.File("b.tgz", string(tgz))))))
	flip := func(data []byte, at int) []byte {
		out := bytes.Clone(data)
		out[at] ^= 0xff
		return out
	}
	blank := strings.Repeat(" ", 58) + "`\n"
	for _, c := range []struct {
		name string
		data []byte
		s    contents.Source
		want string
	}{
		{"no deb", []byte("ELF"), contents.Source{Name: "a.deb"}, "a.deb: it is not a Debian package"},
		{"a deb cut off", deb[:len(deb)-40], contents.Source{Name: "a.deb"}, "a.deb: data.tar.zst: "},
		{"a deb of nothing", ct.Ar(t), contents.Source{Name: "a.deb"}, `it holds ""`},
		{"a deb without data", ct.Ar(t, ct.File("debian-binary", "2.0\n")), contents.Source{Name: "a.deb"},
			`it holds "debian-binary"; want`},
		{"a blank header", []byte("!<arch>\n" + blank), contents.Source{Name: "a.deb"}, "is damaged"},
		{"a size below zero", []byte("!<arch>\ndebian-binary   0           0     0     100644  -5        `\n"),
			contents.Source{Name: "a.deb"}, "its size is -5"},
		{"no rpm", []byte("ELF"), contents.Source{Name: "a.rpm"}, "a.rpm: it is not an rpm"},
		{"an rpm cut off", rpm[:len(rpm)-20], contents.Source{Name: "a.rpm"}, "a.rpm: payload: "},
		{"an rpm without a header", flip(rpm, 96), contents.Source{Name: "a.rpm"}, "signature: it does not begin"},
		{"too many tags", flip(rpm, 96+8), contents.Source{Name: "a.rpm"}, "bytes of a header"},
		{"too much header", flip(rpm, 96+12), contents.Source{Name: "a.rpm"}, "bytes of a header"},
		{"a tag leads out", flip(rpm, 96+16+8), contents.Source{Name: "a.rpm"}, "tag 62 leads out"},
		{"a flipped byte", flip(tgz, len(tgz)-20), contents.Source{Name: "a.tgz"}, "a.tgz: "},
		{"a wrong checksum", flip(tgz, len(tgz)-6), contents.Source{Name: "a.tgz"}, "checksum"},
		{"bzip2", []byte("BZh91AY"), contents.Source{Name: "a.tar"}, "a.tar: it is compressed by bzip2"},
		{"too large a member", tgz, contents.Source{Name: "a.tgz", Limits: contents.Limits{Size: 50_000}},
			"a.tgz: b: it has more than 50000 uncompressed bytes"},
		{"too many members", tgz, contents.Source{Name: "a.tgz", Limits: contents.Limits{Members: 1}},
			"b: it has more than 1 members"},
		{"nested too large", nested, contents.Source{Name: "a.tar", Nested: true, Limits: contents.Limits{Size: 50_000}},
			"uncompressed bytes"},
		{"no format", nil, contents.Source{Name: "a", Format: "cab"}, `the format "cab" is unknown`},
	} {
		got, err := list(t, c.data, c.s)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, got)
		}
	}
}

// FuzzWalk opens whatever it is given: it must end, and not panic.
func FuzzWalk(f *testing.F) {
	f.Add("a.deb", ct.Deb(f, "zst", ct.File("./usr/bin/captain", "ELF")))
	f.Add("a.deb", ct.Deb(f, "xz", ct.File("./usr/bin/captain", "ELF")))
	f.Add("a.rpm", ct.RPM(f, "gzip", ct.File("/usr/bin/captain", "ELF"), ct.File("/usr/bin/bosun", "-> captain")))
	f.Add("a.tgz", ct.Compress(f, "gz", ct.Tar(f, ct.File("a.tar", string(ct.Tar(f, ct.File("b", "B")))))))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		s := contents.Source{Name: name, Nested: true, Limits: contents.Limits{Members: 1000, Size: 1 << 20}}
		contents.Walk(t.Context(), bytes.NewReader(data), s, func(m contents.Member) error {
			if p := m.Path(); p == ".." || strings.HasPrefix(p, "../") || strings.HasPrefix(p, "/") {
				t.Errorf("%q leads out: %q", m.Name, p)
			}
			_, err := io.Copy(io.Discard, m.Reader)
			return err
		})
	})
}
