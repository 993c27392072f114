package images

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var date = time.Date(2026, 5, 12, 9, 51, 33, 0, time.UTC)

var compressions = []string{"gzip", "zstd"}

// write writes a layer to a new file.
func write(t *testing.T, files []File, compression string) *Layer {
	t.Helper()
	l, err := new(LayerWriter).Write(filepath.Join(t.TempDir(), "layer"), files, compression, date)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// headers describes a layer's entries, a line each: mode, owner, name, then the
// target of a link, the capability in hex, or the content.
func headers(t *testing.T, l v1.Layer) []string {
	t.Helper()
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []string
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(date) || h.Uname+h.Gname != "" {
			t.Errorf("%s is of %s, by %q and %q", h.Name, h.ModTime, h.Uname, h.Gname)
		}
		line := fmt.Sprintf("%c %04o %d:%d %s", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Name)
		if h.Linkname != "" {
			line += " -> " + h.Linkname
		}
		if c := h.PAXRecords["SCHILY.xattr.security.capability"]; c != "" {
			line += fmt.Sprintf(" %x", c)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 0 {
			line += fmt.Sprintf(" %q", data)
		}
		out = append(out, line)
	}
}

// TestWrite shows which entries files make. The types are those of tar: 0 is a
// file, 1 a hard link, 2 a symbolic link, 5 a dir.
func TestWrite(t *testing.T) {
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("opened")), nil }
	for _, c := range []struct {
		name  string
		files []File
		want  []string
	}{
		{"nothing", nil, nil},
		{"the default mode", []File{{Path: "/a", Data: []byte("x")}}, []string{`0 0644 0:0 a "x"`}},
		{"a mode", []File{{Path: "/a", Mode: 0o755}}, []string{"0 0755 0:0 a"}},
		{"an owner", []File{{Path: "/a", UID: 3, GID: 42, Mode: 0o640}}, []string{"0 0640 3:42 a"}},
		{"a file of this machine", []File{{Path: "/a", Mode: 0o755, Source: source}}, []string{`0 0755 0:0 a "program"`}},
		{"what is opened", []File{{Path: "/a", Size: 6, Open: opened}}, []string{`0 0644 0:0 a "opened"`}},
		{"the dirs above", []File{{Path: "/usr/bin/a"}},
			[]string{"5 0755 0:0 usr/", "5 0755 0:0 usr/bin/", "0 0644 0:0 usr/bin/a"}},
		{"the dirs above two", []File{{Path: "/b/c/x"}, {Path: "/b/d/y"}},
			[]string{"5 0755 0:0 b/", "5 0755 0:0 b/c/", "0 0644 0:0 b/c/x", "5 0755 0:0 b/d/", "0 0644 0:0 b/d/y"}},
		{"a dir", []File{{Path: "/a", Folder: true}}, []string{"5 0755 0:0 a/"}},
		{"a sticky dir", []File{{Path: "/tmp", Folder: true, Mode: 0o1777}}, []string{"5 1777 0:0 tmp/"}},
		{"a dir that is also above", []File{{Path: "/a/b"}, {Path: "/a", Folder: true, Mode: 0o700, UID: 491, GID: 490}},
			[]string{"5 0700 491:490 a/", "0 0644 0:0 a/b"}},
		{"a dir twice", []File{{Path: "/a", Folder: true, Mode: 0o700}, {Path: "/a", Folder: true}},
			[]string{"5 0700 0:0 a/"}},
		{"a link", []File{{Path: "/a", Target: "usr/bin/b", Mode: 0o600}}, []string{"2 0777 0:0 a -> usr/bin/b"}},
		{"an absolute link", []File{{Path: "/a", Target: "/usr/bin/b"}}, []string{"2 0777 0:0 a -> /usr/bin/b"}},
		{"a hard link", []File{{Path: "/b", Target: "/a", Hard: true}, {Path: "/a", Mode: 0o755}},
			[]string{"0 0755 0:0 a", "1 0000 0:0 b -> a"}},
		{"a capability", []File{{Path: "/a", Mode: 0o755, Bind: true, Data: []byte("x")}},
			[]string{`0 0755 0:0 a 0100000200040000000000000000000000000000 "x"`}},
		{"a capability of no file", []File{{Path: "/a", Target: "b", Bind: true}, {Path: "/b", Folder: true, Bind: true}},
			[]string{"2 0777 0:0 a -> b", "5 0755 0:0 b/"}},
		{"the order of paths", []File{{Path: "/b"}, {Path: "/a-b"}, {Path: "/a/b"}, {Path: "/A"}},
			[]string{"0 0644 0:0 A", "5 0755 0:0 a/", "0 0644 0:0 a-b", "0 0644 0:0 a/b", "0 0644 0:0 b"}},
	} {
		for _, compression := range compressions {
			if got := headers(t, write(t, c.files, compression)); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: the entries are\n%s\nwant\n%s", c.name, compression,
					strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		}
	}
}

// TestWriteErrors has what no layer can be made of.
func TestWriteErrors(t *testing.T) {
	failing := func() (io.ReadCloser, error) { return nil, errors.New("the hold is flooded") }
	short := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
	long := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("xyz")), nil }
	for _, c := range []struct {
		name  string
		files []File
		want  string
	}{
		{"a file twice", []File{{Path: "/a"}, {Path: "/b"}, {Path: "/a"}}, "/a is in the layer twice"},
		{"a file and a dir", []File{{Path: "/a/b"}, {Path: "/a", Folder: true}, {Path: "/a"}}, "/a is in the layer twice"},
		{"no source", []File{{Path: "/a", Source: "/none/such"}}, "open /none/such: no such file or directory"},
		{"no content", []File{{Path: "/a", Open: failing}}, "the hold is flooded"},
		{"less than the size", []File{{Path: "/a", Open: short, Size: 2}}, "archive/tar: missed writing 1 bytes"},
		{"more than the size", []File{{Path: "/a", Open: long, Size: 2}}, "/a: archive/tar: write too long"},
		{"a name that no tar can hold", []File{{Path: "/a\x00b"}},
			"/a\x00b: archive/tar: cannot encode header: invalid PAX record: \"path = a\\x00b\""},
	} {
		for _, compression := range compressions {
			l, err := new(LayerWriter).Write(filepath.Join(t.TempDir(), "layer"), c.files, compression, date)
			if err == nil || err.Error() != c.want || l != nil {
				t.Errorf("%s, %s: Write() = %v, %v, want %s", c.name, compression, l, err, c.want)
			}
		}
	}
	if _, err := new(LayerWriter).Write(t.TempDir(), nil, "gzip", date); err == nil {
		t.Error("a layer is written over a dir")
	}
}

// TestWriteIsReproducible writes the same files again, in another order and in
// another time zone.
func TestWriteIsReproducible(t *testing.T) {
	files := []File{
		{Path: "/usr/bin/captain", Mode: 0o755, Data: []byte("program"), Bind: true}, {Path: "/etc/ship/orders"},
		{Path: "/captain", Target: "usr/bin/captain"}, {Path: "/etc/ship", Folder: true, UID: 491, GID: 491},
	}
	reversed := slices.Clone(files)
	slices.Reverse(reversed)
	elsewhere := date.Add(999 * time.Millisecond).In(time.FixedZone("ship's", 3600))
	for _, compression := range compressions {
		l := write(t, files, compression)
		again, err := new(LayerWriter).Write(filepath.Join(t.TempDir(), "layer"), reversed, compression, elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		if again.CompressedHash != l.CompressedHash || again.UncompressedHash != l.UncompressedHash {
			t.Errorf("%s: the layer is %v, and then %v", compression, l, again)
		}
	}
	if g, z := write(t, files, "gzip"), write(t, files, "zstd"); g.UncompressedHash != z.UncompressedHash {
		t.Errorf("by gzip the diff id is %s, by zstd %s", g.UncompressedHash, z.UncompressedHash)
	}
}

// TestLayer holds that a layer is a v1.Layer, and still is when it was read from its
// JSON, as the cache does.
func TestLayer(t *testing.T) {
	files := []File{
		{Path: "/a/b", Data: []byte("north")}, {Path: "/c", Target: "a/b"}, {Path: "/d", Target: "/a/b", Hard: true},
	}
	for compression, media := range map[string]types.MediaType{"gzip": types.OCILayer, "zstd": types.OCILayerZStd} {
		written := write(t, files, compression)
		data, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"digest":%q,"diff_id":%q,"size":%d,"full":%d,"media_type":%q,"files":[`+
			`{"path":"/a","folder":true},{"path":"/a/b"},{"path":"/c","target":"a/b"},{"path":"/d"}]}`,
			written.CompressedHash, written.UncompressedHash, written.CompressedSize, written.UncompressedSize, media)
		if string(data) != want {
			t.Errorf("%s: its JSON is\n%s\nwant\n%s", compression, data, want)
		}
		var read Layer
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatal(err)
		}
		for _, l := range []v1.Layer{written, read.At(written.file)} {
			if got, err := l.MediaType(); err != nil || got != media {
				t.Errorf("%s: its media type is %s, %v", compression, got, err)
			}
			if media != types.OCILayer { // the only compression that the library checks
				continue
			}
			if err := validate.Layer(l); err != nil {
				t.Errorf("%s: %v", compression, err)
			}
		}
		if gone := read.At("/none/such"); isRead(gone.Compressed) || isRead(gone.Uncompressed) {
			t.Errorf("%s: a layer without its file is read", compression)
		}
		damaged := filepath.Join(t.TempDir(), "damaged")
		if err := os.WriteFile(damaged, []byte("hello"), 0o644); err != nil {
			t.Fatal(err)
		}
		if isRead(read.At(damaged).Uncompressed) {
			t.Errorf("%s: a damaged layer is read", compression)
		}
	}
}

// isRead reports whether something can be opened and read to its end.
func isRead(open func() (io.ReadCloser, error)) bool {
	r, err := open()
	if err != nil {
		return false
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err == nil
}

// TestLink puts a layer into a dir of blobs, and leaves one that is there alone.
func TestLink(t *testing.T) {
	l := write(t, []File{{Path: "/a"}}, "zstd")
	blobs := filepath.Join(t.TempDir(), "blobs", "sha256")
	for range 2 {
		if err := l.Link(blobs); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(l.file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(blobs, l.CompressedHash.Hex)); err != nil || string(got) != string(want) {
		t.Errorf("the blob has %d bytes, want %d: %v", len(got), len(want), err)
	}
}

// TestPoint puts a symbolic link to a layer into a dir of blobs, which Link replaces by the file.
func TestPoint(t *testing.T) {
	l := write(t, []File{{Path: "/a"}}, "zstd")
	blobs := t.TempDir()
	for i, step := range []struct {
		do   func(string) error
		link bool
	}{{l.Point, true}, {l.Point, true}, {l.Link, false}, {l.Point, false}} {
		if err := step.do(blobs); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(filepath.Join(blobs, l.CompressedHash.Hex))
		if err != nil || info.Mode()&os.ModeSymlink != 0 != step.link {
			t.Errorf("step %d leaves %v, %v", i, info.Mode(), err)
		}
	}
}

// TestFileAsKey holds how a File is printed. Layers are cached under keys that are
// made of this text: a change of it makes every cache start anew.
func TestFileAsKey(t *testing.T) {
	f := File{
		Path: "/a", Mode: 0o755, UID: 1, GID: 2, Target: "b", Data: []byte("x"), Source: "s", Sum: "ab", Size: 3, Bind: true,
	}
	const want = "{Path:/a Mode:493 UID:1 GID:2 Folder:false Target:b Hard:false Data:[120] Source:s Sum:ab Size:3 " +
		"Open:<nil> Bind:true Guest:false}"
	if got := fmt.Sprintf("%+v", f); got != want {
		t.Errorf("a File is %s, want %s", got, want)
	}
}
